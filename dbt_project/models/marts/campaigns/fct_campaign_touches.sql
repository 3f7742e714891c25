select
    objects.object_key,
    objects.source,
    touches.touch_id,
    objects.person_id,
    touches.channel,
    touches.kind,
    touches.campaign_id,
    touches.campaign_name,
    touches.asset_id,
    touches.asset,
    touches.link,
    touches.is_bot,
    touches.is_machine,
    touches.is_mirror,
    touches.is_obsolete,
    objects.is_test,
    objects.is_current,
    objects.is_current
    and not (
        touches.is_bot
        or touches.is_machine
        or touches.is_mirror
        or touches.is_obsolete
        or objects.is_test
        or objects.is_deleted
    ) as is_counted,
    objects.occurred_at,
    objects.occurred_on,
    objects.delivery_id,
    objects.file_sha256,
    objects.record_number
from {{ loaded_objects(['marketo_activity', 'braze_event', 'email_event']) }} as objects
inner join {{ ref('stg_campaigns__touches') }} as touches
    on
        objects.delivery_id = touches.delivery_id
        and objects.file_sha256 = touches.file_sha256
        and objects.record_number = touches.record_number
