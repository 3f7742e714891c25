"""The company's context: what is read of its CSV files, and what is refused with file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.detection_config import LAST_DAY, Context, Period, read_context
from orchestration.errors import ConfigurationError

SOURCES = {"app", "shop"}


def written(folder: Path, text: str) -> Context:
    path = folder / "campaigns.csv"
    path.write_text(text)
    return Context(campaigns=path)


def test_a_period_is_read_with_what_it_is_limited_to(tmp_path: Path) -> None:
    context = written(
        tmp_path, "name,from,to,source\nspring,2025-03-01,2025-03-07,app\nretired,2025-04-01,,\n"
    )
    assert read_context(context, SOURCES) == [
        Period("campaigns", "spring", date(2025, 3, 1), date(2025, 3, 7), "app"),
        Period("campaigns", "retired", date(2025, 4, 1), LAST_DAY),
    ]


def test_a_period_covers_its_days_and_its_source() -> None:
    period = Period("closures", "holiday", date(2025, 3, 1), date(2025, 3, 2), "app")
    assert period.covers(date(2025, 3, 2), "app")
    assert not period.covers(date(2025, 3, 3), "app")
    assert not period.covers(date(2025, 3, 1), "shop")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,from,till\n", ":1: unknown column 'till'"),
        ("name,from\n", ":1: column 'to' is missing"),
        ("name,from,to\nx,1 March,2025-03-02\n", ":2: from '1 March' is no date"),
        ("name,from,to\nx,2025-03-03,2025-03-02\n", ":2: to 2025-03-02 is before from"),
        ("name,from,to\n,2025-03-03,2025-03-04\n", ":2: name is empty"),
        ("name,from,to,source\nx,2025-03-03,,ap\n", ":2: unknown source 'ap'; did you mean 'app'?"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_context(written(tmp_path, text), SOURCES)
    assert f"campaigns.csv{told}" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"context\.campaigns cannot be read"):
        read_context(Context(campaigns=tmp_path / "none.csv"), SOURCES)
