-- Do persons who start strongly stay and buy more than like persons who do not?
select outcome, level, persons, rate, control_rate, difference, difference_low, difference_high
from marts.fct_activity_cohorts
order by outcome, at_least
