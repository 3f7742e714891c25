"""A change in words: its cause as a key, one sentence, and what to do first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from orchestration.analysis.detection.causes import Change
from orchestration.analysis.detection.panel import FAMILIES

LARGE = 0.5
"""A loss of half of a source or a platform is critical."""
RISEN = 0.2
"""An event that so many more are sent of is a warning: people do not change overnight, tags do."""

NEXT_STEPS = {
    "loss_on_platform": "Ask the owners of {source} what changed on {segment} about that hour (a"
    " release, a tag, a consent banner); compare with another tool's figures.",
    "loss_on_version": "Have the owners of {source} compare the tracking of {segment} with the"
    " release before it; hold its rollout back meanwhile.",
    "loss_of_event": "Have the owner of {event} test it in {source}{on}; see the events without a"
    " name (`waybill taxonomy suggest`), it may have been renamed.",
    "loss_of_source": "Ask the owners of {source} whether the export is whole; deliver the dates"
    " again, then `waybill run`.",
    "surge": "Look for events sent twice, for robots, or for a campaign that is not in"
    " `context: campaigns`, in {source}.",
    "rate_fell": "Tell the product's analysts: it fell in several tools alike, so tracking is not"
    " the likely reason.",
    "rate_rose": "Note in the company's calendar what was released or promoted on that day;"
    " otherwise look for events sent twice.",
    "ratio_broken": "Compare one hour's records of both by hand: one side lost or doubled some.",
    "threshold_crossed": "Tell the owner of {event}; `waybill funnel` shows the step that lost"
    " people.",
    "all_sources_fell": "If it was a holiday, add it to `context: closures`; otherwise check what"
    " all sources share: consent, network, log-in.",
}
"""Every cause a change may have, with what to do first; `runbooks.causes` says what each means."""


@dataclass(frozen=True)
class Told:
    """A change as people and incidents see it."""

    cause: str
    severity: str
    sentence: str
    next_step: str


def cause_of(change: Change) -> str:
    """The key of a change's cause; see `NEXT_STEPS`."""
    key, down = change.key, change.direction == "down"
    if key.family in ("paired", "funnel"):
        return "ratio_broken"
    if key.event is not None:
        if not down:
            return "rate_rose"
        return "rate_fell" if len(change.sources) > 1 else "loss_of_event"
    if not down:
        return "surge"
    if key.app_version is not None:
        return "loss_on_version"
    return "loss_on_platform" if key.platform is not None else "loss_of_source"


def tell(change: Change, first_bad_at: datetime, zone: str, campaign: str | None) -> Told:
    """Words for a change whose first bad hour is `first_bad_at` (UTC, without zone).

    `campaign` is the name of a known one on those days, which explains a rise.
    """
    cause, key, found = cause_of(change), change.key, change.evidence
    what = f"'{key.event}'" if key.event is not None else "events"
    on = f" on {key.segment}" if key.segment else ""
    where = " and ".join(change.sources)
    share = abs(found.change)
    how = f"{_percent(share)} {'fewer' if change.direction == 'down' else 'more'}"
    since = first_bad_at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    if change.direction == "down" and found.observed == 0:
        how = "none of the"
    subject = f"{what}{on}" if key.event is None else f"{what} events{on}"
    sentence = f"{where}: {how} {subject} since {since:%Y-%m-%d %H:00} {since:%Z}"
    sentence += (
        f"; {found.observed:,.0f} came where {found.expected:,.0f} were to be expected by"
        f" {_measure(change)}"
    )
    if change.direction == "down":
        low, high = max(found.low, 0.0), max(found.high, 0.0)
        sentence += f", about {max(found.lost, 0):,.0f} lost ({low:,.0f} to {high:,.0f})"
    sentence += "."
    explained = change.direction == "up" and campaign is not None
    if explained:
        sentence += f" The campaign '{campaign}' ran then."
    if change.settled is not None:
        sentence += " After four weeks this is taken as the usual level."
    return Told(
        cause,
        "notice" if explained else _severity(change, cause),
        sentence,
        "Nothing, the campaign explains it."
        if explained
        else NEXT_STEPS[cause].format(
            source=where, segment=key.segment or where, event=key.event or "the event", on=on
        ),
    )


def _measure(change: Change) -> str:
    key = change.key
    if key.family == "paired":
        return f"'{key.event}' in {key.against}" if key.event else f"the same in {key.against}"
    if key.family == "funnel":
        return f"'{key.against}'"
    return {
        "volume": "its weekday",
        "share": "its share of the source",
        "activity": "its sessions",
        "event": "the sessions there",
        "version": "the other versions' sessions",
    }.get(key.family, FAMILIES[key.family].metric)


def _severity(change: Change, cause: str) -> str:
    if change.direction == "up" and cause != "ratio_broken":
        risen = cause == "rate_rose" and change.evidence.change >= RISEN
        return "warning" if risen else "notice"
    broad = cause in ("loss_of_source", "loss_on_platform")
    return "critical" if broad and change.evidence.change <= -LARGE else "warning"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
