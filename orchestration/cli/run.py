"""`waybill run`, `waybill status` and `waybill plan`."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from orchestration.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    migration_of,
    out,
    print_json,
    thousands,
)
from orchestration.cli.incidents import incident_table
from orchestration.errors import ConfigurationError, GateRed, WaybillError
from orchestration.yaml_models import unknown

if TYPE_CHECKING:
    from orchestration.config import Migration


def run(
    wave: Annotated[
        str | None, typer.Option(help="Load only this wave's sources and dates.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Land only this source; with --accept, its.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="First date to rebuild, even if nothing changed.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Last date to rebuild.")] = None,
    accept: Annotated[
        str | None,
        typer.Option(help="Accept this red rule, for --delivery or --source, on the record."),
    ] = None,
    delivery: Annotated[
        str | None, typer.Option(help="The delivery whose rule is accepted.")
    ] = None,
    why: Annotated[str | None, typer.Option(help="Why the rule is accepted.")] = None,
    no_fetch: Annotated[
        bool, typer.Option("--no-fetch", help="Take the files as they are; ask no vendor.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch and land what is new, build the warehouse, judge the gates.

    Running it again changes nothing.

    Example: waybill run --wave pilot

    Exit codes: 0 green, or red and accepted; 1 a gate is red; 2 wrong usage; 3 could not finish.
    """
    migration = migration_of(config)
    dates = _dates(from_, to)
    _known_source(migration, source)
    if accept is not None:
        _accept(migration, accept, delivery, source, why)
    elif delivery is not None or why is not None:
        raise ConfigurationError("--delivery and --why go with --accept RULE")
    errors: list[WaybillError] = []
    if not (no_fetch or accept):
        errors = _fetch(migration, source, wave)
    narrow = accept is not None or source is not None or dates is not None
    run_and_tell(
        migration,
        wave=wave,
        source=None if accept else source,
        dates=dates,
        keeps_scope=narrow and wave is None,
        as_json=as_json,
        errors=errors,
    )


def run_and_tell(
    migration: Migration,
    *,
    wave: str | None = None,
    source: str | None = None,
    dates: tuple[date, date] | None = None,
    keeps_scope: bool = False,
    as_json: bool = False,
    errors: Sequence[WaybillError] = (),
) -> None:
    """Run, print what happened, and raise GateRed when a gate is red.

    `errors` are those of the fetch before it: they stop no other source, and are raised last.

    With `keeps_scope` no more sources and dates are loaded than some run has asked for before.
    """
    from orchestration.defs.runs import run_migration
    from orchestration.migration.waves import bring_into_scope, keep_scope
    from orchestration.quality.status import status_of
    from orchestration.warehouse import writing

    if keeps_scope:
        keep_scope(migration)
    else:
        bring_into_scope(migration, wave)
    with writing(migration), err.status("starting") as progress:
        run_migration(migration, only_source=source, dates=dates, tell=progress.update)
    state = status_of(migration)
    if as_json:
        print_json(state.to_json())
    else:
        print_status(state)
        print_report(migration)
    if errors:
        from orchestration.fetch.fetching import refuse

        refuse(errors)
    refuse_red(state)


def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the ledger and the gates as the last run left them, and what to do next.

    Example: waybill status --json
    """
    from orchestration.quality.status import status_of

    migration = migration_of(config)
    state = status_of(migration)
    if as_json:
        print_json(state.to_json())
    else:
        print_status(state)
        print_report(migration)
    refuse_red(state)


def plan(
    wave: Annotated[str | None, typer.Option(help="Show this wave only.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a run would do: new files by source, and which dates each wave brings.

    Example: waybill plan --wave pilot
    """
    from orchestration.migration.plan import plan_of

    planned = plan_of(migration_of(config), wave)
    if as_json:
        print_json(planned.to_json())
        return
    files = Table(title="What a run would land", title_justify="left")
    for name in ("source", "vendor", "files", "new or changed", "bytes to read"):
        files.add_column(name, justify="left" if name in ("source", "vendor") else "right")
    for each in planned.sources:
        files.add_row(
            each.source, each.vendor, *map(thousands, (each.files, each.new_files, each.new_bytes))
        )
    out.print(files)
    waves = Table(title="Waves", title_justify="left")
    for name in ("wave", "sources", "from", "to", "was run"):
        waves.add_column(name)
    for part in planned.waves:
        waves.add_row(
            part.wave,
            ", ".join(part.sources),
            part.start,
            part.end,
            "yes" if part.was_run else "no",
        )
    if planned.waves:
        out.print(waves)


