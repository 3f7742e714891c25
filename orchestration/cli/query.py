"""`waybill query`: one question in SQL to what readers see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.analysis.queries import Answer, ask, example, examples
from orchestration.cli.common import ConfigOption, JsonOption, open_snapshot, out, print_json
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
    """
    if show:
        _show_examples(as_json)
        return
    text = _text_of(sql, file, named)
    with open_snapshot(config) as connection:
        answer = ask(connection, text, limit)
    if as_json:
        print_json(answer.to_json())
    else:
        out.print(_table(answer, limit))


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


def _table(answer: Answer, limit: int) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    for place, column in enumerate(answer.columns):
        numeric = all(isinstance(row[place], int | float | None) for row in answer.rows)
        # Names and values come from data: as Text they are shown as they are.
        shown.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in answer.rows:
        shown.add_row(*(Text(_cell(value)) for value in row))
    if answer.is_cut:
        shown.caption = f"the first {limit} rows; --limit shows more"
    elif not answer.rows:
        shown.caption = "no rows"
    return shown


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
