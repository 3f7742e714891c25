-- On which platforms does a micro-conversion happen, over the last seven dates with events?
select segment as platform, sum(persons) / sum(active_persons) as rate, sum(events) as events
from marts.fct_micro_conversion_rates
where granularity = 'day' and dimension = 'platform' and event_name = 'tax_reminder_enabled'
    and period_start > (select max(occurred_on) - 7 from marts.fct_stickiness)
group by segment
order by rate desc
