"""Funnels: how many persons or sessions do some events in order, how far they get and how fast.

The SQL is `dbt_project/macros/funnel.sql`, the same file dbt uses for `fct_funnel_steps`; it is
rendered here with plain Jinja. This module asks the question and shapes the answer.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from orchestration.errors import ConfigurationError
from orchestration.funnel_config import PROPERTY, FunnelRules, Per, contradiction, rules_of
from orchestration.setting_types import format_duration
from orchestration.sql import quoted
from orchestration.yaml_models import unknown

if TYPE_CHECKING:
    import duckdb
    import jinja2

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros"
FILES = ("funnel.sql", "funnel_rules.sql")
PLAIN = FunnelRules()


@dataclass(frozen=True)
class FunnelQuery:
    """One question: ordered canonical events, how they are counted and split.

    `within` is the time from an attempt's first step to its last, both ends included; None is no
    limit. `by` is an event column or `properties.<key>`, read at the first step. `source` counts
    that source's events, primary or not; None counts the primary events of all sources. `rules`
    say how attempts count.

    Raises ConfigurationError where the question makes no sense whatever the data.
    """

    steps: tuple[str, ...]
    within: timedelta | None = None
    per: Per = "person"
    by: str | None = None
    source: str | None = None
    rules: FunnelRules = PLAIN

    def __post_init__(self) -> None:
        if not self.steps or not all(self.steps):
            raise ConfigurationError("steps: name the events in order, like cart_opened,order_paid")
        if self.per not in get_args(Per):
            raise ConfigurationError(f"per: {unknown('unit', self.per, get_args(Per))}")
        if self.within is not None and (
            self.within <= timedelta(0) or self.within % timedelta(seconds=1)
        ):
            raise ConfigurationError("within: give whole seconds over zero, like 7d, 12h or 45s")
        if self.by == PROPERTY:
            raise ConfigurationError("by: name the property, like properties.form_type")
        if wrong := contradiction(self.rules, list(self.steps), self.per):
            raise ConfigurationError(wrong)


@dataclass(frozen=True)
class FunnelStep:
    """How many entities came this far; rates lie in [0, 1] and are None where they divide by 0.

    `median_seconds` is measured from step 1; it is None for step 1 and where nobody came this far.
    """

    step: str
    entities: int
    from_start: float | None
    from_previous: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class FunnelResult:
    """The answer: one FunnelStep a step, over all entities and, if asked, for each segment.

    Segments are ordered by how many entities began in them, most first.
    """

    query: FunnelQuery
    steps: tuple[FunnelStep, ...]
    segments: dict[str, tuple[FunnelStep, ...]] | None = None

    def to_json(self) -> dict[str, Any]:
        """The object `waybill funnel --json` prints."""
        within = self.query.within
        answer: dict[str, Any] = {
            "steps": [asdict(step) for step in self.steps],
            "per": self.query.per,
            "within": None if within is None else format_duration(within),
        }
        if self.segments is not None:
            answer["segments"] = {
                segment: [asdict(step) for step in steps]
                for segment, steps in self.segments.items()
            }
        return answer


def known_events(
    connection: duckdb.DuckDBPyConnection, relation: str, dictionary: str | None = None
) -> set[str]:
    """The canonical events in `relation` and, if given, in the event dictionary's `event_name`.

    With the dictionary an event that nobody has done yet is known, and counts 0.
    Both relations are SQL text of the caller's, not input.
    """
    names = f"select distinct event_name from {relation} where event_name is not null"
    if dictionary is not None:
        names += f" union select event_name from {dictionary} where event_name is not null"
    return {name for (name,) in connection.execute(names).fetchall()}


def funnel(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    query: FunnelQuery,
    known: Collection[str] | None = None,
) -> FunnelResult:
    """Answer `query` over `relation`, which has the columns of `marts.fct_events`.

    `relation` is SQL text of the caller's, not input. `known` are the names a step may have, by
    default the events in `relation`.

    Raises ConfigurationError for an unknown step, column or source, with the nearest right one.
    """
    _refuse_unknown(connection, relation, query, known)
    counts = _render(
        relation,
        list(query.steps),
        None if query.within is None else query.within // timedelta(seconds=1),
        query.per,
        by=query.by,
        source=query.source,
        how=rules_of(query.rules),
    )
    # The figures over all entities together have no segment, and come first.
    rows = connection.execute(
        "select segment, step, entities, from_start, from_previous, median_seconds "
        f"from ({counts}\n) order by segment is not null, "
        "max(entities) over (partition by segment) desc, segment, step_number"
    ).fetchall()

    found: dict[str | None, tuple[FunnelStep, ...]] = {}
    for segment, *figures in rows:
        found[segment] = (*found.get(segment, ()), FunnelStep(*figures))
    segments = {segment: steps for segment, steps in found.items() if segment is not None}
    return FunnelResult(query, found[None], None if query.by is None else segments)


def _refuse_unknown(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    query: FunnelQuery,
    known: Collection[str] | None,
) -> None:
    events = known_events(connection, relation) if known is None else set(known)
    problems = list(_unknown("steps", "event", query.steps, events))
    problems += _unknown("exclude", "event", query.rules.exclude, events)
    described = connection.execute(f"select * from {relation} limit 0").description or []
    if query.by is not None and not query.by.startswith(PROPERTY):
        columns = {str(column[0]) for column in described}
        problems += _unknown("by", "column", [query.by], columns)
    if query.source is not None:
        distinct = f"select distinct {quoted('source')} from {relation}"
        sources = {name for (name,) in connection.execute(distinct).fetchall() if name is not None}
        problems += _unknown("source", "source", [query.source], sources)
    if problems:
        raise ConfigurationError("\n".join(problems))


def _unknown(option: str, what: str, words: Iterable[str], known: set[str]) -> Iterable[str]:
    # A name given twice is told once.
    wrong = [word for word in dict.fromkeys(words) if word not in known]
    return [f"{option}: {unknown(what, word, known)}" for word in wrong]


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    return environment.from_string("".join((MACROS / f).read_text(encoding="utf-8") for f in FILES))


def _render(
    relation: str,
    steps: list[str],
    within_seconds: int | None,
    per: Per,
    by: str | None,
    source: str | None,
    how: dict[str, Any],
) -> str:
    macro = _template().module.funnel_counts  # type: ignore[attr-defined]
    return str(macro(relation, steps, within_seconds, per, by=by, source=source, how=how))
