"""The staging gate: keys, clocks, names, and what a re-export changed.

Views:
- `gate_staging`, a row a delivery: source, vendor, delivery_id, file_name, events, quarantined,
  identity, unmapped, retired_event, missing_required, wrong_type, bad_value and extra_property
  (events that break the dictionary so), breaches (the most frequent of them in words),
  future_dated, without_ids, null_keys, live_rows, lag_quarter_hours (typical receive lag of live
  rows after zone conversion; 0 is right), zone_hint, previous_events, gone, added, changed (against
  the version it supersedes; null without one), repeated_without_id.
- `gate_arrivals`, a row a delivery: source, delivery_id, file_name, known_days (of its source
  before it), missing_hours and missing_days (silence where events were expected), judged_days and
  days_outside (out of band), and for each what is told and the events it may have cost:
  hours_told, hours_lost, days_told, days_lost, volume_told, volume_lost.
- `gate_events`, a row an event of this run's deliveries: source, delivery_id, event_key,
  occurred_at (UTC), occurred_on, source_event_name, id_quality.
"""

from functools import partial

from expectations.rules import Dimension, Limits, Rule, expect

_delivery_rule = partial(Rule, stage="staging", view="gate_staging")
_arrival_rule = partial(
    Rule, stage="staging", view="gate_arrivals", severity="warn", dimension="completeness"
)
_event_rule = partial(Rule, stage="staging", view="gate_events", severity="block")

_MEND_STAGING = (
    "This is a fault of the staging model, not of the data: report delivery {delivery} of {source}."
    " Its records stay pending."
)


def staging_rules(limits: Limits) -> tuple[Rule, ...]:
    """The rules of the staging gate, with the shares and the row count that `limits` sets."""
    return (
        *_key_and_clock_rules(limits),
        *_mapping_rules(limits),
        *_definition_rules(limits),
        *_reexport_rules(limits),
        *_arrival_rules(),
        *_event_rules(),
    )


def _key_and_clock_rules(limits: Limits) -> tuple[Rule, ...]:
    return (
        _delivery_rule(
            name="events_have_keys",
            severity="block",
            dimension="validity",
            claim=expect("ExpectRowCountsToBeZero", columns=["null_keys"]),
            offenders="null_keys <> 0",
            observed="concat(file_name, format(': {:,} of {:,} events have no key',"
            " null_keys, events))",
            next_step="Correct the dedupe or column settings of {source}, then run again: without"
            " a key an event can be neither deduplicated nor replaced.",
            description="An event without a key would be counted again by every re-export.",
        ),
        _delivery_rule(
            name="clock_agrees_with_receipt",
            severity="block",
            dimension="timeliness",
            claim=expect(
                "ExpectClockToAgreeWithReceipt",
                lag="lag_quarter_hours",
                rows="live_rows",
                minimum_rows=limits.clock_rows,
            ),
            offenders=f"live_rows >= {limits.clock_rows} and lag_quarter_hours <> 0",
            observed="concat(file_name, format(': events are received {:.2f} hours after they"
            " happen ({:,} live rows)', lag_quarter_hours / 4.0, live_rows),"
            " coalesce('; ' || zone_hint || ' would fit', ''))",
            next_step="Set `timezone:` of {source} to the zone its export is written in, then run"
            " again. If the lag is real: {accept}",
            description="Live events are received when they happen; a lag of whole quarter hours"
            " is a wrong zone, and would move events to the wrong day.",
        ),
        _delivery_rule(
            name="no_event_is_future_dated",
            severity="warn",
            dimension="timeliness",
            claim=expect("ExpectRowCountsToBeZero", columns=["future_dated"]),
            offenders="future_dated <> 0",
            observed="concat(file_name, format(': {:,} events are dated in the future or before"
            " 2000', future_dated))",
            next_step="They are quarantined and move nothing: see quality.fct_quarantine for"
            " {source}. Many of them point at a wrong clock.",
            description="Device clocks run wild now and then; such records are quarantined.",
        ),
        _delivery_rule(
            name="events_have_an_id",
            severity="warn",
            dimension="uniqueness",
            claim=expect("ExpectRowCountsToBeZero", columns=["without_ids"]),
            offenders="without_ids <> 0",
            observed="concat(file_name, format(': {:,} of {:,} events carry no id of the vendor',"
            " without_ids, events))",
            next_step="They are all loaded under an id derived from their content. If {source}"
            " delivers an event twice, opt in with `dedupe: [columns]`.",
            description="Without a vendor id two equal rows cannot be told from a repeated one.",
        ),
        _delivery_rule(
            name="rows_without_id_do_not_repeat",
            severity="warn",
            dimension="uniqueness",
            claim=expect("ExpectRowCountsToBeZero", columns=["repeated_without_id"]),
            offenders="repeated_without_id <> 0",
            observed="concat(file_name, format(': {:,} rows without an id equal rows of another"
            " delivery', repeated_without_id))",
            next_step="Check whether the deliveries of {source} overlap; if they do, opt in with"
            " `dedupe: [columns]` and run again.",
            description="Rows without an id are all loaded; overlapping deliveries double them.",
        ),
    )


