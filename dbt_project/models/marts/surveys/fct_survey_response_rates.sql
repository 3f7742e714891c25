select
    source,
    form_id,
    distribution_id,
    invited_on,
    cast(count(*) as bigint) as invited,
    cast(sum(case when is_opened then 1 else 0 end) as bigint) as opened,
    cast(sum(case when is_started then 1 else 0 end) as bigint) as started,
    cast(sum(case when is_finished then 1 else 0 end) as bigint) as finished,
    cast(sum(case when is_finished then 1 else 0 end) as double) / count(*) as response_rate
from {{ ref('int_survey_invitations') }}
group by
    source,
    form_id,
    distribution_id,
    invited_on
