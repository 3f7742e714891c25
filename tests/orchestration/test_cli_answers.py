"""Answers of `waybill query` in 80 columns: numbers whole, names broken where they may be."""

from __future__ import annotations

import io
from datetime import date

import pytest
from rich.console import Console

from orchestration.analysis.queries import Answer
from orchestration.cli.answers import answer_view, cell, folded


def printed(answer: Answer, width: int = 80) -> list[str]:
    console = Console(width=width, file=io.StringIO())
    console.print(answer_view(answer, width))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_table_that_fits_has_a_line_a_row() -> None:
    answer = Answer(("event_name", "rate"), (("tax_reminder_enabled", 0.065312), ("b", None)))
    assert printed(answer) == [
        "event_name              rate",
        "tax_reminder_enabled  0.0653",
        "b                          -",
    ]


def test_names_give_way_and_numbers_do_not() -> None:
    answer = Answer(
        ("period_start", "event_name", "false_positive_rate"),
        ((date(2025, 3, 1), "tax_reminder_enabled", 0.12345),),
    )
    assert printed(answer, 34) == [
        "                            false_",
        "period_                  positive_",
        "start       event_name        rate",
        "2025-03-01  tax_            0.1235",
        "            reminder_",
        "            enabled",
    ]


def test_what_does_not_fit_is_a_block_a_row() -> None:
    columns = tuple(f"number{i}" for i in range(20))
    lines = printed(Answer(columns, (tuple(range(20)),)), 60)
    assert lines[0].split() == ["number0", "0"]
    assert len([line for line in lines if line]) == 20


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0.0000"),
        (-0.25, "-0.2500"),
        (0.000012, "1.2e-05"),
        (5.5, "5.5"),
        (12345.6, "12,346"),
        (12345, "12,345"),
        (True, "True"),
        (date(2025, 3, 1), "2025-03-01"),
    ],
)
def test_a_value_as_people_read_it(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_break_comes_behind_what_may_be_broken() -> None:
    assert folded("a_bc d", 99) == "a_bc d"
    assert folded("abc_def ghi", 4) == "abc_\ndef\nghi"
    assert folded("", 4) == ""


def test_hostile_values_are_shown_as_they_are() -> None:
    lines = printed(Answer(("[bold]x",), (("[red]evil",), (None,))))
    assert lines == ["[bold]x", "[red]evil", "-"]


def test_no_rows_still_name_their_columns() -> None:
    assert printed(Answer(("event_name", "rate"), ())) == ["event_name  rate"]
