-- At which step of which funnel do most people drop?
select funnel, step_number, step, entities, from_previous, median_seconds
from marts.fct_funnel_steps
where step_number > 1
order by from_previous
