-- Does the product become a habit?
select occurred_on, daily_persons, monthly_persons, daily_per_monthly
from marts.fct_stickiness
where is_full_window
order by occurred_on desc
limit 14
