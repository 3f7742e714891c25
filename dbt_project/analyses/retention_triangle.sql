-- How many of a week's new persons are there again, one, two, three weeks on?
select period_start, max(persons) filter (where number = 0) as persons,
    max(rate) filter (where number = 1) as week_1, max(rate) filter (where number = 2) as week_2,
    max(rate) filter (where number = 3) as week_3
from marts.fct_retention
where granularity = 'week' and mode = 'on'
group by period_start
order by period_start
