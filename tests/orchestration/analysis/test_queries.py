"""One question at a time, read only, and errors that say the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.analysis.queries import Answer, ask, example, examples
from orchestration.cli.query import _table
from orchestration.errors import ConfigurationError


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path / "snapshot.duckdb"
    with duckdb.connect(path) as made:
        made.execute("create schema marts; create table marts.fct_events (event_name varchar)")
        made.execute("insert into marts.fct_events values ('a'), ('b'), (null)")
    with duckdb.connect(path, read_only=True) as opened:
        yield opened


def test_rows_come_in_order_and_are_cut_at_the_limit(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sql = "select event_name from marts.fct_events order by 1 desc nulls last"
    assert ask(connection, sql, 2) == Answer(("event_name",), (("b",), ("a",)), True)
    whole = ask(connection, sql, 3)
    assert not whole.is_cut
    assert whole.to_json()["rows"][2] == {"event_name": None}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "select * from marts.fct_evnts",
            "unknown table 'fct_evnts'; did you mean 'marts.fct_events",
        ),
        ("select event_nam from marts.fct_events", "unknown column 'event_nam'; did you mean"),
        ("select 1; select 2", "give one select"),
        ("delete from marts.fct_events", "give one select"),
        ("attach 'x.duckdb'", "give one select"),
        ("set memory_limit = '1GB'", "give one select"),
        ("", "give one select"),
        ("select * from read_csv('/etc/passwd')", "Permission Error"),
        ("selct 1", "Parser Error"),
    ],
)
def test_what_is_no_question_is_refused(
    connection: duckdb.DuckDBPyConnection, sql: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"query: .*{told}"):
        ask(connection, sql, 10)


def test_an_unknown_example_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'promotion_lift'"):
        example("promotion_lfit")


def test_every_example_asks_one_question() -> None:
    questions = [each.question for each in examples()]
    assert len(questions) > 5
    assert len(set(questions)) == len(questions)
    assert all(question.endswith("?") for question in questions)


def test_hostile_values_are_shown_as_they_are() -> None:
    shown = _table(Answer(("[bold]x",), (("[red]evil",), (None,))), 10)
    assert [str(cell) for cell in shown.columns[0].cells] == ["[red]evil", "-"]
