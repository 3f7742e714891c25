{{ config(materialized='table', tags=['dated']) }}

{%- set settings = feedback_settings() %}

with invitations as (

    select * from {{ ref('int_survey_invitations') }}

),

-- A survey that tells whom it invited has its contacts by that; of the others answering is one.
contacts as (

    select
        md5(concat_ws(chr(31), source, invitation_id)) as contact_id,
        'invitation' as kind,
        source as survey,
        form_id,
        md5(concat_ws(chr(31), source, contact_id)) as contacted_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        invited_at as contacted_at,
        invited_on as occurred_on,
        is_finished
    from invitations

    union all

    select distinct
        response_id as contact_id,
        'response' as kind,
        source as survey,
        form_id,
        coalesce(person_id, response_id) as contacted_id,
        person_id,
        coalesce(opened_at, occurred_at) as contacted_at,
        cast({{ reporting_wall('coalesce(opened_at, occurred_at)') }} as date) as occurred_on,
        completion = 'completed' as is_finished
    from {{ ref('fct_survey_answers') }}
    where source not in (select invitations.source from invitations)

),

timed as (

    select
        *,
        {{ epoch_seconds('contacted_at') }} as seconds
    from contacts

),

earlier as (

    select
        *,
        lag(seconds) over (
            partition by contacted_id
            order by seconds, contact_id
        ) as previous_seconds,
        count(*) over (
            partition by contacted_id
            order by seconds
            range between {{ settings.contacts_seconds }} preceding and current row
        ) as contacts_in_time
    from timed

)

select
    contact_id,
    kind,
    survey,
    form_id,
    contacted_id,
    person_id,
    contacted_at,
    occurred_on,
    is_finished,
    (seconds - previous_seconds) / 86400 as days_since_last,
    contacts_in_time,
    contacts_in_time > {{ settings.most_contacts }} as is_too_many,
    cast({{ settings.contacts_seconds }} as {{ dbt.type_bigint() }}) as within_seconds,
    {{ row_quality('occurred_on', 'occurred_on', 'contacted_at') }}
from earlier
