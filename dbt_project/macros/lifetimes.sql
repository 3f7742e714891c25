{#
    What a subscriber brings in a time from its start, by Kaplan and Meier (1958) with each weighted
    by what it began with: whoever still pays is under way, and is no loss. Weights let those who
    pay more stay longer than others, which a mean worth times a mean time would miss. The error is
    that of the influence function (the infinitesimal jackknife), so it is right then too.

    `spells` has, by `keys`: seconds, has_ended (1 or 0) and worth (by the month, smallest units).
    Gives by `keys`: subscribers, ended, horizon_seconds (the time asked for, or the longest that
    anybody was followed: nothing is extrapolated), share and bounds (still paying then, unweighted,
    Greenwood on the log-log scale), seconds (mean of the time paid for within the horizon,
    weighted), worth_seconds (that by the mean worth) and worth_seconds_error.
#}
{% macro lifetimes(spells, keys, horizon_seconds) %}
    {%- set by = keys | join(', ') %}
    with horizons as (

        select
            {{ by }},
            count(*) as subscribers,
            least(max(seconds), {{ horizon_seconds }}) as horizon_seconds,
            avg(worth) as mean_worth
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
            seconds,
            count(*) as leaving,
            sum(has_ended) as ended,
            sum(worth) as leaving_worth,
            sum(has_ended * worth) as ended_worth,
            sum(cast(worth as double) * worth) as leaving_square,
            sum(has_ended * cast(worth as double) * worth) as ended_square
        from cut
        group by
            {{ by }},
            subscribers,
            horizon_seconds,
            mean_worth,
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
            first_seconds + sum(area) over (partition by {{ by }}) as mean_seconds,
            sum(area) over (
                partition by {{ by }} order by seconds desc
                rows between unbounded preceding and current row
            ) as area_ahead
        from areas

    ),

    pulls as (

        select
            stakes.*,
            case when worth_at_risk > 0
                then area_ahead * subscribers / worth_at_risk else 0.0 end as pull,
            sum(
                case when worth_at_risk > 0
                    then area_ahead * subscribers * ended_worth
                        / (cast(worth_at_risk as double) * worth_at_risk) else 0.0 end
            ) over (
                partition by {{ by }} order by seconds
                rows between unbounded preceding and current row
            ) as pull_so_far
        from stakes

    ),

    -- by how much one who leaves at a time moves the result, for each unit of its worth
    leverages as (

        select
            pulls.*,
            mean_worth * mean_seconds as centre,
            mean_seconds + mean_worth * pull_so_far as if_open,
            mean_seconds + mean_worth * (pull_so_far - pull) as if_ended
        from pulls

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
        mean_seconds as seconds,
        centre as worth_seconds,
        sqrt(greatest(sum(
            if_ended * if_ended * ended_square
            - 2 * centre * if_ended * ended_worth
            + centre * centre * ended
            + if_open * if_open * (leaving_square - ended_square)
            - 2 * centre * if_open * (leaving_worth - ended_worth)
            + centre * centre * (leaving - ended)
        ), 0)) / subscribers as worth_seconds_error
    from leverages
    group by
        {{ by }},
        subscribers,
        horizon_seconds,
        mean_seconds,
        centre
{% endmacro %}
