"""Drift: what a delivery is like against the history of its own source; part of the staging gate.

View `gate_drift`, a row a finding (verdict `drift`) or a delivery and cause without one (`steady`,
`no_history`): source, delivery_id, cause, verdict, event_name, item (property, id or question),
platform, segment (these as text), since, until, observed, expected, records, sentence, next_step.

A rule bears the name of its cause. It blocks where loading would move events to wrong dates or
leave most of them out; all else can be mended after it is loaded, and warns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from expectations.rules import Dimension, Rule, Severity, expect


@dataclass(frozen=True)
class Cause:
    """A way to drift: how grave, of which dimension, what it means, what to do first."""

    dimension: Dimension
    description: str
    next_step: str
    severity: Severity = "warn"


_ASK_OWNER = "Ask the owner of the event what was released on that day; see the finding for where."

CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {
        "zone_shift": Cause(
            "timeliness",
            "A day whose hours are those of its history, shifted as a whole, has another zone.",
            "Ask who exports {source} whether its zone changed; set `timezone:`, or have the file"
            " exported again, then run again. If the hours are right: {accept}",
            "block",
        ),
        "epoch_unit": Cause(
            "validity",
            "Seconds read as milliseconds lie in 1970, the reverse far in the future.",
            "Have {source} exported with the unit of its earlier files, then run again. To load"
            " the rest without the records concerned: {accept}",
            "block",
        ),
        "future_rows": Cause(
            "timeliness",
            "More records than ever are dated in the future.",
            "Look at quality.fct_quarantine for {source} by platform and version.",
        ),
        "clock_drift": Cause(
            "timeliness",
            "More events than usual lie far from their time of receipt.",
            "Compare devices and versions of {source}: some set wrong times, or send late.",
        ),
        "counter_gaps": Cause(
            "completeness",
            "More of the numbers by which an SDK counts its events never came.",
            "Ask what lies between the app and {source}; have the dates exported again.",
        ),
        "companion_missing": Cause(
            "completeness",
            "Acts that always came with another one come alone: the other is lost.",
            "Compare with another source; ask the owner of {source}'s tracking what drops it.",
        ),
        "login_stopped": Cause(
            "completeness",
            "Fewer events than usual carry a user id.",
            "Ask the owner of {source}'s tracking what changed in log-in on that platform.",
        ),
        "anonymous_id_lost": Cause(
            "completeness",
            "Fewer events than usual carry a device id.",
            "Ask the owner of {source}'s tracking why the anonymous id is empty.",
        ),
        "anonymous_visitors_lost": Cause(
            "completeness",
            "Fewer events than usual come from people without a user id.",
            "Ask the owner of {source}'s tracking what visitors see before they log in: consent.",
        ),
        "ids_reset": Cause(
            "uniqueness",
            "More device ids than usual stand on the events: ids that people had are made anew.",
            "Ask the owner of {source}'s tracking what empties cookies or storage.",
        ),
        "ids_merged": Cause(
            "uniqueness",
            "One user id on many devices makes one person of many.",
            "If the id means nobody, add it to identity.denylist and run again.",
        ),
        "constant_id": Cause(
            "uniqueness",
            "One device id for many people tells nobody apart.",
            "Add the id to identity.denylist and run again; ask why {source} sends it.",
        ),
        "robots": Cause(
            "validity",
            "One device that sends far more than any other, or in a rhythm, is no person.",
            "Look at what that device sends, and have {source} filter it if it is a robot.",
        ),
        "property_missing": Cause(
            "completeness",
            "A property is filled less than usual: dropped, or renamed.",
            "Ask the owner of the event; if it was renamed, say so in taxonomy.yaml.",
        ),
        "property_type_changed": Cause(
            "consistency",
            "Values of another type than usual fall out of sums and filters.",
            "Have the owner of the event send one type.",
        ),
        "unseen_values": Cause(
            "validity",
            "A closed list of values has members that it never had.",
            "List them in taxonomy.yaml if they are new; map them back if they were renamed.",
        ),
        "numeric_scale": Cause(
            "validity",
            "Numbers of another size than ever: a changed unit or currency.",
            "Ask the owner of the event whether its unit or currency changed.",
        ),
        "constant_value": Cause(
            "validity",
            "A property that varied has one value: a default.",
            "Ask the owner of the event whether {source} sends a default for it.",
        ),
        "event_renamed": Cause(
            "consistency",
            "A name never seen before looks like a known one.",
            "If it is the same event, add the name as an alias for {source} in taxonomy.yaml.",
        ),
        "event_vanished": Cause(
            "completeness",
            "An event no longer comes from a platform or version that sends the others.",
            _ASK_OWNER,
        ),
        "replayed_delivery": Cause(
            "uniqueness",
            "Most contents of a delivery were in an earlier one; under new ids they count twice.",
            "Remove the repeated file from the export folder of {source}; then run again.",
        ),
        "duplicates": Cause(
            "uniqueness",
            "More events than usual come more than once.",
            "Ask whether {source} was exported twice or its senders retry.",
        ),
        "double_firing": Cause(
            "uniqueness",
            "The same person's same act within a second, more often than usual.",
            _ASK_OWNER,
        ),
        "survey_flood": Cause(
            "validity",
            "Far more responses than usual, in a day or of one respondent.",
            "Check whether an invitation of {source} went out twice or a robot answers.",
        ),
        "score_scale": Cause(
            "consistency",
            "The scores of a question lie on another scale than before.",
            "Check the question's scale where the survey of {source} is run.",
        ),
        "impossible_scores": Cause(
            "validity",
            "Scores lie outside the scale that a question had.",
            "Check the question's scale where the survey of {source} is run.",
        ),
    }
)


def drift_rules() -> tuple[Rule, ...]:
    """One rule a cause, named like it."""
    return tuple(
        Rule(
            name=name,
            stage="staging",
            view="gate_drift",
            severity=cause.severity,
            dimension=cause.dimension,
            claim=expect("ExpectNoDrift", cause=name),
            offenders=f"cause = '{name}' and verdict = 'drift'",
            observed="sentence",
            next_step=cause.next_step,
            description=cause.description,
            history=f"cause <> '{name}' or verdict <> 'no_history'",
            records="records",
        )
        for name, cause in CAUSES.items()
    )
