{#
    Opportunities as vendors write them, in canonical columns: one macro a vendor for the states, for
    what their stages mean, for the entries into stages and for who takes part.
#}

{# Staged records of a vendor whose delivery is not replaced by a newer one. #}
{% macro current_objects(vendor) -%}
    (
        select * from {{ ref('stg_' ~ vendor ~ '__objects') }}
        where delivery_id in (
            select deliveries.delivery_id from {{ source('control', 'deliveries') }} as deliveries
            where deliveries.state = 'current'
        )
    )
{%- endmacro %}

{% macro opportunity_lineage() -%}
    objects.source,
    objects.vendor,
    objects.delivery_id,
    objects.file_sha256,
    objects.record_number
{%- endmacro %}

{% macro hubspot_opportunities() %}
    select
        {{ opportunity_lineage() }},
        objects.object_id as opportunity_id,
        coalesce({{ json_text('document', '$.pipeline') }}, {{ json_text('document', '$.deal_pipeline_id') }}) as pipeline,
        coalesce({{ json_text('document', '$.dealstage') }}, {{ json_text('document', '$.deal_pipeline_stage_id') }}) as stage,
        {{ is_yes(json_text('document', '$.hs_is_closed_won')) }} as says_won,
        {{ is_yes(json_text('document', '$.hs_is_closed')) }} as says_closed,
        {{ json_text('document', '$.amount') }} as amount_text,
        {{ json_text('document', '$.deal_currency_code') }} as currency_text,
        objects.occurred_at as created_at,
        {{ json_text('document', '$.closedate') }} as closed_text,
        {{ json_text('document', '$.hs_closed_won_date') }} as won_text,
        cast(null as timestamp) as held_from,
        {{ replaced_all(json_text('document', '$.hs_merged_object_ids'), ':[0-9]*|[^0-9;:]', '') }} as merged_ids
    from {{ current_objects('hubspot') }} as objects
    where objects.object_type = 'deal' and objects.record_fate is null
{% endmacro %}

{% macro salesforce_opportunities() %}
    select
        {{ opportunity_lineage() }},
        objects.object_id as opportunity_id,
        cast(null as string) as pipeline,
        {{ json_text('document', '$.stage_name') }} as stage,
        {{ is_yes(json_text('document', '$.is_won')) }} as says_won,
        {{ is_yes(json_text('document', '$.is_closed')) }} as says_closed,
        {{ json_text('document', '$.amount') }} as amount_text,
        {{ json_text('document', '$.currency_iso_code') }} as currency_text,
        objects.occurred_at as created_at,
        {{ json_text('document', '$.close_date') }} as closed_text,
        cast(null as string) as won_text,
        case when {{ json_text('document', '$.fivetran_start') }} is not null then objects.version_at end as held_from,
        cast(null as string) as merged_ids
    from {{ current_objects('salesforce') }} as objects
    where objects.object_type = 'opportunity' and objects.record_fate is null
{% endmacro %}

{# Stages of HubSpot: rows of a table, or members of a pipeline of the API. #}
{% macro hubspot_opportunity_stages() %}
    select
        stages.source,
        stages.pipeline,
        pipelines.label as pipeline_label,
        stages.stage,
        stages.stage_label,
        stages.is_closed or stages.probability = 1 as is_closed,
        stages.is_closed and stages.probability = 1 as is_won,
        stages.version_at,
        stages.content
    from (
        select
            source,
            {{ json_text('document', '$.pipeline_id') }} as pipeline,
            {{ json_text('document', '$.stage_id') }} as stage,
            {{ json_text('document', '$.label') }} as stage_label,
            coalesce({{ is_yes(json_text('document', '$.is_closed')) }}, false)
            or coalesce({{ is_yes(json_text('document', '$.closed_won')) }}, false) as is_closed,
            case
                when {{ is_yes(json_text('document', '$.closed_won')) }} then 1
                else {{ to_number(json_text('document', '$.probability')) }}
            end as probability,
            version_at,
            document as content
        from {{ current_objects('hubspot') }} as objects
        where object_type = 'deal_pipeline_stage'
        union all
        select
            source,
            pipeline,
            {{ json_text('stage', '$.id') }} as stage,
            {{ json_text('stage', '$.label') }} as stage_label,
            coalesce({{ is_yes(json_text('stage', '$.metadata.isClosed')) }}, {{ to_number(json_text('stage', '$.metadata.probability')) }} in (0, 1)) as is_closed,
            {{ to_number(json_text('stage', '$.metadata.probability')) }} as probability,
            version_at,
            stage as content
        from (
            select
                source,
                coalesce(object_id, {{ json_text('document', '$.pipelineId') }}) as pipeline,
                {{ json_each_item(json_object_at('document', '$.stages')) }} as stage,
                version_at
            from {{ current_objects('hubspot') }} as objects
            where object_type = 'deal_pipeline' and document like '%"stages"%'
        ) as members
    ) as stages
    left join (
        select
            source,
            coalesce({{ json_text('document', '$.pipeline_id') }}, object_id) as pipeline,
            max({{ json_text('document', '$.label') }}) as label
        from {{ current_objects('hubspot') }} as objects
        where object_type = 'deal_pipeline'
        group by 1, 2
    ) as pipelines
        on stages.source = pipelines.source and stages.pipeline = pipelines.pipeline
{% endmacro %}

{% macro salesforce_opportunity_stages() %}
    select
        source,
        cast(null as string) as pipeline,
        cast(null as string) as pipeline_label,
        coalesce({{ json_text('document', '$.api_name') }}, {{ json_text('document', '$.master_label') }}) as stage,
        {{ json_text('document', '$.master_label') }} as stage_label,
        coalesce({{ is_yes(json_text('document', '$.is_closed')) }}, false) as is_closed,
        coalesce({{ is_yes(json_text('document', '$.is_won')) }}, false) as is_won,
        version_at,
        document as content
    from {{ current_objects('salesforce') }} as objects
    where object_type = 'opportunity_stage'
{% endmacro %}

{# Entries into stages: tables of them, histories of the property, and the dates a deal has itself. #}
{% macro hubspot_stage_entries() %}
    select
        source,
        {{ json_text('document', '$.deal_id') }} as opportunity_id,
        {{ json_text('document', '$.value') }} as stage,
        {{ json_text('document', '$.date_entered') }} as entered_text
    from {{ current_objects('hubspot') }} as objects
    where object_type = 'deal_stage'
    union all
    select
        source,
        {{ json_text('document', '$.deal_id') }} as opportunity_id,
        {{ json_text('document', '$.value') }} as stage,
        {{ json_text('document', '$.timestamp') }} as entered_text
    from {{ current_objects('hubspot') }} as objects
    where object_type = 'deal_property_history' and {{ json_text('document', '$.name') }} = 'dealstage'
    union all
    select
        source,
        object_id as opportunity_id,
        {{ replaced_all('field', '^hs_(v2_)?date_entered_', '') }} as stage,
        {{ json_member_text('document', 'field') }} as entered_text
    from (
        select
            source,
            object_id,
            document,
            {{ json_each_key('document') }} as field
        from {{ current_objects('hubspot') }} as objects
        where object_type = 'deal' and record_fate is null and document like '%date_entered_%'
    ) as fields
    where {{ matches('field', '^hs_(v2_)?date_entered_') }}
{% endmacro %}

{% macro salesforce_stage_entries() %}
    select
        source,
        {{ salesforce_id('opportunity_ref') }} as opportunity_id,
        stage,
        entered_text
    from (
    select
        source,
        {{ json_text('document', '$.opportunity_id') }} as opportunity_ref,
        case
            when object_type = 'opportunity_history' then {{ json_text('document', '$.stage_name') }}
            when lower({{ json_text('document', '$.field') }}) in ('stagename', 'stage_name')
                then {{ json_text('document', '$.new_value') }}
        end as stage,
        {{ json_text('document', '$.created_date') }} as entered_text
    from {{ current_objects('salesforce') }} as objects
    where object_type in ('opportunity_history', 'opportunity_field_history')
    ) as entries
{% endmacro %}

{#
    Who takes part in HubSpot's deals: association tables, ids in the deal itself (an export's list,
    the API's associations). `role` is the association's type.
#}
{% macro hubspot_opportunity_parties() %}
    select
        source,
        {{ json_text('document', '$.deal_id') }} as opportunity_id,
        case when object_type = 'deal_contact' then 'contact' else 'company' end as party_kind,
        case
            when object_type = 'deal_contact' then {{ json_text('document', '$.contact_id') }}
            else {{ json_text('document', '$.company_id') }}
        end as party_id,
        {{ json_text('document', '$.type_id') }} as party_role,
        false as is_primary
    from {{ current_objects('hubspot') }} as objects
    where
        object_type in ('deal_contact', 'deal_company')
        and not coalesce({{ is_yes(json_text('document', '$.fivetran_deleted')) }}, false)
    {% for kind, list in {'contact': 'contacts', 'company': 'companies'}.items() %}
    union all
    select
        source,
        opportunity_id,
        '{{ kind }}' as party_kind,
        part as party_id,
        cast(null as string) as party_role,
        false as is_primary
    from (
        select
            source,
            object_id as opportunity_id,
            {{ each_part("replace(replace(" ~ json_text('document', '$.associated_' ~ kind ~ '_ids') ~ ", ' ', ''), ';', chr(31))") }} as part
        from {{ current_objects('hubspot') }} as objects
        where object_type = 'deal' and record_fate is null
    ) as parts
    where part <> ''
    union all
    select
        source,
        opportunity_id,
        '{{ kind }}' as party_kind,
        coalesce({{ json_text('item', '$.id') }}, {{ json_text('item', '$.toObjectId') }}) as party_id,
        {{ json_text('item', '$.type') }} as party_role,
        false as is_primary
    from (
        select
            source,
            object_id as opportunity_id,
            {{ json_each_item(json_object_at('document', '$.associations.' ~ list ~ '.results')) }} as item
        from {{ current_objects('hubspot') }} as objects
        where object_type = 'deal' and record_fate is null and document like '%"associations"%'
    ) as items
    {% endfor %}
{% endmacro %}

{# Of Salesforce's opportunities: contact roles, the contact and account they name, the lead they were. #}
{% macro salesforce_opportunity_parties() %}
    select
        source,
        {{ salesforce_id('opportunity_ref') }} as opportunity_id,
        party_kind,
        {{ salesforce_id('party_ref') }} as party_id,
        party_role,
        is_primary
    from (
    select
        source,
        {{ json_text('document', '$.opportunity_id') }} as opportunity_ref,
        'contact' as party_kind,
        {{ json_text('document', '$.contact_id') }} as party_ref,
        {{ json_text('document', '$.role') }} as party_role,
        coalesce({{ is_yes(json_text('document', '$.is_primary')) }}, false) as is_primary
    from {{ current_objects('salesforce') }} as objects
    where object_type = 'opportunity_contact_role' and not coalesce(is_deleted, false)
    {% for kind in ['contact', 'account'] %}
    union all
    select
        source,
        object_id as opportunity_ref,
        '{{ kind }}' as party_kind,
        {{ json_text('document', '$.' ~ kind ~ '_id') }} as party_ref,
        cast(null as string) as party_role,
        false as is_primary
    from {{ current_objects('salesforce') }} as objects
    where object_type = 'opportunity' and record_fate is null
    {% endfor %}
    union all
    select
        source,
        {{ json_text('document', '$.converted_opportunity_id') }} as opportunity_ref,
        'lead' as party_kind,
        object_id as party_ref,
        cast(null as string) as party_role,
        false as is_primary
    from {{ current_objects('salesforce') }} as objects
    where object_type = 'lead'
    ) as parties
{% endmacro %}
