"""The company's own context as typed CSV files: what happened, was tried, is wanted, and costs.

Every file has the columns `from` and `to`, dates of the reporting zone with both ends included; an
empty `to` means from then on. `events` of the dictionary that a line names must exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from orchestration.context_files import (
    LAST_DAY,
    Column,
    Row,
    currency,
    day,
    flag,
    not_negative,
    number,
    read_rows,
)
from orchestration.errors import ConfigurationError
from orchestration.setting_types import ConfiguredPath, Settings
from orchestration.yaml_models import unknown

PeriodKind = Literal["campaigns", "phases", "closures", "moves"]
TARGET_METRICS = {
    "daily_conversion_rate": ("platform", "country", "product_line", "campaign", "cohort"),
    "weekly_conversion_rate": ("platform", "country", "product_line", "campaign", "cohort"),
    "activation_rate": ("platform", "country", "campaign"),
}
"""The metrics that a mart holds against targets, each with the dimensions it has segments of."""


class Context(Settings):
    """Files with what the company knows about itself and its market."""

    campaigns: ConfiguredPath | None = None
    phases: ConfiguredPath | None = None
    closures: ConfiguredPath | None = None
    moves: ConfiguredPath | None = None
    experiments: ConfiguredPath | None = None
    resources: ConfiguredPath | None = None
    targets: ConfiguredPath | None = None
    costs: ConfiguredPath | None = None


@dataclass(frozen=True)
class Period:
    """One line of campaigns, phases, closures or moves (of a competitor).

    `source`, `event` and `platform` None mean all of them.
    """

    kind: PeriodKind
    name: str
    start: date
    end: date
    source: str | None = None
    event: str | None = None
    platform: str | None = None
    competitor: str | None = None

    def covers(self, day: date, source: str | None) -> bool:
        """Whether the day lies inside and the source, if any, is meant."""
        meant = self.source is None or source is None or self.source == source
        return meant and self.start <= day <= self.end


@dataclass(frozen=True)
class Variant:
    """A variant of an experiment; `share` of those assigned, 1 over all variants of it together.

    `exposure_event` None means that who is assigned is exposed.
    """

    experiment: str
    variant: str
    is_control: bool
    start: date
    end: date
    exposure_event: str | None = None
    share: float | None = None


@dataclass(frozen=True)
class Resource:
    """What an event asks of a resource: `per_event` units each; thresholds are units a day.

    `per_event` is the elasticity as a rate: one event more asks for so many units more. `capacity`
    is what there is of the resource, in units a day.
    """

    resource: str
    event: str
    start: date
    end: date
    per_event: float
    unit: str | None = None
    warning: float | None = None
    critical: float | None = None
    capacity: float | None = None


@dataclass(frozen=True)
class Target:
    """What a metric is to reach; of one event, and of one segment of a dimension, if named."""

    metric: str
    start: date
    end: date
    value: float
    event: str | None = None
    dimension: str | None = None
    segment: str | None = None


@dataclass(frozen=True)
class Cost:
    """What an intervention cost in all, in `currency`; `event` is what it was to move."""

    intervention: str
    start: date
    end: date
    cost: float
    currency: str
    event: str | None = None


@dataclass(frozen=True)
class CompanyContext:
    """All lines of all context files, in their order."""

    periods: tuple[Period, ...] = ()
    experiments: tuple[Variant, ...] = ()
    resources: tuple[Resource, ...] = ()
    targets: tuple[Target, ...] = ()
    costs: tuple[Cost, ...] = ()


_NAME = Column(str, must_be_there=True, must_be_filled=True)
_OPTIONAL = Column(str)
_FROM = Column(day, must_be_there=True, must_be_filled=True)
_TO = Column(day, must_be_there=True, empty=LAST_DAY)
_PERIOD = {
    **{"name": _NAME, "from": _FROM, "to": _TO},
    **{"source": _OPTIONAL, "event": _OPTIONAL, "platform": _OPTIONAL},
}
COLUMNS: dict[str, dict[str, Column]] = {
    "campaigns": _PERIOD,
    "phases": _PERIOD,
    "closures": _PERIOD,
    "moves": {**_PERIOD, "competitor": _OPTIONAL},
    "experiments": {
        "experiment": _NAME,
        "variant": _NAME,
        "is_control": Column(flag, must_be_there=True, must_be_filled=True),
        "from": _FROM,
        "to": _TO,
        "exposure_event": _OPTIONAL,
        "share": Column(not_negative),
    },
    "resources": {
        "resource": _NAME,
        "event": _NAME,
        "from": Column(day, empty=date.min),
        "to": Column(day, empty=LAST_DAY),
        "per_event": Column(not_negative, must_be_there=True, must_be_filled=True),
        "unit": _OPTIONAL,
        "warning": Column(not_negative),
        "critical": Column(not_negative),
        "capacity": Column(not_negative),
    },
    "targets": {
        "metric": _NAME,
        "from": _FROM,
        "to": _TO,
        "value": Column(number, must_be_there=True, must_be_filled=True),
        "event": _OPTIONAL,
        "dimension": _OPTIONAL,
        "segment": _OPTIONAL,
    },
    "costs": {
        "intervention": _NAME,
        "from": _FROM,
        "to": _TO,
        "cost": Column(not_negative, must_be_there=True, must_be_filled=True),
        "currency": Column(currency, must_be_there=True, must_be_filled=True),
        "event": _OPTIONAL,
    },
}


def read_context(
    context: Context, sources: Collection[str], events: Collection[str] | None = None
) -> CompanyContext:
    """What the context files say; `sources` are those configured, `events` those of the dictionary.

    Without `events` the names of events are taken as they stand. Raises ConfigurationError with
    file and line of the first line that cannot be read or makes no sense.
    """

    def lines(kind: str) -> Iterator[tuple[Row, dict[str, Any]]]:
        path: Path | None = getattr(context, kind)
        if path is not None:
            for row in read_rows(kind, path, COLUMNS[kind]):
                _refuse_unknown(row, sources, events)
                cells = dict(row.cells)
                yield row, {"start": cells.pop("from"), "end": cells.pop("to"), **cells}

    variants = [(row, Variant(**cells)) for row, cells in lines("experiments")]
    _refuse_odd_variants(variants)
    resources = [(row, Resource(**cells)) for row, cells in lines("resources")]
    _refuse_odd_thresholds(resources)
    targets = [(row, Target(**cells)) for row, cells in lines("targets")]
    _refuse_odd_targets(targets)
    return CompanyContext(
        tuple(Period(kind, **c) for kind in get_args(PeriodKind) for _, c in lines(kind)),
        tuple(each for _, each in variants),
        tuple(each for _, each in resources),
        tuple(each for _, each in targets),
        tuple(Cost(**cells) for _, cells in lines("costs")),
    )


def _refuse_unknown(row: Row, sources: Collection[str], events: Collection[str] | None) -> None:
    start, end = row.cells["from"], row.cells["to"]
    if start > end:
        raise ConfigurationError(f"{row.where}: to {end} is before from {start}; swap them")
    source = row.cells.get("source")
    if source is not None and source not in sources:
        raise ConfigurationError(f"{row.where}: {unknown('source', source, sources)}")
    for column in ("event", "exposure_event"):
        event = row.cells.get(column)
        if event is not None and events is not None and event not in events:
            raise ConfigurationError(f"{row.where}: {column}: {unknown('event', event, events)}")


def _refuse_odd_variants(variants: list[tuple[Row, Variant]]) -> None:
    """An experiment has one control, each variant once, and shares of all or of none."""
    ordered = sorted(variants, key=lambda each: each[1].experiment)
    for name, group in groupby(ordered, key=lambda each: each[1].experiment):
        rows = list(group)
        where = rows[0][0].where
        names = [variant.variant for _, variant in rows]
        if len(set(names)) < len(names):
            raise ConfigurationError(
                f"{where}: experiment '{name}' has a variant twice; remove one"
            )
        if sum(variant.is_control for _, variant in rows) != 1:
            raise ConfigurationError(
                f"{where}: experiment '{name}' needs exactly one variant with is_control true"
            )
        shares = [variant.share for _, variant in rows]
        given = [share for share in shares if share is not None]
        if given and (len(given) < len(shares) or abs(sum(given) - 1) > 0.001):
            raise ConfigurationError(
                f"{where}: shares of experiment '{name}' do not sum to 1; give each variant its"
                " share, or none for equal ones"
            )


def _refuse_odd_thresholds(resources: list[tuple[Row, Resource]]) -> None:
    for row, each in resources:
        if each.warning is None or each.critical is None:
            continue
        if each.warning > each.critical:
            raise ConfigurationError(
                f"{row.where}: warning {each.warning:g} is above critical {each.critical:g}; swap"
                " them"
            )
    units: dict[str, str | None] = {}
    for row, each in resources:
        unit = units.setdefault(each.resource, each.unit)
        if unit != each.unit:
            raise ConfigurationError(
                f"{row.where}: resource '{each.resource}' is in {each.unit or 'no unit'} here and"
                f" in {unit or 'no unit'} above; its lines are summed, so give all of them one unit"
            )


def _refuse_odd_targets(targets: list[tuple[Row, Target]]) -> None:
    """A target that no mart would ever compare with anything looks like one that was reached."""
    for row, each in targets:
        if each.metric not in TARGET_METRICS:
            told = unknown("metric", each.metric, TARGET_METRICS)
            raise ConfigurationError(f"{row.where}: metric: {told}")
        if (each.dimension is None) != (each.segment is None):
            raise ConfigurationError(
                f"{row.where}: dimension and segment go together, like platform and ios; give both"
                " or none"
            )
        dimensions = TARGET_METRICS[each.metric]
        if each.dimension is not None and each.dimension not in dimensions:
            told = unknown(f"dimension of {each.metric}", each.dimension, dimensions)
            raise ConfigurationError(f"{row.where}: dimension: {told}")
