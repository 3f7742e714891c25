-- Pipelines and stages go by id or, in exports with labels, by what they are called.
with named as (

    select
        source,
        pipeline,
        pipeline_label,
        stage,
        is_won,
        is_closed
    from {{ ref('stg_commerce__opportunity_stages') }}
    union
    select
        source,
        pipeline,
        pipeline_label,
        stage_label as stage,
        is_won,
        is_closed
    from {{ ref('stg_commerce__opportunity_stages') }}
    where stage_label is not null

),

-- every stage that an opportunity is in, or was in by a history
seen as (

    select
        source,
        coalesce(pipeline, '') as pipeline,
        stage
    from {{ ref('stg_commerce__opportunities') }}
    where stage is not null
    union
    select
        entries.source,
        coalesce(said.pipeline, '') as pipeline,
        entries.stage
    from {{ ref('stg_commerce__opportunity_stage_entries') }} as entries
    inner join {{ ref('stg_commerce__opportunities') }} as said
        on entries.source = said.source and entries.opportunity_id = said.opportunity_id

),

-- without a pipeline a stage means what it means in all of them, or nothing
told as (

    select
        seen.source,
        seen.pipeline,
        seen.stage,
        min(cast(named.is_won as int)) as least_won,
        max(cast(named.is_won as int)) as most_won,
        min(cast(named.is_closed as int)) as least_closed,
        max(cast(named.is_closed as int)) as most_closed
    from seen
    left join named
        on
            seen.source = named.source
            and seen.stage = named.stage
            and (
                seen.pipeline = ''
                or named.pipeline is null
                or seen.pipeline in (named.pipeline, named.pipeline_label)
            )
    group by
        seen.source,
        seen.pipeline,
        seen.stage

),

configured as (

    select
        told.source,
        told.pipeline,
        told.stage,
        {{ json_list_has('settings.won_stages', json_string('told.stage')) }} as is_set_won,
        {{ json_list_has('settings.lost_stages', json_string('told.stage')) }} as is_set_lost,
        case when told.least_won = told.most_won then told.most_won = 1 end as is_told_won,
        case when told.least_closed = told.most_closed then told.most_closed = 1 end
            as is_told_closed
    from told
    inner join {{ source('control', 'sources') }} as settings on told.source = settings.source

)

select
    source,
    pipeline,
    stage,
    case
        when is_set_won then true
        when is_set_lost then false
        else is_told_won
    end as is_won,
    case
        when is_set_won or is_set_lost then true
        else is_told_closed
    end as is_closed,
    lower(replace(stage, ' ', '')) = 'closedwon' as is_called_won,
    lower(replace(stage, ' ', '')) in ('closedwon', 'closedlost') as is_called_closed
from configured
