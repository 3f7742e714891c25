-- How satisfied are people after each micro-conversion, and what would all who were active say?
select survey, question, event_name, period_start, answers, nps, nps_low, nps_high, weighted_nps, csat, weighted_csat, is_hidden, open_incident_id
from marts.fct_satisfaction
where dimension = '(all)' and score_type in ('nps', 'csat')
order by survey, question, period_start, event_name
