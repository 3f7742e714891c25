-- What moved revenue by the month, from the begin of each month to its end?
select
    source, currency, period_start,
    sum(start_mrr_minor) as start_minor, sum(new_mrr_minor) as new_minor,
    sum(reactivated_mrr_minor) as reactivated_minor, sum(expansion_mrr_minor) as expansion_minor,
    -sum(contraction_mrr_minor) as contraction_minor, -sum(churned_mrr_minor) as churned_minor,
    sum(end_mrr_minor) as end_minor
from marts.fct_subscriber_retention
where dimension = '(all)'
group by source, currency, period_start
order by source, currency, period_start
