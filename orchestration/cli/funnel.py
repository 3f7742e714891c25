"""`waybill funnel`: ordered events over the last good snapshot."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.analysis.funnels import FunnelQuery, FunnelResult, FunnelStep, known_events
from orchestration.analysis.funnels import funnel as count_funnel
from orchestration.cli.answers import folded
from orchestration.errors import ConfigurationError
from orchestration.funnel_config import FunnelRules, Per
from orchestration.setting_types import format_duration, parse_duration

EVENTS = "marts.fct_events"
DICTIONARY = "marts.dim_event_types"

_BAR_WIDTH = 10
_SEGMENTS_SHOWN = 20
_STEP_WIDTH, _BESIDE_SEGMENT = 30, 13  # of a step's name, so that the table fits 80 columns
_TIME_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def funnel(
    steps: Annotated[str, typer.Option(help="Canonical events in order: a,b,c.")],
    within: Annotated[
        str | None,
        typer.Option(help="Longest time from the first step: 7d, 12h, 30m, 45s (default: any)."),
    ] = None,
    per: Annotated[Per, typer.Option(help="Count persons, sessions or accounts.")] = "person",
    by: Annotated[
        str | None,
        typer.Option(help="Split by an event column or properties.<key>, read at the first step."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Count this source's events, primary or not (default: all primary events)."
        ),
    ] = None,
    order: Annotated[str, typer.Option(help="given, or any: the steps in any order.")] = "given",
    exclude: Annotated[
        str, typer.Option(help="Events a,b that end an attempt when they come after its start.")
    ] = "",
    reentry: Annotated[
        str, typer.Option(help="Which attempts count: furthest, first or every.")
    ] = "furthest",
    ties: Annotated[
        str, typer.Option(help="refuse: a step at the instant of the one before does not count.")
    ] = "allow",
    hold: Annotated[
        str | None, typer.Option(help="Column or properties.<key> that all steps must share.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Column or properties.<key> of the account.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: Annotated[Path | None, typer.Option(help="The migration.yaml to use.")] = None,
) -> None:
    """Count how many persons or sessions do some events in order, how far they get and how fast.

    Example: waybill funnel --steps cart_opened,payment_started,order_paid --within 7d --by platform
    """
    query = FunnelQuery(
        steps=tuple(step.strip() for step in steps.split(",")),
        within=None if within is None else _duration(within),
        per=per,
        by=by,
        source=source,
        rules=_rules(
            order=order,
            exclude=[each.strip() for each in exclude.split(",") if each.strip()],
            reentry=reentry,
            ties=ties,
            hold=hold,
            account=account,
        ),
    )
    # Imported late: --help should not wait for what opens the warehouse.
    from orchestration.cli.common import open_snapshot

    with open_snapshot(config) as connection:
        known = known_events(connection, EVENTS, DICTIONARY)
        result = count_funnel(connection, EVENTS, query, known)
    if as_json:
        typer.echo(json.dumps(result.to_json(), ensure_ascii=False))
    else:
        Console().print(table(result))


def _rules(**given: object) -> FunnelRules:
    try:
        return FunnelRules.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        told = problem.get("ctx", {}).get("problems")
        what = told[0].message if told else problem["msg"]
        raise ConfigurationError(f"{problem['loc'][0]}: {what}") from None


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(f"within: {error}") from None


def table(result: FunnelResult) -> Table:
    """The result for people: all entities first, then the segments in which most began."""
    query = result.query
    within = (
        "without a limit" if query.within is None else f"within {format_duration(query.within)}"
    )
    events = "primary events" if query.source is None else f"events of {query.source}"
    shown = Table(
        title=f"Funnel per {query.per}, {within}, {events}",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    if query.by is not None:
        shown.add_column(Text(query.by), overflow="fold")
    shown.add_column("step", overflow="fold")
    shown.add_column(f"{query.per}s", justify="right", no_wrap=True)
    shown.add_column("", min_width=_BAR_WIDTH, style="cyan")
    for heading in ("of start", "of prev.", "median"):
        shown.add_column(heading, justify="right", no_wrap=True)

    segments = result.segments or {}
    _add_rows(shown, "(all)" if query.by is not None else None, result.steps)
    for segment in list(segments)[:_SEGMENTS_SHOWN]:
        _add_rows(shown, segment, segments[segment])
    if not result.steps[0].entities:
        shown.caption = Text(_why_nobody(query))
    elif len(segments) > _SEGMENTS_SHOWN:
        shown.caption = (
            f"{len(segments) - _SEGMENTS_SHOWN} smaller segments are left out; see --json"
        )
    return shown


def _why_nobody(query: FunnelQuery) -> str:
    """What of the question may be the reason that no attempt began."""
    first = "any step" if query.rules.order == "any" else query.steps[0]
    held = [each for each in (query.rules.hold, query.rules.account) if each is not None]
    having = f" with a value of {' and '.join(held)}" if held else ""
    return f"Nobody began: there is no {first}{having} among these events."


def humanised(seconds: float | None) -> str:
    """A length of time to about two figures: `3 d 4 h`, `12 min`, `45 s`; `-` for None."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    for (unit, size), (part, part_size) in pairwise(_TIME_UNITS):
        if whole >= size:
            rest = whole % size // part_size
            return f"{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{seconds:.3g} s"


def _add_rows(shown: Table, segment: str | None, steps: tuple[FunnelStep, ...]) -> None:
    for number, step in enumerate(steps, start=1):
        # Names come from data: as Text they are shown as they are, never read as markup.
        label = [] if segment is None else [Text(segment if number == 1 else "")]
        shown.add_row(
            *label,
            Text(
                folded(f"{number} {step.step}", _STEP_WIDTH if segment is None else _BESIDE_SEGMENT)
            ),
            f"{step.entities:,}",
            "█" * round(_BAR_WIDTH * (step.from_start or 0)),
            _percent(step.from_start),
            _percent(step.from_previous),
            humanised(step.median_seconds),
            end_section=number == len(steps),
        )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
