-- What did each experiment move, and may it be believed?
select experiment, variant, event_name, rate, control_rate, lift_low, lift_high, conclusion
from marts.fct_experiments
where platform = '(all)' and conclusion <> 'undecided'
order by experiment, variant, event_name
