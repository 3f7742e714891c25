"""What causes what, as data: the order in which findings are traced to one incident.

Names are patterns (`loss_*`), so that a rule or a change of a known family needs no entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Shared = Literal["delivery", "dates", "event", "platform", "version"]

LOSSES = ("loss_*", "volume_*", "*_missing", "missing_*", "*_absent")
RATES = ("rate_fell", "ratio_*", "threshold_*", "funnel_*", "conversion_*")
RISES = ("surge*", "rate_rose", "volume_*", "threshold_*")
SILENT = ("hours_are_present", "days_are_present", "volume_is_in_band")
NARROWER = ("loss_on_*", "loss_of_event", "volume_*", *RATES)


@dataclass(frozen=True)
class Explanation:
    """Findings of `causes` explain those of `effects` in the same source that share `within`.

    An event is shared, too, where the sentence of the cause names it. To share dates, the effect
    begins and ends on days of such deliveries, or when the change that causes it does; what is
    told of a delivery lies within that change. With `if_held`, only a cause that holds a delivery
    back explains.
    """

    causes: tuple[str, ...]
    effects: tuple[str, ...]
    within: tuple[Shared, ...]
    reason: str
    if_held: bool = False


CAUSAL_ORDER: tuple[Explanation, ...] = (
    Explanation(
        ("file_is_whole", "file_is_not_cut_by_vendor", "most_records_are_readable"),
        ("all_records_are_readable", "delivery_is_not_empty"),
        ("delivery",),
        "A file that breaks off, or is read wrongly, has unreadable records.",
    ),
    Explanation(
        ("clock_agrees_with_receipt",),
        ("zone_shift", "clock_drift", "future_rows", "no_event_is_future_dated", *SILENT),
        ("delivery",),
        "A wrong zone moves a delivery's events to other hours, some of them into the future.",
    ),
    Explanation(
        ("zone_shift", "epoch_unit", "clock_drift"),
        ("future_rows", "no_event_is_future_dated", *SILENT),
        ("delivery",),
        "A wrong clock moves events to other hours, some of them into the future.",
    ),
    Explanation(
        ("future_rows",),
        ("no_event_is_future_dated",),
        ("delivery",),
        "Both count the same events.",
    ),
    Explanation(
        ("*records_are_readable", "*future*", "epoch_unit", "unplanned_event"),
        ("few_records_are_quarantined",),
        (),
        "What cannot be used is quarantined.",
    ),
    Explanation(
        ("landed_equals_read",),
        ("ledger_balances", "marts_reconcile", "*_reconcile"),
        (),
        "What is missing from landing is missing from every count after it.",
    ),
    Explanation(
        ("*",),
        (*LOSSES, *RATES),
        ("dates",),
        "The records of a held delivery are pending, so every figure of its dates falls.",
        if_held=True,
    ),
    Explanation(
        (
            *("file_is_whole", "file_is_not_cut_by_vendor", "file_is_of_its_vendor"),
            *("file_can_be_read", "delivery_*", "vendor_manifest_*", "*hour*", "*day*"),
        ),
        (*LOSSES, *RATES),
        ("dates",),
        "Records that did not arrive are missing from every later figure.",
    ),
    Explanation(
        ("clock_*", "zone_*", "epoch_unit", "future_rows"),
        (*LOSSES, *RATES, *RISES),
        ("dates",),
        "Events with a wrong time are counted on other days and hours.",
    ),
    Explanation(
        ("*duplicate*", "*replay*", "double_*", "rows_without_id_do_not_repeat", "robots"),
        RISES,
        ("dates",),
        "Events that are counted twice look like more activity.",
    ),
    Explanation(
        ("surge*",),
        ("volume_*", "rate_rose", "threshold_*"),
        ("dates",),
        "More of everything is more of each part.",
    ),
    Explanation(
        ("unmapped_share_is_within_limit",),
        ("unplanned_event", "all_events_are_mapped"),
        (),
        "The limit on unmapped events judges the same records.",
    ),
    Explanation(
        ("unplanned_event", "event_renamed", "retired_event"),
        ("loss_of_event", "event_vanished", "companion_missing", *RATES),
        ("event", "dates"),
        "An event that arrives under another name is missing under its own.",
    ),
    Explanation(
        ("loss_of_source", "loss_on_platform", "loss_on_version"),
        ("counter_gaps", "companion_missing"),
        ("dates",),
        "What was sent and lost on the way is missing where it should have come.",
    ),
    Explanation(
        ("loss_of_source",),
        NARROWER,
        ("dates",),
        "A source that lost events lost them on its platforms, versions and events too.",
    ),
    Explanation(
        ("loss_on_platform",),
        ("loss_on_version", "loss_of_event", *RATES),
        ("platform", "dates"),
        "A platform that lost events lost them of its versions and of its events too.",
    ),
    Explanation(
        ("loss_on_version",),
        ("loss_of_event", *RATES),
        ("platform", "version", "dates"),
        "A version that lost events lost them of its events too.",
    ),
    Explanation(
        ("anonymous_visitors_lost",),
        ("loss_of_source", "loss_on_platform", "loss_on_version", *RATES, "rate_rose"),
        ("dates",),
        "Where visitors without a user id are not counted, volumes fall and rates are of others.",
    ),
    Explanation(
        ("login_stopped", "anonymous_id_lost", "ids_reset", "ids_merged", "constant_id"),
        (*RATES, "rate_rose"),
        ("dates",),
        "Rates count persons; when persons are joined or split wrongly, rates move.",
    ),
    Explanation(
        ("loss_of_event", "event_vanished", "companion_missing"),
        ("loss_of_event", "companion_missing", *RATES),
        ("event", "dates"),
        "An event that is lost lowers its rate and the steps of funnels after it.",
    ),
    Explanation(
        ("build_failed",),
        ("*fresh*", "*late*"),
        (),
        "What is not built is late.",
    ),
)
"""Earlier entries win: they stand nearer to where the data come from."""

PRESENT_STATE = {"all_events_are_mapped": "unplanned_event"}
"""Rules whose judgement of a past delivery is out of date once a rule over the marts says so.

