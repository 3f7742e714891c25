-- What do people say who dropped out at a step?
select funnel, step_number, step, is_through, stopped, respondents, question, reason, answers, share, share_low, share_high
from marts.fct_dropoff_feedback
where score_type in ('nps', 'csat', 'choice')
order by funnel, question, step_number, answers desc nulls last
