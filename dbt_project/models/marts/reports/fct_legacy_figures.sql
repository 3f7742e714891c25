with figures as (

    select
        objects.source,
        figures.report,
        figures.metric,
        metrics.definition,
        metrics.unit,
        figures.segment,
        figures.period_start,
        figures.period_end,
        metrics.grain,
        metrics.timezone,
        figures.figure,
        figures.figure_text,
        figures.file_name,
        objects.delivery_id,
        objects.file_sha256,
        objects.record_number
    from {{ loaded_objects(['figure']) }} as objects
    inner join {{ ref('stg_reports__figures') }} as figures
        on
            objects.delivery_id = figures.delivery_id
            and objects.file_sha256 = figures.file_sha256
            and objects.record_number = figures.record_number
    left join {{ source('control', 'legacy_metrics') }} as metrics
        on
            figures.source = metrics.source
            and figures.report = metrics.report
            and figures.metric = metrics.metric

),

numbered as (

    -- of one figure in several files that of the last by name counts: exports are named by date
    select
        figures.*,
        row_number() over (
            partition by source, report, metric, segment, period_start, period_end
            order by file_name desc, file_sha256 asc, record_number desc
        ) as place,
        min(figure) over (
            partition by source, report, metric, segment, period_start, period_end
        ) as lowest,
        max(figure) over (
            partition by source, report, metric, segment, period_start, period_end
        ) as highest
    from figures

)

select
    md5(concat_ws(
        chr(31),
        source,
        report,
        metric,
        coalesce(segment, ''),
        cast(period_start as string),
        cast(period_end as string)
    )) as figure_key,
    source,
    report,
    metric,
    definition,
    unit,
    segment,
    period_start,
    period_end,
    grain,
    timezone,
    figure,
    figure_text,
    place = 1 as is_current,
    coalesce(lowest <> highest, false) as is_contested,
    file_name,
    delivery_id,
    file_sha256,
    record_number
from numbered
