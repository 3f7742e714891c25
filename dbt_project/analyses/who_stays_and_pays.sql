-- Do subscribers stay, and does what they pay grow, by the month they began?
select
    source, currency, cohort_on, age_months, paying_subscribers, cohort_subscribers,
    churn_rate, churn_rate_low, churn_rate_high,
    net_revenue_retention, gross_revenue_retention, cohort_revenue_retention, open_incident_id
from marts.fct_subscriber_retention
where dimension = '(all)'
order by source, currency, cohort_on, age_months
