-- Which campaigns do macro-conversions come from, rule beside rule?
select macro_event, campaign,
    max(share) filter (where rule = 'first') as first_touch,
    max(share) filter (where rule = 'last') as last_touch,
    max(share) filter (where rule = 'data_driven') as data_driven
from marts.fct_attribution
group by macro_event, campaign
order by macro_event, data_driven desc
