"""Causes that are no rules: what each means and what to do about it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """What has happened, and the first thing to do."""

    meaning: str
    first: str


CAUSES: Mapping[str, Cause] = {
    "build_failed": Cause(
        "A step of the run failed for a reason that is no gate: the disk, the lock, a bug.",
        "Read the message, mend what it names, then `waybill run`: it goes on where it stopped.",
    ),
    "quarantine": Cause(
        "Records that cannot be read or placed are kept with their bytes and a reason.",
        "Look at their reasons and samples; mend the source's settings or its export, then "
        "`waybill replay`.",
    ),
    "loss_on_platform": Cause(
        "One platform of a source brings fewer events than the others and its own past say.",
        "Ask its owners for a release, a tag, or a consent banner of that hour; have what is "
        "still there exported again, then `waybill run`.",
    ),
    "loss_on_version": Cause(
        "People on one app version send fewer events than those on the versions before.",
        "Ask the app's team to halt the roll-out of that version, and to mend its tracking.",
    ),
    "loss_of_event": Cause(
        "One event comes less often while the others of its source hold.",
        "Ask the event's owner what changed; see whether it arrives under another name with "
        "`waybill taxonomy audit`.",
    ),
    "loss_of_source": Cause(
        "A whole source brings less than it should.",
        "Compare with the vendor's own figures, fetch the dates again, then `waybill run`.",
    ),
    "surge": Cause(
        "More arrives than was to be expected: a campaign, bots, or a tag that fires twice.",
        "Ask marketing for a campaign of that day; else look for one person or one device that "
        "sends most of it.",
    ),
    "rate_fell": Cause(
        "Fewer of the active people do something than before, and no loss explains it.",
        "Look at the product, the season and the survey's answers before the tracking.",
    ),
    "rate_rose": Cause(
        "More of the active people do something than before.",
        "Ask for a release, a prompt or a campaign; doubt it until somebody knows the reason.",
    ),
    "ratio_broken": Cause(
        "Two counts that go together no longer do: client and server, two tools, or two steps.",
        "Find out which of the two moved; the one that fell is the one to mend.",
    ),
    "threshold_crossed": Cause(
        "A figure crossed a limit that the business set.",
        "Tell the owner of the metric; check completeness of the same days first.",
    ),
    "all_sources_fell": Cause(
        "All sources fell alike: a quiet time, or what they all rest on.",
        "If it was a holiday, add it to `context: closures`; else check what all share: consent, "
        "network, log-in.",
    ),
    "unknown_cause": Cause(
        "A finding whose name has no page of its own.",
        "Do what its own text says first; `waybill status` shows it in full.",
    ),
}
