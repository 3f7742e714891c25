-- Did the promotion move the micro-conversion, week by week, and more than chance?
select period_start, rate, rate_low, rate_high, change, change_low, change_high, reaches_target, open_incident_id
from marts.fct_micro_conversion_rates
where granularity = 'week' and dimension = '(all)' and event_name = 'tax_reminder_enabled' and is_full_period
order by period_start
