-- Whom do the answers of a survey leave out?
select survey, period_start, platform, country, active_persons, respondents, respondent_share, weight
from marts.fct_response_weights
order by survey, period_start, active_persons desc, platform, country
