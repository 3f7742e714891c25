{#
    What a subscriber brings in a time from its start, by Kaplan and Meier (1958) with each weighted
    by what it began with: whoever still pays is under way, and is no loss. Weights let those who
    pay more stay longer than others, which a mean worth times a mean time would miss.

    `spells` has, by `keys`: seconds, has_ended (1 or 0) and worth (by the month, smallest units).
    Gives by `keys`: subscribers, ended, horizon_seconds (the time asked for, or the longest that
    anybody was followed: nothing is extrapolated), share and bounds (still paying then, unweighted,
    Greenwood on the log-log scale), seconds (mean of the time paid for within the horizon,
    weighted), worth (mean) and their standard errors.
#}
{% macro lifetimes(spells, keys, horizon_seconds) %}
    {%- set by = keys | join(', ') %}
    with horizons as (

        select
            {{ by }},
            count(*) as subscribers,
            least(max(seconds), {{ horizon_seconds }}) as horizon_seconds,
            avg(worth) as mean_worth,
            coalesce(var_samp(worth), 0) as worth_variance
        from {{ spells }}
        group by {{ by }}

    ),

    -- nothing after the horizon is looked at
    cut as (

        select
            horizons.*,
            least(spells.seconds, horizons.horizon_seconds) as seconds,
            case when spells.seconds <= horizons.horizon_seconds then spells.has_ended else 0 end
                as has_ended,
            spells.worth
        from {{ spells }} as spells
        inner join horizons
            on
                {%- for key in keys %}
                spells.{{ key }} = horizons.{{ key }}{{ " and" if not loop.last }}
                {%- endfor %}

    ),

    times as (

        select
            {{ by }},
            subscribers,
            horizon_seconds,
            mean_worth,
            worth_variance,
            seconds,
            count(*) as leaving,
            sum(has_ended) as ended,
            sum(worth) as leaving_worth,
            sum(has_ended * worth) as ended_worth,
            sum(has_ended * worth * worth) as ended_square
        from cut
        group by
            {{ by }},
            subscribers,
            horizon_seconds,
            mean_worth,
            worth_variance,
            seconds

    ),

    -- those who leave at a time are at risk at it
    risks as (

        select
            times.*,
            sum(leaving) over (
                partition by {{ by }} order by seconds desc
                rows between unbounded preceding and current row
            ) as at_risk,
            sum(leaving_worth) over (
                partition by {{ by }} order by seconds desc
                rows between unbounded preceding and current row
            ) as worth_at_risk
        from times

    ),

    -- after each time: what is left, as a product; at a loss of all it stays at nothing
    products as (

        select
            risks.*,
            max(case when ended > 0 and ended = at_risk then 1 else 0 end) over steps as is_over,
            coalesce(sum(case when ended < at_risk then ln(1 - cast(ended as double) / at_risk) end)
                over steps, 0) as log_share,
            coalesce(sum(case when ended < at_risk
                then cast(ended as double) / (at_risk * (at_risk - ended)) end)
                over steps, 0) as variance,
            max(case when ended_worth > 0 and ended_worth = worth_at_risk then 1 else 0 end)
                over steps as is_worth_over,
            coalesce(sum(
                case when ended_worth < worth_at_risk
                    then ln(1 - cast(ended_worth as double) / worth_at_risk) end
            ) over steps, 0) as log_worth_share,
            coalesce(lead(seconds) over (partition by {{ by }} order by seconds), seconds)
                as next_seconds
        from risks
        window steps as (
            partition by {{ by }} order by seconds
            rows between unbounded preceding and current row
        )

    ),

    areas as (

        select
            products.*,
            case when is_worth_over = 1 then 0.0 else exp(log_worth_share) end
            * (next_seconds - seconds) as area,
            min(seconds) over (partition by {{ by }}) as first_seconds
        from products

    ),

    -- the area that is still to come at a time is what a loss there puts at stake
    stakes as (

        select
            areas.*,
            sum(area) over (
                partition by {{ by }} order by seconds desc
                rows between unbounded preceding and current row
            ) as area_ahead
        from areas

    )

    select
        {{ by }},
        subscribers,
        cast(horizon_seconds as double) as horizon_seconds,
        cast(sum(ended) as {{ dbt.type_bigint() }}) as ended,
        case when max(is_over) = 1 then 0.0 else exp(min(log_share)) end as share,
        case
            when max(is_over) = 0 and min(log_share) < 0
                then exp(min(log_share) * exp(
                    1.959963984540054 * sqrt(max(variance)) / -min(log_share)
                ))
        end as share_low,
        case
            when max(is_over) = 0 and min(log_share) < 0
                then exp(min(log_share) * exp(
                    -1.959963984540054 * sqrt(max(variance)) / -min(log_share)
                ))
        end as share_high,
        max(first_seconds) + sum(area) as seconds,
        sqrt(sum(
            case when worth_at_risk > ended_worth
                then area_ahead * area_ahead * ended_square
                    / (cast(worth_at_risk as double) * (worth_at_risk - ended_worth))
                else 0.0 end
        )) as seconds_error,
        mean_worth as worth,
        sqrt(worth_variance / subscribers) as worth_error
    from stakes
    group by
        {{ by }},
        subscribers,
        horizon_seconds,
        mean_worth,
        worth_variance
{% endmacro %}
