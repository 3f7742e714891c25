"""`waybill query`: one question in SQL to what readers see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.analysis.queries import ask, example, examples, why_nothing
from orchestration.cli.answers import answer_view
from orchestration.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    open_snapshot,
    out,
    print_json,
)
from orchestration.errors import ConfigurationError


def query(
    sql: Annotated[str | None, typer.Argument(help="One select; tables are marts.x.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read the query from a file.")] = None,
    named: Annotated[
        str | None, typer.Option("--example", help="Run a query that comes along.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="Show the queries that come along.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ask the last good snapshot one question in SQL; nothing can be changed by it.

    Example: waybill query "select * from marts.fct_stickiness order by occurred_on desc" --limit 7

    A question that comes along: waybill query --example promotion_lift
    """
    if show:
        _show_examples(as_json)
        return
    text = _text_of(sql, file, named)
    with open_snapshot(config) as connection:
        answer = ask(connection, text, limit)
        hint = "" if answer.rows else why_nothing(connection, text)
    if as_json:
        print_json(answer.to_json())
        return
    out.print(answer_view(answer, out.width))
    if answer.is_cut:
        err.print(f"the first {limit} rows; --limit shows more", style="dim")
    if not answer.rows:
        err.print(Text(f"no rows{hint}"))


def _text_of(sql: str | None, file: Path | None, named: str | None) -> str:
    if sum(each is not None for each in (sql, file, named)) != 1:
        raise ConfigurationError(
            "query: give the select itself, --file or --example; one of the three"
        )
    if named is not None:
        return example(named).sql
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{file}: cannot be read ({error})") from None
    return sql or ""


def _show_examples(as_json: bool) -> None:
    found = examples()
    if as_json:
        rows = [{"name": each.name, "question": each.question} for each in found]
        print_json({"examples": rows})
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("example", no_wrap=True)
    table.add_column("answers", overflow="fold")
    for each in found:
        table.add_row(Text(each.name), Text(each.question))
    out.print(table)