The mart is judged in every run by the dictionary as it is now; a delivery only when it is staged.
"""

NO_BREAK = frozenset({"events_have_an_id", "reexport_is_unchanged", "published_dates_stay"})
"""Rules that tell a trait of a source, or news of it: there is nothing to mend and no end to it.

They stay warnings of their gates.
"""

TITLES = {
    "build_failed": "The build failed",
    "file_is_whole": "A file is cut off",
    "file_is_not_cut_by_vendor": "The vendor cut an export short",
    "file_is_of_its_vendor": "A file is of another vendor",
    "most_records_are_readable": "Too many records cannot be read",
    "all_records_are_readable": "Some records cannot be read",
    "delivery_is_complete": "A delivery lacks files",
    "vendor_manifest_agrees": "Fewer records came than the vendor says",
    "clock_agrees_with_receipt": "The clock is in another time zone",
    "hours_are_present": "Hours are missing",
    "days_are_present": "Days are missing",
    "volume_is_in_band": "More or fewer events than usual",
    "zone_shift": "Events are hours off",
    "counter_gaps": "Events are lost on the way",
    "companion_missing": "Acts come without those they need",
    "ids_reset": "Ids of people are made anew",
    "anonymous_visitors_lost": "Visitors without an account are not counted",
    "epoch_unit": "Times are in another unit",
    "event_renamed": "An event has another name",
    "event_vanished": "An event is gone",
    "property_missing": "A property is missing",
    "property_type_changed": "A property is of another type",
    "no_event_is_future_dated": "Events are dated in the future",
    "unplanned_event": "Events arrive under names nobody planned",
    "loss_on_platform": "Events are lost on a platform",
    "loss_on_version": "Events are lost in an app version",
    "loss_of_event": "An event is lost",
    "loss_of_source": "A source delivers fewer events",
    "rate_fell": "A rate fell",
    "rate_rose": "A rate rose",
    "ratio_broken": "Two figures that move together no longer do",
    "surge": "More events than usual",
    "threshold_crossed": "A business threshold is crossed",
}


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a cause is of one of these patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def title_of(cause: str, is_rule: bool = True) -> str:
    """A cause in a few words; a rule's name is the claim that does not hold."""
    words = cause.replace("_", " ")
    return TITLES.get(cause) or (f"Not met: {words}" if is_rule else words.capitalize())
