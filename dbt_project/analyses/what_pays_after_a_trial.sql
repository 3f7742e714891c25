-- Are trials paid more often by those who did something in them (which need not be the cause)?
select
    source, event_name, segment, sum(matured_trials) as matured_trials,
    sum(paid_trials) as paid_trials,
    sum(paid_trials) / nullif(sum(matured_trials), 0) as rate
from marts.fct_trial_conversion
where dimension = 'in_trial'
group by source, event_name, segment
order by source, event_name, segment
