-- Which three to five micro-conversions come before what we earn, by season?
select season, macro_event, set_rank, event_name, difference, grade, stability, set_keeps
from marts.fct_micro_value
where is_in_set
order by season, macro_event, set_rank
