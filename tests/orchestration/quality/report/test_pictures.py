"""The geometry of the pictures, by hand and by laws."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.quality.report.calendar import CELL, gaps_of, months_of
from orchestration.quality.report.charts import HEIGHT, chart_of, history_bars
from orchestration.quality.report.flow import LEAST, picture_of
from orchestration.quality.report.model import Day, Flow, Point
from orchestration.quality.status import FATES


def test_ribbons_of_a_source_are_as_wide_as_its_records() -> None:
    picture = picture_of([Flow("a", 300, {"loaded": 300}), Flow("b", 100, {"pending": 100})])
    assert picture is not None
    assert [(bar.name, bar.records, bar.height) for bar in picture.sources] == [
        ("a", 300, 240.0),
        ("b", 100, 80.0),
    ]
    assert [bar.name for bar in picture.fates] == ["loaded", "pending"]


def test_a_single_record_is_still_seen() -> None:
    picture = picture_of([Flow("a", 10**7, {"loaded": 10**7 - 1, "quarantined": 1})])
    assert picture is not None
    assert {bar.name: bar.height for bar in picture.fates}["quarantined"] == LEAST


@given(
    st.lists(
        st.dictionaries(st.sampled_from(FATES), st.integers(1, 10**8), min_size=1), max_size=40
    )
)
def test_no_record_is_lost_in_the_picture(fates: list[dict[str, int]]) -> None:
    flows = [Flow(f"s{n}", sum(each.values()), each) for n, each in enumerate(fates)]
    picture = picture_of(flows)
    if not flows:
        assert picture is None
        return
    assert picture is not None
    read = sum(flow.read for flow in flows)
    for total in (picture.sources, picture.fates, picture.ribbons):
        assert sum(each.records for each in total) == read
    assert len(picture.sources) <= 12


def test_days_that_follow_each_other_are_one_stroke_and_a_state_one_path() -> None:
    days = [Day(date(2025, 4, number), "full", 9) for number in (1, 2, 3, 5)]
    days.append(Day(date(2025, 4, 6), "low", 4))
    [month] = months_of({"app": days})
    [row] = month.rows
    assert row.paths == (
        ("full", f"M0 8h{3 * CELL - 1}M{4 * CELL} 8h{CELL - 1}"),
        ("low", f"M{5 * CELL} 10.5h{CELL - 1}"),
    )
    assert row.letters == (("low", str(5 * CELL + CELL // 2), "L"),)
    assert (month.name, row.summary) == ("April 2025", "4 as expected, 1 fewer than expected")


def test_the_latest_month_comes_first_and_each_has_its_own_sources() -> None:
    months = months_of(
        {
            "old": [Day(date(2025, 1, 31), "full", 1)],
            "new": [Day(date(2025, 2, 1), "full", 1)],
        }
    )
    assert [(m.name, m.days, [row.source for row in m.rows]) for m in months] == [
        ("February 2025", 28, ["new"]),
        ("January 2025", 31, ["old"]),
    ]


def test_what_is_lacking_is_told_by_spans() -> None:
    on = date(2025, 4, 1)
    days = [
        Day(on, "low", 8, 10, 9, 11),
        Day(on + timedelta(1), "low", 7, 10, 9, 11),
        Day(on + timedelta(2), "full", 10, 10, 9, 11),
        Day(on + timedelta(3), "missing", 0, None, None, None, note="no file"),
    ]
    missing, low = gaps_of({"app": days})
    assert (missing.first, missing.expected, missing.note) == (on + timedelta(3), None, "no file")
    assert (low.first, low.last, low.observed, low.expected) == (on, on + timedelta(1), 15, 20)
    assert low.low is None  # bands of days do not add up


@pytest.mark.parametrize("observed", [[], [5.0]])
def test_no_chart_without_two_days(observed: list[float]) -> None:
    assert chart_of([Point(date(2025, 4, 1), value) for value in observed], None) is None


def test_a_chart_begins_at_zero_and_marks_the_first_bad_day() -> None:
    days = [date(2025, 4, 1) + timedelta(number) for number in range(15)]
    points = [Point(day, 100 if day < days[10] else 50) for day in days]
    chart = chart_of(points, days[10])
    assert chart is not None
    assert chart.broke_at == pytest.approx(480 * 10 / 14, abs=0.1)
    assert chart.line.startswith("M0.0 4.0L")
    assert chart.line.endswith(f"480.0 {HEIGHT - 2 - 45}.0")
    assert chart.usual.count("L") == 14 and "4.0" in chart.usual  # the median before: 100
    banded = [Point(day, 1, 0, 2) for day in days]
    with_band = chart_of(banded, days[10])
    assert with_band is not None and with_band.band and not with_band.usual


def test_days_of_nothing_make_a_flat_line() -> None:
    chart = chart_of([Point(date(2025, 4, day), 0) for day in (1, 2)], None)
    assert chart is not None and chart.top == 1.0


def test_the_worse_a_run_the_higher_its_bar() -> None:
    heights = [h for _, h, _ in history_bars(["unjudged", "passed", "accepted", "warned", "red"])]
    assert heights == sorted(heights) and len(set(heights)) == 5