def _mapping_rules(limits: Limits) -> tuple[Rule, ...]:
    return (
        _delivery_rule(
            name="unmapped_share_is_within_limit",
            severity="block",
            dimension="validity",
            claim=expect(
                "ExpectRowShareToBeAtMost",
                part="unmapped",
                whole="events",
                limit=limits.unmapped_share,
            ),
            offenders=f"unmapped > {limits.unmapped_share!r} * events",
            observed="concat(file_name, format(': {:,} of {:,} events are not in the taxonomy"
            " ({:.2f} %, limit {:.2f} %)', unmapped, events,"
            f" 100.0 * unmapped / greatest(events, 1), {100 * limits.unmapped_share!r}))",
            next_step="Add the event names of {source} to taxonomy.yaml, as aliases or as"
            " events of their own, then run again; to load them unmapped: {accept}",
            description="Unmapped events are loaded and count for nothing; many of them would make"
            " every micro-conversion rate wrong.",
        ),
        _delivery_rule(
            name="all_events_are_mapped",
            severity="warn",
            dimension="validity",
            claim=expect("ExpectRowCountsToBeZero", columns=["unmapped"]),
            offenders="unmapped <> 0",
            observed="concat(file_name, format(': {:,} of {:,} events are not in the taxonomy',"
            " unmapped, events))",
            next_step="Add their names to taxonomy.yaml, as an alias for {source} or as an event.",
            description="Unmapped events are loaded with no canonical name.",
        ),
    )


def _definition_rules(limits: Limits) -> tuple[Rule, ...]:
    """One rule a kind of violation that has a limit; without one a kind is only told of."""
    return tuple(
        _delivery_rule(
            name=f"{kind}_share_is_within_limit",
            severity="block",
            dimension="validity",
            claim=expect("ExpectRowShareToBeAtMost", part=kind, whole="events", limit=limit),
            offenders=f"{kind} > {limit!r} * events",
            observed=f"concat(file_name, format(': {{:,}} of {{:,}} events ({{:.2f}} %, limit"
            f" {{:.2f}} %): ', {kind}, events, 100.0 * {kind} / greatest(events, 1),"
            f" {100 * limit!r}), breaches)",
            next_step="Have the owner of the event mend the tracking of {source}, or correct the"
            " definition in taxonomy.yaml, then run again; to load it as it is: {accept}",
            description="So many events that break their definition would make it worthless.",
        )
        for kind, limit in sorted(limits.violations.items())
    )


