-- How many of those invited to a survey answered, week by week?
select source, date_trunc('week', invited_on)::date as week, sum(invited) as invited, sum(finished) as finished, sum(finished) / sum(invited) as response_rate
from marts.fct_survey_response_rates
group by all
order by source, week
