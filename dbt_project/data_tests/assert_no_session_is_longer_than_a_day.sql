-- A chain of events longer than 24 hours is cut at its last gap before that.
select * from {{ ref('fct_sessions') }}
where ended_at > started_at + interval '24' hour
