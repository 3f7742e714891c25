-- What did each intervention bring for its cost?
select intervention, event_name, cost, currency, extra, revenue, roi_low, roi, roi_high, break_even_value
from marts.fct_interventions
order by roi desc nulls last
