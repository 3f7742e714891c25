with states as (

    select
        objects.object_key,
        objects.source,
        said.opportunity_id,
        objects.person_id,
        said.pipeline,
        said.stage,
        said.says_won,
        said.says_closed,
        said.amount_minor,
        said.currency,
        said.currency_exponent,
        said.closed_on,
        said.says_won_at,
        said.held_from,
        said.merged_ids,
        said.created_at,
        objects.version_at,
        objects.is_current,
        objects.is_deleted,
        objects.is_test,
        objects.delivery_id,
        objects.file_sha256,
        objects.record_number
    from {{ loaded_objects(['opportunity', 'deal']) }} as objects
    inner join {{ ref('stg_commerce__opportunities') }} as said
        on
            objects.delivery_id = said.delivery_id
            and objects.file_sha256 = said.file_sha256
            and objects.record_number = said.record_number

),

entries as (

    select
        entries.source,
        entries.opportunity_id,
        coalesce(states.pipeline, '') as pipeline,
        entries.stage,
        entries.entered_at
    from {{ ref('stg_commerce__opportunity_stage_entries') }} as entries
    inner join states
        on
            entries.source = states.source
            and entries.opportunity_id = states.opportunity_id
            and states.is_current

),

judged as (

    select
        states.*,
        coalesce(meanings.is_won, states.says_won, meanings.is_called_won, false) as is_won,
        coalesce(
            meanings.is_closed,
            states.says_closed,
            states.says_won,
            meanings.is_called_closed,
            false
        ) as is_closed
    from states
    left join {{ ref('int_opportunity_stages') }} as meanings
        on
            states.source = meanings.source
            and coalesce(states.pipeline, '') = meanings.pipeline
            and states.stage = meanings.stage

),

-- the first entry into a won stage, by a history
won_entries as (

    select
        entries.source,
        entries.opportunity_id,
        min(entries.entered_at) as won_at
    from entries
    inner join {{ ref('int_opportunity_stages') }} as meanings
        on
            entries.source = meanings.source
            and entries.pipeline = meanings.pipeline
            and entries.stage = meanings.stage
    where coalesce(meanings.is_won, meanings.is_called_won)
    group by
        entries.source,
        entries.opportunity_id

),

-- the same by states of which each is known from when on it held: the one before was not won
turns as (

    select
        object_key,
        min(held_from) as won_at
    from (
        select
            object_key,
            held_from,
            is_won,
            lag(is_won) over (partition by object_key order by held_from, version_at) as was_won
        from judged
        where held_from is not null
    ) as changes
    where is_won and not was_won
    group by object_key

),

persons as (

    select
        parties.source,
        parties.opportunity_id,
        md5(coalesce(nodes.root_node, parties.node)) as person_id
    from (
        select
            source,
            opportunity_id,
            {{ node(1, 'source', 'party') }} as node
        from {{ ref('stg_commerce__opportunity_parties') }}
        where is_person
    ) as parties
    left join {{ source('control', 'identity_nodes') }} as nodes on parties.node = nodes.node
    where parties.node is not null

),

accounts as (

    select
        source,
        opportunity_id,
        substr(party, length(split_part(party, ':', 1)) + 2) as account_id
    from {{ ref('stg_commerce__opportunity_parties') }}
    where not is_person

),

merged as (

    select
        source,
        loser_id,
        max(opportunity_id) as winner_id
    from (
        select
            source,
            opportunity_id,
            {{ each_part("replace(merged_ids, ';', chr(31))") }} as loser_id
        from states
        where merged_ids is not null
    ) as losers
    where loser_id <> opportunity_id
    group by
        source,
        loser_id

),

dated as (

    select
        judged.*,
        coalesce(won_entries.won_at, turns.won_at) as entered_at,
        cast(judged.closed_on as timestamp) as closed_from,
        merged.winner_id
    from judged
    left join won_entries
        on
            judged.source = won_entries.source
            and judged.opportunity_id = won_entries.opportunity_id
    left join turns on judged.object_key = turns.object_key
    left join merged
        on judged.source = merged.source and judged.opportunity_id = merged.loser_id

)

select
    dated.object_key,
    dated.source,
    dated.opportunity_id,
    coalesce(dated.person_id, persons.person_id) as person_id,
    accounts.account_id,
    dated.pipeline,
    dated.stage,
    dated.is_won,
    dated.is_closed,
    dated.amount_minor,
    dated.currency,
    cast(dated.currency_exponent as int) as currency_exponent,
    case when dated.is_won then coalesce(
        dated.entered_at,
        dated.says_won_at,
        -- a day without a time: its beginning in the reporting zone, so that its date stays
        {{ wall_to_utc('dated.closed_from', "'" ~ var('reporting_timezone') ~ "'") }}
    ) end as won_at,
    case
        when not dated.is_won then null
        when dated.entered_at is not null then 'stage_history'
        when dated.says_won_at is not null then 'won_field'
        when dated.closed_on is not null then 'close_date'
    end as won_at_from,
    dated.closed_on,
    dated.created_at,
    dated.version_at,
    dated.is_current,
    dated.is_deleted,
    dated.is_test,
    dated.winner_id as merged_into,
    dated.delivery_id,
    dated.file_sha256,
    dated.record_number
from dated
left join persons
    on dated.source = persons.source and dated.opportunity_id = persons.opportunity_id
left join accounts
    on dated.source = accounts.source and dated.opportunity_id = accounts.opportunity_id
