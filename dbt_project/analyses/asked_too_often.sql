-- Do people who are asked more often finish less?
select survey, contacts_in_time, count(*) as contacts, avg(is_finished::int) as finished_share, count(*) filter (is_too_many) as too_many
from marts.fct_survey_contacts
group by all
order by survey, contacts_in_time
