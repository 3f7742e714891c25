-- Where do we stand before the next phase, against the same day of the last season?
select phase, next_phase, days_left, event_name, rate, rate_before, signal
from marts.fct_season_readiness
where signal in ('ahead', 'behind')
order by starts_on desc, difference desc
