"""Reports made for eyes: what stands above the table, periods in many forms, exact numbers."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.config import load_migration
from orchestration.errors import ConfigurationError
from orchestration.landing.framing import Tally
from orchestration.landing.report_rows import day_of, decoded, find_header, frame_report, number
from orchestration.report_config import LegacyReport

METRICS = {"n": {"definition": "N", "column": "N"}}


def report(**more: Any) -> LegacyReport:
    return LegacyReport.model_validate({"files": "*", "metrics": METRICS, "period": "Day"} | more)


def rows(text: str, told: LegacyReport) -> list[dict[str, Any]]:
    batches = frame_report([text.encode()], Tally(), name="r", report=told)
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    "text",
    ["2024-02-01", "2024-02-01T00:00:00", "Feb 1, 2024", "February 1, 2024", "2024-02", "Feb 2024"],
)
def test_the_usual_ways_to_write_a_period(text: str) -> None:
    assert day_of(text, report()) == date(2024, 2, 1)


def test_a_form_of_dates_is_the_only_one_where_it_is_told() -> None:
    told = report(dates="%d.%m.%Y")
    assert day_of("01.02.2024", told) == date(2024, 2, 1)
    assert day_of("2024-02-01", told) is None and day_of("Total", report()) is None


@given(st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False))
def test_numbers_are_exact_whatever_their_separators(value: Decimal) -> None:
    assert Decimal(number(f"{value:,}") or "") == value
    swapped = f"{value:,}".translate(str.maketrans(",.", ".,"))
    assert Decimal(number(f"{swapped} €", decimal_comma=True) or "") == value
    assert Decimal(number(f"{value:,}%") or "") == value / 100


@pytest.mark.parametrize("text", ["", "-", "—", "N/A", "none", "abc", "1.2.3", "Infinity"])
def test_what_is_no_number_has_none(text: str) -> None:
    assert number(text) is None


def test_a_row_of_another_width_and_one_without_period_say_so() -> None:
    found = rows("title\n\nDay,N\n2024-01-01,1\nsome day,1\n2024-01-02\n\n", report())
    assert [row["framing_error"] for row in found] == [
        None,
        "unreadable_period",
        "wrong_column_count",
    ]
    assert [row["raw"] for row in found] == ["2024-01-01,1", "some day,1", "2024-01-02"]
    assert json.loads(found[0]["record"])["figures"] == [
        {
            "metric": "n",
            "period_start": "2024-01-01",
            "period_end": "2024-01-01",
            "value": "1",
            "text": "1",
        }
    ]


def test_a_table_is_found_under_any_delimiter_and_encoding() -> None:
    told = report()
    assert find_header("x;y\nDay;N\n", told) == (";", ["Day", "N"], 2)
    assert find_header(decoded("Day\tN\n".encode("utf-16")), told) == ("\t", ["Day", "N"], 1)
    assert find_header("Day,M\n", told) is None
    assert decoded("Zürich".encode("cp1252")) == "Zürich"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics": {"n": {"definition": "N"}}}, "name the column with the figures"),
        ({"period": None}, "remove it, or name the column"),
        ({"grain": "range", "period": None}, "a range has both days"),
        ({"first_day": "2024-01-01"}, "is for grain range"),
        (
            {"grain": "range", "first_day": "2024-02-01", "last_day": "2024-01-01"},
            "is before first_day",
        ),
        (
            {"period": None, "metrics": {n: {"definition": "N"} for n in ("a", "b")}},
            "one only",
        ),
    ],
)
def test_settings_that_cannot_be_read_are_refused(
    settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    told = {"files": "*", "period": "Day", **{"metrics": METRICS, **settings}}
    source = {"vendor": "legacy_report", "location": "x", "reports": {"r": told}}
    path = tmp_path / "migration.yaml"
    path.write_text(yaml.safe_dump({"home": "h", "taxonomy": "t.yaml", "sources": {"s": source}}))
    with pytest.raises(ConfigurationError, match=said):
        load_migration(path)
