"""The marts gate: marts reconcile to what landed, and rates and funnels obey their laws.

Views:
- `gate_ledger`, a row a file: source, file_name, file_sha256, delivery_id, read (by the byte
  pass), landed, and the fates loaded, duplicate, identity, filtered, quarantined, erased, and
  pending.
- `gate_marts`, a row a figure: name, observed in the mart, expected from the ledger.
- `gate_taxonomy`, a row a source, event, property, kind and enforcement: records that break the
  event's definition. No rows is the good case.
- `gate_rates`, a row a cell of a mart: mart, cell, rate.
- `gate_funnels`, a row a step: funnel, step_number, entities, previous_entities (null at step 1).
- `gate_changes`, a row a change of volumes or rates that lasts or is recent: source (null where
  several share it), cause, severity (a notice needs nobody), sentence, estimated_lost (events, null
  for a rise).
- `gate_double_tracked`, a row an event two sources report with no primary: event_name, sources,
  days.
All but the first two may be empty.
"""

from functools import partial

from expectations.rules import Rule, expect

_rule = partial(Rule, stage="marts")

_FATES = ["loaded", "duplicate", "identity", "filtered", "quarantined", "erased", "pending"]

_REBUILD = (
    " Run `waybill verify`, then rebuild the dates with `waybill run --from D --to D`. Readers keep"
    " the last good snapshot meanwhile."
)


def marts_rules() -> tuple[Rule, ...]:
    """The rules of the marts gate. They are laws: none of them has a limit to set."""
    return (*_laws(), *_taxonomy_rules(), _change_rule())


def _laws() -> tuple[Rule, ...]:
    return (
        _rule(
            name="ledger_balances",
            view="gate_ledger",
            severity="block",
            dimension="completeness",
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
            dimension="completeness",
            claim=expect("ExpectRowValuesToAgree", columns=["read", "landed"]),
            offenders="read is distinct from landed",
            observed="concat(file_name, ': read ', coalesce(read::varchar, 'unknown'), ', landed ',"
            " coalesce(landed::varchar, 'unknown'))",
            next_step="The landing folder of delivery {delivery} was changed after it was written."
            " Remove it and run again: it is landed anew from the stored bytes.",
            description="The bytes and the Parquet rows are counted independently of each other.",
        ),
        _rule(
            name="marts_reconcile",
            view="gate_marts",
            severity="block",
            dimension="consistency",
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
