{#
    The time to the last step by Kaplan and Meier (1958), from each entity's first attempt: whoever
    has not come through is still under way until the window ends or the data do, and is no failure.
    Bounds are 95 %, Greenwood's variance on the log-log scale, so they stay between 0 and 1.
    `relation` and `funnel` are as in `funnel_counts`.
#}
{% macro funnel_times(relation, funnel) %}
    {%- set last = funnel.steps | length %}
    {%- set within = funnel.within_seconds %}
    {%- set how = dict(funnel.get('how', {}), reentry='first') %}
    {%- set open_seconds = '(horizon.last_micros - attempts.micros_1) / 1000000.0' %}
    with attempts as (

        {{ funnel_attempts(relation, funnel.steps, within, funnel.per, how=how) }}

    ),

    horizon as (

        select max({{ funnel_microseconds('occurred_at') }}) as last_micros
        from {{ relation }}

    ),

    spells as (

        select
            case when attempts.reached = {{ last }} then 1 else 0 end as is_through,
            case
                when attempts.reached = {{ last }}
                    then (attempts.micros_{{ last }} - attempts.micros_1) / 1000000.0
                {%- if within is not none %}
                when {{ open_seconds }} > {{ within }} then {{ within }}
                {%- endif %}
                when true then {{ open_seconds }}
            end as seconds
        from attempts
        cross join horizon

    ),

    times as (

        select
            seconds,
            sum(is_through) as through,
            count(*) as leaving
        from spells
        group by seconds

    ),

    -- those who leave at a time are at risk at it
    risks as (

        select
            seconds,
            through,
            sum(leaving) over (
                order by seconds desc
                rows between unbounded preceding and current row
            ) as at_risk
        from times

    ),

    products as (

        select
            seconds,
            at_risk,
            sum(through) over (order by seconds) as through_so_far,
            max(case when through = at_risk then 1 else 0 end) over (order by seconds) as is_all,
            sum(case when through < at_risk then ln(1 - cast(through as double) / at_risk) end)
                over (order by seconds) as log_open,
            sum(
                case
                    when through < at_risk
                        then cast(through as double) / (at_risk * (at_risk - through))
                end
            ) over (order by seconds) as variance,
            through,
            floor(8 * ln(1 + seconds)) as bucket
        from risks

    ),

    -- eight points for each factor of e: as much as a million tell, near the start as well
    points as (

        select
            products.*,
            row_number() over (partition by bucket order by seconds desc) as nth
        from products
        where through > 0

    )

    select
        cast(seconds as double) as seconds,
        cast(at_risk as {{ dbt.type_bigint() }}) as at_risk,
        cast(through_so_far as {{ dbt.type_bigint() }}) as through_so_far,
        round(case when is_all = 1 then 1.0 else 1 - exp(log_open) end, 12) as share,
        case
            when is_all = 0
                then round(1 - exp(log_open * exp(
                    1.959963984540054 * sqrt(variance) / -log_open
                )), 12)
        end as share_high,
        case
            when is_all = 0
                then round(1 - exp(log_open * exp(
                    -1.959963984540054 * sqrt(variance) / -log_open
                )), 12)
        end as share_low
    from points
    where nth = 1
{% endmacro %}
