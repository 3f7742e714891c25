"""The marts gate: marts reconcile to what landed, and rates and funnels obey their laws.

Views:
- `gate_ledger`, a row a file: source, file_name, file_sha256, delivery, read (by the byte pass),
  landed, and the fates loaded, duplicate, identity, filtered, quarantined, erased, and pending.
- `gate_marts`, a row a figure: name, observed in the mart, expected from the ledger.
- `gate_sources`, a row a source: read, loaded and quarantined by the ledger, in_marts (records
  counted there), to_stage (records of its current deliveries by the byte pass) and staged.
- `gate_totals`, a row a total of `fct_micro_conversion_daily` over platforms or sources: cell,
  total, parts (the sum of its segments), both in events.
- `gate_persons`, one row: mart, persons, ids (of users, devices and vendors' own), and
  events_of_persons as the mart sums them against events_with_person.
- `gate_restatements`, a row a source and date that readers have and this run changed: occurred_on,
  before, after, both in events.
- `gate_taxonomy`, a row a source, event, property, kind and enforcement: records that break the
  event's definition. No rows is the good case.
- `gate_rates`, a row a cell of a mart: mart, cell, rate.
- `gate_funnels`, a row a step: funnel, step_number, entities, previous_entities (null at step 1).
- `gate_changes`, a row a change of volumes or rates that lasts or is recent: source (null where
  several share it), cause, severity (a notice needs nobody), sentence, estimated_lost (events, null
  for a rise).
- `gate_freshness`, a row a source with a target, and `gate_mart_freshness`, a row a mart with one:
  last_event_at, sla_hours, late_by_hours, is_late; of sources also daily_events, min_daily,
  is_short.
- `gate_double_tracked`, a row an event two sources report with no primary: event_name, sources,
  days.
`gate_ledger`, `gate_marts`, `gate_sources` and `gate_persons` are never empty; the others may be.
"""

from functools import partial

from expectations.rules import Limits, Rule, expect

_rule = partial(Rule, stage="marts")

_FATES = ["loaded", "duplicate", "identity", "filtered", "quarantined", "erased", "pending"]

_REBUILD = (
    " Run `waybill verify`, then rebuild the dates with `waybill run --from D --to D`. Readers keep"
    " the last good snapshot meanwhile."
)


def marts_rules(limits: Limits) -> tuple[Rule, ...]:
    """The rules of the marts gate: laws, and warnings; `limits.quarantined_share` can be set."""
    return (
        *_laws(),
        *_reconciliation(),
        *_notices(limits),
        *_taxonomy_rules(),
        _change_rule(),
        *_freshness_rules(),
    )


def _laws() -> tuple[Rule, ...]:
    return (
        _rule(
            name="ledger_balances",
            view="gate_ledger",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowTotalToEqualItsParts", total="read", parts=_FATES),
            offenders=f"read is distinct from {' + '.join(_FATES)} or read is null",
            observed="concat(file_name, ': read ', coalesce(read::varchar, 'unknown'), ', fates and"
            f" pending ', coalesce(({' + '.join(_FATES)})::varchar, 'unknown'))",
            next_step="A record of {source} is lost or counted twice." + _REBUILD,
            description="Every record ends in exactly one fate or is visibly pending.",
        ),
        _rule(
            name="landed_equals_read",
            view="gate_ledger",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowValuesToAgree", columns=["read", "landed"]),
            offenders="read is distinct from landed",
            observed="concat(file_name, ' (delivery ', delivery, '): read ',"
            " coalesce(read::varchar, 'unknown'), ', landed ',"
            " coalesce(landed::varchar, 'unknown'))",
            next_step="The landing folder of that delivery of {source} was changed after it was"
            " written. Remove it and run again: it is landed anew from the stored bytes.",
            description="The bytes and the Parquet rows are counted independently of each other.",
        ),
        _rule(
            name="marts_reconcile",
            view="gate_marts",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowValuesToAgree", columns=["observed", "expected"]),
            offenders="observed is distinct from expected",
            observed="concat(name, ': ', coalesce(observed::varchar, 'unknown'), ' instead of ',"
            " coalesce(expected::varchar, 'unknown'))",
            next_step="A mart holds other rows than the ledger accounts for." + _REBUILD,
            description="Counts of the marts are those the ledger promises.",
        ),
        _rule(
            name="rates_stay_between_0_and_1",
            view="gate_rates",
            severity="block",
            dimension="validity",
            claim=expect("ExpectColumnValuesToBeBetween", column="rate", min_value=0, max_value=1),
            offenders="rate < 0 or rate > 1",
            observed="concat(mart, ', ', cell, ': ', rate)",
            next_step="The numerator counts persons the denominator does not." + _REBUILD,
            description="Persons with an event are some of the persons active that day.",
            needs_rows=False,
        ),
        _rule(
            name="funnels_never_grow",
            view="gate_funnels",
            severity="block",
            dimension="consistency",
            claim=expect(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                column_A="previous_entities",
                column_B="entities",
                or_equal=True,
                ignore_row_if="either_value_is_missing",
            ),
            offenders="entities > previous_entities",
            observed="concat(funnel, ', step ', step_number, ': ', entities, ' after ',"
            " previous_entities)",
            next_step="A step counts entities that did not reach the one before." + _REBUILD,
            description="Whoever reaches a step reached all before it.",
            needs_rows=False,
        ),
        _rule(
            name="double_tracked",
            view="gate_double_tracked",
            severity="warn",
            dimension="uniqueness",
            claim=expect("ExpectTableRowCountToEqual", value=0),
            offenders="true",
            observed="concat(event_name, ' is reported by ', sources, ' on ', days, ' days')",
            next_step="Name the source that counts with `primary:` of the event in taxonomy.yaml.",
            description="Two sources report one event on the same dates and none is primary, so"
            " the act is counted twice.",
            needs_rows=False,
        ),
    )


