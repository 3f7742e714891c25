"""`waybill demo`: write the demo exports, run the main job on them, say what happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.cli.run import print_report, print_status, refuse_red
from orchestration.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestration.config import Migration

TRUNCATED = "the demo cuts this file on purpose, to show what a torn export looks like"


def demo(
    events: Annotated[int, typer.Option(help="Acts of the demo's people.", min=1000)] = 60_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
    faults: Annotated[bool, typer.Option(help="Build the named faults into the exports.")] = True,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write exports of several tools for one known truth, migrate them, and tell what came out.

    Example: waybill demo --events 200000 --seed 3
    """
    from orchestration.analysis.funnels import FunnelQuery
    from orchestration.analysis.funnels import funnel as count_funnel
    from orchestration.cli.common import open_snapshot
    from orchestration.cli.funnel import table
    from orchestration.demo import generate
    from orchestration.quality.status import status_of

    migration = migration_of(config)
    folder = _demo_folder(migration)
    with err.status(f"writing exports of {events:,} acts to {folder}"):
        generate(folder, events=events, seed=seed, faults=faults)
    _run_accepting_the_torn_file(migration)
    state = status_of(migration)
    if as_json:
        print_json({**state.to_json(), "truth": str(folder / "truth.json")})
        refuse_red(state)
        return
    print_status(state)
    with open_snapshot(config) as connection:
        for name, funnel in migration.funnels.items():
            query = FunnelQuery(tuple(funnel.steps), funnel.within, funnel.per)
            out.print(f"[bold]{name}[/]")
            out.print(table(count_funnel(connection, "marts.fct_events", query)))
    out.print(f"What really happened: {folder / 'truth.json'}", highlight=False, soft_wrap=True)
    print_report(migration)
    out.print(f"Event dictionary: {migration.dictionary_page}", highlight=False, soft_wrap=True)
    out.print(f"Data Docs: {migration.data_docs_dir}", highlight=False, soft_wrap=True)
    refuse_red(state)


def _demo_folder(migration: Migration) -> Path:
    """The folder above the export folders. Raises ConfigurationError for other settings."""
    folders = {config.location.parent for config in migration.sources.values()}
    if len(folders) != 1 or (folder := folders.pop()).name != "exports":
        raise ConfigurationError(
            f"{migration.path}: `demo` writes to one folder `exports` that holds every source's; "
            "use the migration.yaml that ships with Waybill, or one of its shape"
        )
    return folder.parent


def _run_accepting_the_torn_file(migration: Migration) -> None:
    """Run; the demo's torn file is red, as it must be, and is accepted on the record; run again."""
    from orchestration.defs.runs import run_migration
    from orchestration.migration.waves import bring_into_scope
    from orchestration.quality.decisions import read_decisions, record
    from orchestration.quality.gate_results import held_deliveries
    from orchestration.warehouse import writing

    bring_into_scope(migration, None)
    with writing(migration), err.status("starting") as progress:
        run_migration(migration, tell=progress.update)
        held = held_deliveries(migration.gates_dir, read_decisions(migration.decisions_dir))
        torn = [
            (delivery, result)
            for delivery, results in held.items()
            for result in results
            if result.rule == "file_is_whole"
        ]
        for delivery, result in torn:
            progress.update(f"accepting {result.observed}")
            record(
                migration.decisions_dir,
                kind="accept",
                rule=result.rule,
                delivery_id=delivery,
                source=result.source,
                by="waybill demo",
                why=TRUNCATED,
            )
        if torn:
            run_migration(migration, tell=progress.update)


__all__ = ["demo"]
