"""One question at a time, read only, and errors that say the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.analysis.queries import Answer, ask, example, examples, why_nothing
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


def test_the_columns_told_are_those_of_the_tables_asked() -> None:
    with duckdb.connect() as made:
        made.execute("create table a (read int); create table b (reads_of_it int)")
        with pytest.raises(ConfigurationError, match="did you mean 'reads_of_it'"):
            ask(made, "select reads from b", 1)


def test_nothing_found_by_a_name_that_is_nearly_an_event_is_told() -> None:
    with duckdb.connect() as made:
        assert why_nothing(made, "select 'sharred'") == ""
        made.execute("create schema marts; create table marts.dim_event_types (event_name text)")
        made.execute("insert into marts.dim_event_types values ('shared'), ('order_paid')")
        told = why_nothing(made, "select 1 where x in ('sharred', 'order_paid', 'week')")
        assert told == "; 'sharred' is no event; did you mean 'shared'?"
