"""`waybill story`: write a small product with a known truth, run it, and hold the marts to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from orchestration.cli.answers import folded
from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestration.demo.stories.recovery import Recovery

_WHAT, _FIGURE = 28, 14  # longest lines of a cell, so that the table fits 80 columns


def story(
    name: Annotated[
        str,
        typer.Argument(
            help="tax_deadline, competitor_launch, design_season or broken_activation.",
            show_default=False,
        ),
    ],
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one of four stories below `home`, migrate it, and hold the marts against its truth.

    Example: waybill story competitor_launch
    """
    import duckdb

    from orchestration.config import load_migration
    from orchestration.defs.runs import run_migration
    from orchestration.demo.stories import STORIES, write_story
    from orchestration.demo.stories.recovery import recovered
    from orchestration.migration.waves import bring_into_scope
    from orchestration.warehouse import readable_file, writing
    from orchestration.yaml_models import unknown

    if name not in STORIES:
        raise ConfigurationError(unknown("story", name, STORIES))
    folder = migration_of(config).home / "stories" / name
    with err.status("writing the story") as progress:
        told = STORIES[name](seed)
        try:
            path = write_story(told, folder)
        except FileExistsError as error:
            raise ConfigurationError(str(error)) from error
        migration = load_migration(path)
        bring_into_scope(migration, None)
        with writing(migration):
            run_migration(migration, tell=progress.update)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    with duckdb.connect(readable_file(migration), read_only=True) as connection:
        found = recovered(connection, truth)
    if as_json:
        print_json(
            {
                "story": name,
                "migration": str(path),
                "warehouse": str(readable_file(migration)),
                "recovered": [vars(each) for each in found],
            }
        )
        return
    out.print(f"[bold]{told.title}[/]", highlight=False)
    out.print(recovery_table(found))
    _say_where(path, readable_file(migration))


def recovery_table(found: list[Recovery]) -> Table:
    """Each known figure: the truth, what a mart says, and whether its interval covers it."""
    table = Table(box=None, header_style="dim")
    for head in ("known", "truth", "found", "95 % interval", ""):
        table.add_column(
            head, justify="right" if head in ("truth", "found") else "left", overflow="fold"
        )
    for each in found:
        table.add_row(
            folded(each.what, _WHAT),
            folded(_shown(each.truth), _FIGURE),
            folded(_shown(each.found), _FIGURE),
            ""
            if each.low is None or each.high is None
            else f"{100 * each.low:+.1f} to {100 * each.high:+.1f} %",
            "yes" if each.is_recovered else "[red]no[/]",
        )
    return table


def _shown(value: float | str | None) -> str:
    if isinstance(value, float):
        return f"{100 * value:+.1f} %"
    return "-" if value is None else value


def _say_where(path: Path, warehouse: Path) -> None:
    out.print(f"Its settings, log and truth: {path.parent}", highlight=False, soft_wrap=True)
    out.print(f"Its warehouse: {warehouse}", highlight=False, soft_wrap=True)


__all__ = ["recovery_table", "story"]