def _reconciliation() -> tuple[Rule, ...]:
    """Counts of one stage are those of the stage before, to the last record."""
    return (
        _rule(
            name="staging_reconciles",
            view="gate_sources",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowValuesToAgree", columns=["staged", "to_stage"]),
            offenders="staged is distinct from to_stage",
            observed="format('{:,} records staged of {:,} delivered', staged, to_stage)",
            next_step="Staging lost or doubled records of {source}." + _REBUILD,
            description="Every record of a current delivery is one row of staging, whatever became"
            " of it.",
        ),
        _rule(
            name="sources_reconcile",
            view="gate_sources",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowValuesToAgree", columns=["in_marts", "loaded"]),
            offenders="in_marts is distinct from loaded",
            observed="format('{:,} records in the marts, {:,} loaded by the ledger', in_marts,"
            " loaded)",
            next_step="The marts hold other records of {source} than the ledger says." + _REBUILD,
            description="What the ledger calls loaded is in the marts, source by source: errors of"
            " two sources could cancel out in a total.",
        ),
        _rule(
            name="segments_sum_to_totals",
            view="gate_totals",
            severity="block",
            dimension="reconciliation",
            claim=expect("ExpectRowValuesToAgree", columns=["total", "parts"]),
            offenders="total is distinct from parts",
            observed="concat(cell, ': total ', coalesce(total::varchar, 'unknown'), ', segments ',"
            " coalesce(parts::varchar, 'unknown'))",
            next_step="A segment of a date was built without the others." + _REBUILD,
            description="Events of all platforms, and of all sources, are sums over segments.",
            needs_rows=False,
        ),
        _rule(
            name="persons_never_exceed_ids",
            view="gate_persons",
            severity="block",
            dimension="uniqueness",
            claim=expect(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                column_A="ids",
                column_B="persons",
                or_equal=True,
            ),
            offenders="persons > ids",
            observed="format('{}: {:,} persons of {:,} ids', mart, persons, ids)",
            next_step="Persons stayed behind whose ids were joined or are gone." + _REBUILD,
            description="A person is one id or several; more persons than ids are ghosts.",
        ),
        _rule(
            name="persons_reconcile",
            view="gate_persons",
            severity="block",
            dimension="reconciliation",
            claim=expect(
                "ExpectRowValuesToAgree", columns=["events_of_persons", "events_with_person"]
            ),
            offenders="events_of_persons is distinct from events_with_person",
            observed="format('{}: {:,} events of persons, {:,} in fct_events', mart,"
            " events_of_persons, events_with_person)",
            next_step="dim_persons was not rebuilt for every person that changed." + _REBUILD,
            description="Each event with a person is counted by that person once.",
        ),
    )


def _notices(limits: Limits) -> tuple[Rule, ...]:
    return (
        _rule(
            name="few_records_are_quarantined",
            view="gate_sources",
            severity="warn",
            dimension="validity",
            claim=expect(
                "ExpectRowShareToBeAtMost",
                part="quarantined",
                whole="read",
                limit=limits.quarantined_share,
            ),
            offenders=f"quarantined > {limits.quarantined_share!r} * read",
            observed="format('{:,} of {:,} records are quarantined ({:.2f} %, limit {:.2f} %)',"
            " quarantined, read, 100.0 * quarantined / greatest(read, 1),"
            f" {100 * limits.quarantined_share!r})",
            next_step="See the reasons of {source} in quality.fct_quarantine; after a fix, `waybill"
            " replay`.",
            description="A few odd records are normal; more of them are missing from the figures.",
        ),
        _rule(
            name="published_dates_stay",
            view="gate_restatements",
            severity="warn",
            dimension="timeliness",
            claim=expect("ExpectTableRowCountToEqual", value=0),
            offenders="true",
            observed="concat(occurred_on, format(': {:,} events instead of {:,}', after, before))",
            next_step="Late or corrected events of {source} changed these dates; tell whoever has"
            " reported them. All are in quality.fct_restatements.",
            description="Figures that readers have already seen are other figures now.",
            needs_rows=False,
        ),
    )


