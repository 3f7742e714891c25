"""`waybill report`: the page of a run, and the one for the weekly review."""

from __future__ import annotations

import webbrowser
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.errors import CannotFinish, ConfigurationError


def report(
    run: Annotated[
        str | None, typer.Option(help="The run's id, or its beginning; else the last run.")
    ] = None,
    weekly: Annotated[bool, typer.Option(help="Write the page for the weekly review.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print where the report of the last run is: what is red, why, and what to do first.

    Example: waybill report --open
    """
    if weekly and run is not None:
        raise ConfigurationError("--weekly is of no run; leave out --run")
    told = _weekly(config) if weekly else _of_run(config, run)
    if as_json:
        print_json(told)
    else:
        if told.get("sentence"):
            err.print(Text(told["sentence"]))
        out.print(Text(told["page"]), soft_wrap=True)
    if open_it and not webbrowser.open(f"file://{told['page']}"):
        raise CannotFinish(f"no browser could be started; open {told['page']} yourself")


def _weekly(config: Any) -> dict[str, Any]:
    from orchestration.quality.report.weekly import write_weekly
    from orchestration.warehouse import writing

    migration = migration_of(config)
    with writing(migration), err.status("writing the page"):
        return {"page": str(write_weekly(migration).absolute())}


def _of_run(config: Any, run_id: str | None) -> dict[str, Any]:
    from dataclasses import asdict

    from orchestration.quality.report.history import find_run, page_of, past_runs

    migration = migration_of(config)
    if run_id is not None:
        found = find_run(migration, run_id)
    else:
        kept = past_runs(migration)
        if not kept:
            raise CannotFinish("no run has a report yet; start with `waybill run`")
        found = kept[0]
    page = page_of(migration, found.run_id).absolute()
    return {"page": str(page), **asdict(found)}
