"""What `waybill taxonomy suggest` answers: suggestions, and names that are no known event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.suggestion.evidence import evidence
from orchestration.taxonomy.suggestion.patch import new_event_name, patched
from orchestration.taxonomy.suggestion.records import count_records, unmapped_names
from orchestration.taxonomy.suggestion.suggesting import (
    Arrival,
    Judgement,
    judge,
    split_arrivals,
)

LIKELY = 0.5
"""Probability from which an event is suggested at all: it is more likely than not."""
_RUNNERS_UP = 0.1


@dataclass(frozen=True)
class Suggestion:
    """An arrival and the event it most likely is; `probability` in [LIKELY, 1]."""

    arrival: Arrival
    event: str
    probability: float
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Unmatched:
    """An arrival without a likely event; `none_of_them` is the probability that it is a new one.

    `new_event` is a name for it. Both are None where a person has to look first.
    """

    arrival: Arrival
    evidence: tuple[str, ...]
    none_of_them: float | None = None
    new_event: str | None = None

    def is_new(self, least: float) -> bool:
        """Whether it is a new event at least so surely."""
        return self.new_event is not None and (self.none_of_them or 0.0) >= least


@dataclass(frozen=True)
class Report:
    """Suggestions, surest first; and the names without one, those with most records first."""

    suggestions: tuple[Suggestion, ...]
    unmatched: tuple[Unmatched, ...]

    def patched(self, text: str, taxonomy: Taxonomy, least: float, with_new: bool) -> str:
        """The dictionary's text with what is at least so probable; new events if asked for."""
        mapped = [(s.arrival, s.event) for s in self.suggestions if s.probability >= least]
        new = [
            (each.arrival, each.new_event)
            for each in self.unmatched
            if with_new and each.new_event is not None and each.is_new(least)
        ]
        return patched(text, taxonomy, mapped, new)

    def to_json(self, least: float) -> dict[str, Any]:
        """The object that `--json` prints; probabilities are rounded to 4 digits."""
        return {
            "suggestions": [
                {
                    **_named(each.arrival),
                    "event": each.event,
                    "probability": round(each.probability, 4),
                    "evidence": list(each.evidence),
                    "in_patch": each.probability >= least,
                }
                for each in self.suggestions
            ],
            "unmatched": [
                {
                    **_named(each.arrival),
                    "new_event": each.new_event if each.is_new(least) else None,
                    "probability": None
                    if each.none_of_them is None
                    else round(each.none_of_them, 4),
                    "evidence": list(each.evidence),
                }
                for each in self.unmatched
            ],
        }


def _named(arrival: Arrival) -> dict[str, Any]:
    return {"source": arrival.source, "name": arrival.name, "records": arrival.records}


def report_on(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    taxonomy: Taxonomy,
    vendors: Mapping[str, str],
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Judge every unmapped name in `relation`, which has the columns of `marts.fct_events`.

    `relation` is SQL text of the caller's, not input; `vendors` is source to vendor. Nothing is
    counted where no name is left to judge. `tell` is told what is being done.
    """
    names = unmapped_names(connection, relation)
    arrivals, left = split_arrivals(taxonomy, vendors, names)
    judgements: list[Judgement] = []
    if arrivals:
        tell(f"counting what the records of {len(arrivals):,} names and of all events say")
        records = count_records(connection, relation)
        tell(f"comparing {len(arrivals):,} names with {len(taxonomy.events):,} events")
        judgements = judge(taxonomy, arrivals, records)
    return summed_up(taxonomy, judgements, left)


def summed_up(
    taxonomy: Taxonomy, judgements: list[Judgement], left: Mapping[Arrival, str]
) -> Report:
    """Judgements as suggestions where an event is likely, else as unmatched."""
    suggestions: list[Suggestion] = []
    unmatched = [Unmatched(arrival, (reason,)) for arrival, reason in left.items()]
    for each in judgements:
        best, probability = each.best if each.ranked else (None, 0.0)
        if best is not None and probability >= LIKELY:
            why = tuple(evidence(each.arrival.name, best))
            suggestions.append(Suggestion(each.arrival, best.event, probability, why))
            continue
        near = tuple(
            f"{candidate.event} has a probability of {chance:.2f}"
            for candidate, chance in each.ranked[:2]
            if chance >= _RUNNERS_UP
        )
        unmatched.append(
            Unmatched(
                each.arrival,
                near,
                each.none_of_them,
                new_event_name(taxonomy, each.arrival.name),
            )
        )
    return Report(
        tuple(
            sorted(suggestions, key=lambda s: (-s.probability, s.arrival.source, s.arrival.name))
        ),
        tuple(
            sorted(unmatched, key=lambda u: (-u.arrival.records, u.arrival.source, u.arrival.name))
        ),
    )
