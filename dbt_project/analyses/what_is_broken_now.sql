-- Which figures should nobody decide from without reading the incident first?
select open_incident_id, event_name, min(period_start) as since, count(*) as rows_touched
from marts.fct_micro_conversion_rates
where open_incident_id is not null and dimension = '(all)'
group by open_incident_id, event_name
order by rows_touched desc