def print_status(state: object) -> None:
    """The ledger, the gates and what to do, as tables."""
    from orchestration.quality.status import FATES, FIRST, Status

    assert isinstance(state, Status)
    # figures are never cut: fates that no record has are left out, so that 80 columns are enough
    totals = {fate: sum(row[fate] for row in state.ledger.values()) for fate in FATES}
    shown = ["read", *(fate for fate in FATES if fate == "loaded" or totals[fate])]
    ledger = Table(title="Ledger (records)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    ledger.add_column("source", overflow="fold")
    for column in shown:
        ledger.add_column(column, justify="right", no_wrap=True)
    ledger.add_column("", no_wrap=True)
    for source, row in state.ledger.items():
        difference = row["read"] - sum(row[fate] for fate in FATES)
        balance = "[green]even[/]" if difference == 0 else f"[red]off by {difference:,}[/]"
        ledger.add_row(source, *(thousands(row[c]) for c in shown), balance)
    out.print(ledger)
    gates = Table(title="Gates", title_justify="left")
    for column in ("stage", "source", "state", "what was found"):
        gates.add_column(column, overflow="fold")
    for gate in state.gates:
        red = [item for item in gate["failed"] if "accepted" not in item]
        accepted = [item for item in gate["failed"] if "accepted" in item]
        word = "[red]red[/]" if red else "[yellow]accepted[/]" if accepted else "[green]green[/]"
        found = [f"[red]{i['rule']}[/]: {i['observed']}" for i in red]
        found += [
            f"{i['rule']}: {i['observed']} (accepted: {i['accepted']['why']})" for i in accepted
        ]
        found += [f"[dim]{i['rule']}: {i['observed']}[/]" for i in gate["warned"][:3]]
        if len(gate["warned"]) > 3:
            found.append(f"[dim]and {len(gate['warned']) - 3} more warnings[/]")
        source = "all" if gate["source"] == "_all" else gate["source"]
        gates.add_row(gate["stage"], source, word, "\n".join(found))
    out.print(gates)
    if state.todo:
        out.print("[bold]What to do first[/]")
        for number, text in enumerate(state.todo, start=1):
            out.print(f" {number}. {text}", highlight=False)
    if state.open_incidents:
        out.print(incident_table(state.open_incidents[:FIRST], in_short=True))
        if (more := len(state.open_incidents) - FIRST) > 0:
            out.print(f"and {more:,} more: `waybill incidents`", highlight=False)
    out.print(f"Warehouse to read: {state.warehouse}", highlight=False, soft_wrap=True)


def print_report(migration: Migration) -> None:
    """Where the report of the last run is, once there is one."""
    from orchestration.quality.report.history import page_of, past_runs

    if kept := past_runs(migration):
        page = page_of(migration, kept[0].run_id)
        out.print(f"Report: {page}", highlight=False, soft_wrap=True)


def refuse_red(state: object) -> None:
    """Raise GateRed, naming gate, rule, figure and next step, unless all is green or accepted."""
    from orchestration.quality.status import Status

    assert isinstance(state, Status)
    lines = [
        f"{gate['stage']} gate of {gate['source'].replace('_all', 'all sources')} is red: "
        f"{item['rule']}: {item['observed']}\n  {item['next_step']}"
        for gate in state.gates
        for item in gate["failed"]
        if "accepted" not in item
    ]
    unbalanced = [
        f"the ledger of {source} is out of balance"
        for source, row in state.ledger.items()
        if row["read"] != sum(count for fate, count in row.items() if fate != "read")
    ]
    told = unbalanced + lines
    if told:
        more = [f"and {len(told) - 3} more, see `waybill status`"] if len(told) > 3 else []
        raise GateRed("\n".join(told[:3] + more))


def _dates(start: str | None, end: str | None) -> tuple[date, date] | None:
    if start is None and end is None:
        return None
    first = _date("--from", start) if start else date(2000, 1, 1)
    last = _date("--to", end) if end else datetime.now().date()
    if first > last:
        raise ConfigurationError(f"--from {first} is after --to {last}; swap them")
    return first, last


def _date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option}: '{text}' is no date; write it like 2025-04-15"
        ) from None


def _fetch(migration: Migration, source: str | None, wave: str | None) -> list[WaybillError]:
    """Fetch what the run is about; what went wrong is told at once and raised at the end."""
    from orchestration.cli.fetch import fetch_and_note

    wanted = migration.waves[wave].sources if wave in migration.waves else list(migration.sources)
    chosen = [each for each in migration.fetched if each in ([source] if source else wanted)]
    if not chosen:
        return []
    _, errors = fetch_and_note(migration, chosen)
    for error in errors:
        err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
    return errors


def _known_source(migration: Migration, source: str | None) -> None:
    if source is not None and source not in migration.sources:
        raise ConfigurationError(f"--source: {unknown('source', source, migration.sources)}")


def _accept(
    migration: Migration, rule: str, delivery: str | None, source: str | None, why: str | None
) -> None:
    from expectations.suites import find_rule
    from orchestration.quality.decisions import record

    found = find_rule(rule)
    if not why:
        raise ConfigurationError('--accept needs --why "...": it is kept on the record')
    if found.stage != "marts" and delivery is None:
        raise ConfigurationError(f"--accept {rule} needs --delivery: it covers one delivery")
    record(
        migration.decisions_dir,
        kind="accept",
        rule=rule,
        delivery_id=delivery,
        source=source,
        by=getpass.getuser(),
        why=why,
    )


__all__ = ["Path", "plan", "run", "run_and_tell", "status"]
