-- By when is half of those who come through a funnel at all expected to be through?
select funnel, min(seconds) filter (where share >= 0.5) as half_of_all_seconds, max(share) as share_in_the_end
from marts.fct_funnel_times
group by funnel
order by funnel