def _reexport_rules(limits: Limits) -> tuple[Rule, ...]:
    return (
        _delivery_rule(
            name="reexport_keeps_its_events",
            severity="block",
            dimension="completeness",
            claim=expect(
                "ExpectRowShareToBeAtMost",
                part="gone",
                whole="previous_events",
                limit=limits.gone_share,
            ),
            offenders=f"gone > {limits.gone_share!r} * previous_events",
            observed="concat(file_name, format(': {:,} of the {:,} events of the version before are"
            " gone ({:.2f} %, limit {:.2f} %)', gone, previous_events,"
            f" 100.0 * gone / greatest(previous_events, 1), {100 * limits.gone_share!r}))",
            next_step="Export the interval of {source} again; if the vendor did delete the events"
            " (an erasure, a cleaned project): {accept}",
            description="A new version of a file replaces the old one, so what it lost would"
            " vanish from the marts.",
            history="previous_events is not null",
        ),
        _delivery_rule(
            name="reexport_is_unchanged",
            severity="warn",
            dimension="consistency",
            claim=expect("ExpectRowCountsToBeZero", columns=["added", "changed"]),
            offenders="added <> 0 or changed <> 0",
            observed="concat(file_name, format(': {:,} events added and {:,} changed against the"
            " version before', coalesce(added, 0), coalesce(changed, 0)))",
            next_step="Late events are normal; the dates of {source} concerned are rebuilt. Tell"
            " whoever has already reported them.",
            description="Figures already reported will change.",
            history="previous_events is not null",
        ),
    )


def _arrival_rules() -> tuple[Rule, ...]:
    """What a delivery should have brought by what its source brought before it.

    None of them blocks: what came is right, and holding it would lose that too.
    """
    return (
        _arrival_rule(
            name="hours_are_present",
            claim=expect("ExpectRowCountsToBeZero", columns=["missing_hours"]),
            offenders="missing_hours <> 0",
            observed="concat(file_name, ': ', hours_told)",
            records="hours_lost",
            next_step="Export those hours of {source} again. If they come the same, ask its owner"
            " what stopped then; the events are lost.",
            description="Hours without events where the same hour of the days before always had"
            " some, more of them than chance explains.",
            history="known_days >= 7",
        ),
        _arrival_rule(
            name="days_are_present",
            claim=expect("ExpectRowCountsToBeZero", columns=["missing_days"]),
            offenders="missing_days <> 0",
            observed="concat(days_told, ', before ', file_name)",
            records="days_lost",
            next_step="Fetch the export of {source} for that time into its folder, then run again.",
            description="A day without events between deliveries of a source that always had some"
            " on such a day.",
            history="known_days >= 7",
        ),
        _arrival_rule(
            name="volume_is_in_band",
            claim=expect("ExpectRowCountsToBeZero", columns=["days_outside"]),
            offenders="days_outside <> 0",
            observed="concat(file_name, ': ', volume_told)",
            records="volume_lost",
            next_step="Ask the owner of {source} whether a campaign, a holiday or a release"
            " explains it; if nothing does, export the day again and compare.",
            description="A day with less than 55 % or more than five times the events of the same"
            " weekday before, beyond its scatter; the first day of such a stretch is told.",
            history="judged_days > 0",
        ),
    )


def _event_rules() -> tuple[Rule, ...]:
    required: dict[str, tuple[str, Dimension]] = {
        "event_key": ("every_event_has_a_key", "uniqueness"),
        "occurred_at": ("every_event_has_a_time", "timeliness"),
        "source_event_name": ("every_event_has_a_name", "validity"),
    }
    return (
        *(
            _event_rule(
                name=name,
                dimension=dimension,
                claim=expect("ExpectColumnValuesToNotBeNull", column=column),
                offenders=f"{column} is null",
                observed=f"'{column} is null'",
                next_step=_MEND_STAGING,
                description=f"No event goes on without {column}.",
            )
            for column, (name, dimension) in required.items()
        ),
        _event_rule(
            name="every_id_tells_its_quality",
            dimension="validity",
            claim=expect(
                "ExpectColumnValuesToBeInSet", column="id_quality", value_set=["vendor", "derived"]
            ),
            offenders="id_quality not in ('vendor', 'derived')",
            observed="concat('id_quality is ', id_quality)",
            next_step=_MEND_STAGING,
            description="An id is the vendor's or derived; a reader must be able to tell.",
        ),
    )
