select
    objects.object_key,
    objects.object_id,
    objects.source,
    objects.person_id,
    objects.occurred_at,
    objects.occurred_on,
    objects.version_at,
    objects.is_current,
    objects.is_deleted,
    objects.is_test,
    objects.delivery_id,
    objects.file_sha256,
    objects.record_number
from {{ loaded_objects(['touch', 'email_event']) }} as objects
