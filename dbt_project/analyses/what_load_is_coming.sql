-- What load do events put on support, servers and stock, and what is coming?
select resource, occurred_on, demand, baseline, change, unit, utilisation, state, main_event, is_complete, open_incident_id
from marts.fct_resource_demand
where occurred_on > (select max(occurred_on) from marts.fct_resource_demand) - 21
order by resource, occurred_on
