"""Who says that a macro-conversion happened: tracked events, or what a business system recorded.

A conversion has one authority. Where that is commerce, tracked events of the name stay in
`fct_events` as evidence, and what is counted comes from the objects of billing or of the CRM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from orchestration.source_config import OBJECTS
from orchestration.taxonomy.properties import Part
from orchestration.yaml_models import Name, Problem, refuse, unknown, value_kind

if TYPE_CHECKING:
    from orchestration.taxonomy.model import Taxonomy

CommerceFact = Literal[
    "payment",
    "first_payment",
    "trial_started",
    "subscription_started",
    "subscription_ended",
    "opportunity_won",
]
"""What makes a conversion: a posting of `fct_revenue`, a change of a subscription, a won deal."""
FACTS: tuple[str, ...] = get_args(CommerceFact)


class Authority(Part):
    """A fact of commerce, of some sources or (without `sources`) of every business system."""

    commerce: CommerceFact
    sources: list[Name] = []


def read_authority(value: Any) -> Any:
    """`events`, the default, is no authority of its own; all else must be one.

    Raises ValueError for other text.
    """
    if value is None or value == "events":
        return None
    if isinstance(value, Authority | dict):
        return value
    if isinstance(value, str) and value not in ("commerce", *FACTS):
        raise refuse(unknown("authority", value, ("events",)))
    found = f"'{value}'" if isinstance(value, str) else value_kind(value)
    raise refuse(f"must be events or {{commerce: {FACTS[1]}}}, not {found}")


@dataclass(frozen=True)
class AuthorityRow:
    """An event that a fact of a source makes."""

    event_name: str
    fact: str
    source: str


def authority_rows(taxonomy: Taxonomy, vendors: Mapping[str, str]) -> list[AuthorityRow]:
    """A row an event and source, for events whose authority is commerce. `vendors` by source."""
    systems = [source for source, vendor in vendors.items() if vendor in OBJECTS]
    return [
        AuthorityRow(name, event.authority.commerce, source)
        for name, event in taxonomy.events.items()
        if event.maps and event.authority is not None
        for source in event.authority.sources or systems
    ]


def unknown_sources(
    taxonomy: Taxonomy, configured: Sequence[str]
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Sources that an authority names and that are not configured: what to say, and where."""
    for name, event in taxonomy.events.items():
        for number, source in enumerate(event.authority.sources if event.authority else ()):
            if source not in configured:
                at = ("events", name, "authority", "sources", number)
                yield unknown("source", source, configured), at


def misplaced(kind: str | None) -> Iterator[Problem]:
    """An authority of an event that is no macro-conversion."""
    if kind is not None and kind != "macro":
        yield Problem(
            f"is for macro-conversions, and this event is {kind}; remove it", ("authority",)
        )
