"""`waybill fetch`: what vendors' APIs and object stores have, as files to land."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
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
from orchestration.errors import ConfigurationError, WaybillError
from orchestration.yaml_models import unknown

if TYPE_CHECKING:
    from orchestration.config import Migration
    from orchestration.fetch.fetching import Fetched

FIGURES = ("asked", "new", "changed", "same", "empty")


def fetch(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="All that have `fetch:` if left out."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Only intervals that touch this date or later.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="... this date or earlier.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also ask for what no longer changes.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is due from vendors' APIs and object stores. Nothing is landed or built.

    Example: waybill fetch mixpanel_app --from 2025-03-01 --to 2025-03-31

    Exit codes: 0 done; 2 wrong settings or a refused secret; 3 something was not fetched.
    """
    migration = migration_of(config)
    dates = (_date("--from", from_), _date("--to", to))
    if dates[0] and dates[1] and dates[0] > dates[1]:
        raise ConfigurationError(f"--from {dates[0]} is after --to {dates[1]}; swap them")
    results, errors = fetch_and_note(
        migration, _chosen(migration, sources or []), dates=dates, again=again
    )
    if as_json:
        print_json({"sources": [to_json(each) for each in results]})
    elif results:
        out.print(table(results))
        for each in results:
            for name in each.missing:
                out.print(f"{each.source}: {name} is no longer in its store; its file stays")
    from orchestration.fetch.fetching import refuse

    refuse(errors)


def fetch_and_note(
    migration: Migration,
    sources: Sequence[str],
    *,
    dates: tuple[date | None, date | None] = (None, None),
    again: bool = False,
) -> tuple[list[Fetched], list[WaybillError]]:
    """Fetch with progress, and note in Dagster which days came."""
    from orchestration.fetch.fetching import fetch_source, fetch_sources

    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[doing]}"), console=err) as progress:
        tasks = {
            name: progress.add_task(name, total=None, doing="", start=False) for name in sources
        }

        def tell(source: str, done: int, due: int, doing: str) -> None:
            progress.start_task(tasks[source])
            progress.update(tasks[source], completed=done, total=due, doing=doing)

        def fetch_one(source: str) -> Fetched:
            done = fetch_source(migration, source, dates=dates, again=again, tell=tell)
            tell(source, done.asked, done.asked, "")
            return done

        results, errors = fetch_sources(migration, sources, fetch_one)
    if any(result.asked for result in results):  # Dagster takes seconds to load
        from orchestration.defs.fetching import note_fetched

        note_fetched(migration, results)
    return results, errors


def table(results: Sequence[Fetched]) -> Table:
    """What each source's fetch brought."""
    shown = Table(title="Fetched (files)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    shown.add_column("source", overflow="fold")
    for name in (*FIGURES, "failed", "bytes", "seconds"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in results:
        figures = [thousands(getattr(each, name)) for name in FIGURES]
        lost = len(each.failed) + each.not_asked
        failed = f"[red]{lost:,}[/]" if lost else "·"
        shown.add_row(each.source, *figures, failed, thousands(each.bytes), f"{each.seconds:.1f}")
    return shown


def to_json(result: Fetched) -> dict[str, object]:
    """What a source's fetch brought, for `--json`."""
    return {
        "source": result.source,
        **{name: getattr(result, name) for name in FIGURES},
        "missing": result.missing,
        "failed": result.failed,
        "not_asked": result.not_asked,
        "bytes": result.bytes,
        "seconds": round(result.seconds, 3),
    }


def _chosen(migration: Migration, sources: Sequence[str]) -> list[str]:
    for source in sources:
        if source not in migration.sources:
            raise ConfigurationError(unknown("source", source, migration.sources))
        if source not in migration.fetched:
            raise ConfigurationError(
                f"sources.{source}: has no `fetch:`, its files lie in a folder; see the README's "
                "part on fetching"
            )
    if not migration.fetched:
        raise ConfigurationError(
            f"{migration.path}: no source has `fetch:`; see the README's part on fetching"
        )
    return list(sources) or list(migration.fetched)


def _date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option}: '{text}' is no date; write it like 2025-04-15"
        ) from None
