-- How many new persons are activated in time, week by week?
select activation, period_start, matured_persons, rate, rate_low, rate_high, reaches_target
from marts.fct_activation
where granularity = 'week' and dimension = '(all)' and matured_persons > 0
order by activation, period_start
