-- What may a new subscriber be expected to bring, by an estimate with its interval?
select
    source, currency, dimension, segment, subscribers, horizon_days, still_paying_share,
    expected_months, expected_value_minor, expected_value_low_minor, expected_value_high_minor
from marts.fct_lifetime_estimates
order by source, currency, dimension, segment
