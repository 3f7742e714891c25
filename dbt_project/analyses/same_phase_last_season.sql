-- Which micro-conversions run behind the same season phase of the time before?
select event_name, phase, period_start, rate, same_phase_rate
from marts.fct_micro_conversion_rates
where granularity = 'week' and dimension = '(all)' and is_full_period and rate_high < same_phase_rate
order by period_start desc, rate - same_phase_rate
limit 20
