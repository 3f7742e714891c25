{#
    What campaigns did to people, and people with them: a macro `<vendor>_touches` a vendor, each
    with the columns of `stg_campaigns__touches`. Words of kinds are the same for all.
#}

{# What a Marketo activity is by its type's number; null for what is no touch. #}
{% macro marketo_kind(activity) -%}
    case {{ activity }}
        when '1' then 'visit'
        when '2' then 'form'
        when '3' then 'link_click'
        when '6' then 'send'
        when '7' then 'delivered'
        when '8' then 'bounce'
        when '9' then 'unsubscribe'
        when '10' then 'open'
        when '11' then 'click'
        when '27' then 'soft_bounce'
    end
{%- endmacro %}

{# The kind of a Braze event by the last word of its type. #}
{% macro braze_kind(word) -%}
    case {{ word }}
        when 'Delivery' then 'delivered'
        when 'Read' then 'open'
        when 'SoftBounce' then 'soft_bounce'
        when 'MarkAsSpam' then 'spam'
        when 'ShortLinkClick' then 'click'
        when 'DeliveryFailure' then 'failed'
        when 'Failure' then 'failed'
        when 'Rejection' then 'failed'
        when 'Abort' then 'dropped'
        when 'Deferral' then 'deferred'
        when 'Retry' then 'deferred'
        when 'InboundReceive' then 'reply'
        when 'GlobalStateChange' then 'subscription_change'
        when 'StateChange' then 'subscription_change'
        else lower({{ snake_case(word) }})
    end
{%- endmacro %}

{# The kind of a HubSpot e-mail event by its type; unsubscribes are among the status changes. #}
{% macro hubspot_kind(type) -%}
    case upper({{ type }})
        when 'SENT' then 'send'
        when 'PROCESSED' then 'processed'
        when 'DELIVERED' then 'delivered'
        when 'OPEN' then 'open'
        when 'CLICK' then 'click'
        when 'BOUNCE' then 'bounce'
        when 'DROPPED' then 'dropped'
        when 'DEFERRED' then 'deferred'
        when 'SPAMREPORT' then 'spam'
        when 'STATUSCHANGE' then 'subscription_change'
        else lower({{ type }})
    end
{%- endmacro %}

{# The newest state of each object of a kind in deliveries that count, by `source` and `object_id`. #}
{% macro current_references(vendor, object_type) -%}
    (
        select
            staged.source,
            staged.object_id,
            staged.document
        from (
            select
                objects.source,
                objects.object_id,
                objects.document,
                row_number() over (
                    partition by objects.source, objects.object_id
                    order by
                        objects.version_at desc nulls last,
                        objects.landed_at desc,
                        objects.file_sha256 asc,
                        objects.record_number desc
                ) as age
            from {{ ref('stg_' ~ vendor ~ '__objects') }} as objects
            inner join {{ source('control', 'deliveries') }} as deliveries
                on objects.delivery_id = deliveries.delivery_id
            where
                deliveries.state = 'current'
                and objects.object_type = '{{ object_type }}'
                and objects.object_id is not null
        ) as staged
        where staged.age = 1
    )
{%- endmacro %}

{% macro marketing_automation_touches() -%}
select
        touches.source,
        touches.object_id as touch_id,
        case
            when touches.object_type = 'braze_event'
                then case
                    when touches.touch_type like 'users.messages.%'
                        then split_part(touches.touch_type, '.', 3)
                    else split_part(touches.touch_type, '.', 2)
                end
            when touches.touch_type in ('1', '2', '3') then 'web'
            else 'email'
        end as channel,
        case
            when touches.object_type = 'braze_event'
                then {{ braze_kind("regexp_extract(touches.touch_type, '([A-Za-z]+)$', 1)") }}
            else {{ marketo_kind('touches.touch_type') }}
        end as kind,
        touches.campaign_id,
        coalesce(
            touches.campaign_name, {{ json_text('campaigns.document', '$.name') }}
        ) as campaign_name,
        coalesce(
            {{ json_text('touches.document', '$.primary_attribute_value_id') }},
            {{ json_text('touches.document', '$.primaryAttributeValueId') }},
            {{ json_text('touches.document', '$.message_variation_id') }}
        ) as asset_id,
        coalesce(
            {{ json_text('touches.document', '$.primary_attribute_value') }},
            {{ json_text('touches.document', '$.primaryAttributeValue') }},
            {{ json_text('touches.document', '$.message_variation_name') }}
        ) as asset,
        {{ json_text('touches.document', '$.link') }} as link,
        {{ says_true(json_text('touches.document', '$.is_bot')) }} as is_bot,
        {{ says_true(json_text('touches.document', '$.machine_open')) }} as is_machine,
        touches.touch_type like 'users.behaviors.%' and touches.touch_type not like '%StateChange'
        or touches.touch_type like 'users.%.Conversion' as is_mirror,
        false as is_obsolete,
        touches.occurred_at,
        touches.is_test,
        touches.record_fate,
        touches.delivery_id,
        touches.file_sha256,
        touches.record_number
    from (
        select
            staged.*,
            {{ json_text('staged.document', '$.touch_type') }} as touch_type,
            coalesce(
                {{ json_text('staged.document', '$.campaign_id') }},
                {{ json_text('staged.document', '$.campaignId') }},
                {{ json_text('staged.document', '$.canvas_id') }}
            ) as campaign_id,
            coalesce(
                {{ json_text('staged.document', '$.campaign_name') }},
                {{ json_text('staged.document', '$.canvas_name') }}
            ) as campaign_name
        from {{ ref('stg_objects') }} as staged
        where
            staged.vendor = 'marketing_automation'
            and staged.object_type in ('marketo_activity', 'braze_event')
    ) as touches
    left join {{ current_references('marketing_automation', 'marketo_campaign') }} as campaigns
        on
            touches.source = campaigns.source
            and touches.campaign_id = campaigns.object_id
            and touches.object_type = 'marketo_activity'
{%- endmacro %}

{#
    HubSpot's e-mail events. Links of clicks stand in a table of their own, by the event's id. An
    event that a later one made obsolete, and one of a bot or of the company itself, are marked.
#}
{% macro hubspot_touches() -%}
select
        touches.source,
        touches.touch_id,
        'email' as channel,
        {{ hubspot_kind(json_text('touches.document', '$.type')) }} as kind,
        touches.campaign_id,
        {{ json_text('campaigns.document', '$.name') }} as campaign_name,
        {{ json_text('campaigns.document', '$.content_id') }} as asset_id,
        {{ json_text('campaigns.document', '$.subject') }} as asset,
        {{ bare_link(
            'coalesce(' ~ json_text('touches.document', '$.url')
            ~ ', ' ~ json_text('clicks.document', '$.url') ~ ')'
        ) }} as link,
        {{ says_true(
            'coalesce(' ~ json_text('touches.document', '$.filtered_event')
            ~ ', ' ~ json_text('touches.document', '$.filteredEvent') ~ ')'
        ) }} as is_bot,
        false as is_machine,
        false as is_mirror,
        coalesce(
            {{ json_text('touches.document', '$.obsoleted_by_id') }},
            {{ json_text('touches.document', '$.obsoletedBy.id') }}
        ) is not null as is_obsolete,
        touches.occurred_at,
        touches.is_test,
        touches.record_fate,
        touches.delivery_id,
        touches.file_sha256,
        touches.record_number
    from (
        select
            staged.*,
            coalesce({{ json_text('staged.document', '$.id') }}, staged.object_id) as touch_id,
            coalesce(
                {{ json_text('staged.document', '$.email_campaign_id') }},
                {{ json_text('staged.document', '$.emailCampaignId') }}
            ) as campaign_id
        from {{ ref('stg_objects') }} as staged
        where staged.vendor = 'hubspot' and staged.object_type = 'email_event'
    ) as touches
    left join {{ current_references('hubspot', 'email_campaign') }} as campaigns
        on touches.source = campaigns.source and touches.campaign_id = campaigns.object_id
    left join {{ current_references('hubspot', 'email_event_click') }} as clicks
        on touches.source = clicks.source and touches.touch_id = clicks.object_id
{%- endmacro %}