def _taxonomy_rules() -> tuple[Rule, ...]:
    """One rule a kind of violation; thousands of rules, one an event, would outweigh the job."""
    kinds = {
        "unplanned_event": (
            "coalesce(event_name, 'an event without a name') || ' is in no taxonomy entry'",
            "Add the event to taxonomy.yaml or alias it for {source}.",
            "An event nobody planned is loaded without a canonical name.",
        ),
        "retired_event": (
            "event_name || ' is retired and still arrives'",
            "Have {source} stop sending it, or send what replaces it.",
            "An event arrives after the day it was retired.",
        ),
        "extra_property": (
            "concat(event_name, '.', property, ' is in no definition')",
            "Add the property to taxonomy.yaml, or have {source} stop sending it.",
            "A property arrives that the event's definition does not have.",
        ),
        "missing_required": (
            "concat(event_name, ' lacks ', property)",
            "Have the owner of the event mend the tracking of {source}, or drop `required`.",
            "A required property is absent.",
        ),
        "wrong_type": (
            "concat(event_name, '.', property, ' is of another type')",
            "Mend the tracking of {source}, or correct the property's `type`.",
            "A property holds another type than its definition says.",
        ),
        "bad_value": (
            "concat(event_name, '.', property, ' is not an allowed value')",
            "Mend the tracking of {source}, or add the value to the property's `enum`.",
            "A property holds a value outside its definition.",
        ),
    }
    return tuple(
        Rule(
            name=kind,
            stage="marts",
            view="gate_taxonomy",
            severity="warn",
            dimension="validity",
            claim=expect("ExpectColumnValuesToNotBeInSet", column="kind", value_set=[kind]),
            offenders=f"kind = '{kind}'",
            observed=f"concat({told}, format(' in {{:,}} records', records), case enforcement"
            " when 'strip' then ', left out' when 'quarantine' then ', kept out' else '' end)",
            next_step=next_step,
            description=description,
            needs_rows=False,
        )
        for kind, (told, next_step, description) in kinds.items()
    )


def _change_rule() -> Rule:
    """A tag that breaks loses a part of its events, and no file tells."""
    return _rule(
        name="volumes_are_as_expected",
        view="gate_changes",
        severity="warn",
        dimension="completeness",
        claim=expect(
            "ExpectColumnValuesToNotBeInSet",
            column="severity",
            value_set=["warning", "critical"],
        ),
        offenders="severity in ('warning', 'critical')",
        observed="sentence",
        records="greatest(coalesce(estimated_lost, 0), 0)::bigint",
        next_step="See `quality.fct_changes` for what to do first, and `fct_completeness` for the"
        " dates of {source} it touches.",
        description="Counts and rates are what the days before, the other segments and the other"
        " sources let expect.",
        needs_rows=False,
    )


def _freshness_rules() -> tuple[Rule, ...]:
    """What was agreed about age and volume; nothing is held back because of it."""
    late = "format(' is late by {:.1f} hours, agreed are {:.1f}', late_by_hours, sla_hours)"
    return (
        _rule(
            name="source_is_fresh",
            view="gate_freshness",
            severity="warn",
            dimension="timeliness",
            claim=expect("ExpectRowCountsToBeZero", columns=["is_late"]),
            offenders="is_late <> 0",
            observed=f"concat(source, {late}, '; its last event is of ',"
            " strftime(last_event_at, '%Y-%m-%d %H:%M UTC'))",
            next_step="See whether the export of {source} ran and where its files are:"
            " `waybill plan` lists what would be landed.",
            description="Nothing new came for longer than `freshness` of the source allows.",
            needs_rows=False,
        ),
        _rule(
            name="daily_volume_is_met",
            view="gate_freshness",
            severity="warn",
            dimension="completeness",
            claim=expect("ExpectRowCountsToBeZero", columns=["is_short"]),
            offenders="is_short <> 0",
            observed="concat(source, format(' brought {:,} events on its last full date, agreed are"
            " {:,}', daily_events, min_daily))",
            records="min_daily - daily_events",
            next_step="Compare with the vendor's own figure for that date of {source}; export it"
            " again if it is larger.",
            description="A date brought fewer events than `min_daily` of the source.",
            needs_rows=False,
        ),
        _rule(
            name="mart_is_fresh",
            view="gate_mart_freshness",
            severity="warn",
            dimension="timeliness",
            claim=expect("ExpectRowCountsToBeZero", columns=["is_late"]),
            offenders="is_late <> 0",
            observed=f"concat(mart, {late})",
            next_step="See which source stopped, and what is held: `waybill status`.",
            description="The newest row of a mart is older than `freshness` allows.",
            needs_rows=False,
        ),
    )
