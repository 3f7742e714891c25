-- Do people come more often, stay longer and use more of the product?
select occurred_on, sessions_per_person, median_duration_seconds, mean_features
from marts.fct_session_daily
where platform = '(all)'
order by occurred_on desc
limit 14
