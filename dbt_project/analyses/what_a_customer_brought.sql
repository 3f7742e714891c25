-- What has a customer brought so many months after the first payment, refunds taken off?
select source, currency, period_start, age_months, payers, value_minor, is_latest, open_incident_id
from marts.fct_lifetime_value
where dimension = '(all)'
order by source, currency, period_start, age_months
