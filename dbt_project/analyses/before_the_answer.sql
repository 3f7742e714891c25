-- What had promoters and detractors done just before they answered?
select coalesce(event_name, behaviour) as event_name, score_group, count(*) as answers, median(seconds_before) as median_seconds_before
from marts.fct_feedback
where is_nearest and is_counted and score_group is not null
group by all
having count(*) >= 5
order by answers desc, event_name, score_group
