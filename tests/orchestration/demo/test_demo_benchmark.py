"""The benchmark's export: as many rows as asked for, and the promised log-ins, day by day."""

import gzip
import json
from datetime import UTC, date, datetime

import pytest

from orchestration.demo import generate_mixpanel


def rows_of(path):
    return [
        json.loads(line)["properties"] for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def test_rows_dates_and_size(tmp_path):
    paths = generate_mixpanel(tmp_path, events=10_003, days=4, persons=300, seed=1)
    assert [p.name for p in paths] == [f"2025-01-0{n}.jsonl.gz" for n in (1, 2, 3, 4)]
    days = [rows_of(path) for path in paths]
    assert [len(day) for day in days] == [2501, 2501, 2501, 2500]
    for path, day in zip(paths, days, strict=True):
        assert {str(datetime.fromtimestamp(r["time"], UTC).date()) for r in day} == {path.name[:10]}
        assert all(0 <= r["$mp_api_timestamp_ms"] / 1000 - r["time"] < 5 for r in day)
    everything = [r for day in days for r in day]
    assert len({r["$insert_id"] for r in everything}) == 10_003
    assert all(r["distinct_id"] == r["$user_id"] for r in everything)
    size = sum(len(gzip.decompress(path.read_bytes())) for path in paths) / 10_003
    assert 450 < size < 500


def test_the_promised_share_shows_a_first_user_each_day(tmp_path):
    days = 40
    paths = generate_mixpanel(
        tmp_path, events=days * 5_000, days=days, persons=2_000, seed=1, link_share=0.02
    )
    last_seen: dict[str, int] = {}
    claimed: set[str] = set()
    for number, path in enumerate(paths):
        rows = rows_of(path)
        logged_in = {r["$device_id"] for r in rows if "$user_id" in r}
        known_before = {d for d in last_seen if d in logged_in and d not in claimed}
        persons = {r["$device_id"] for r in rows}
        if number:
            assert len(known_before) == 10
            assert len(known_before) / len(persons) == pytest.approx(0.02, rel=0.1)
            assert all(number - last_seen[d] <= 30 for d in known_before)
        for row in rows:
            if "$user_id" not in row:
                assert row["distinct_id"] == f"$device:{row['$device_id']}"
                last_seen[row["$device_id"]] = number
        claimed |= logged_in


def test_more_days_leave_the_earlier_ones_alone(tmp_path):
    short = generate_mixpanel(
        tmp_path / "s", events=2_000, days=2, persons=50, seed=1, link_share=0.1
    )
    longer = generate_mixpanel(
        tmp_path / "l", events=5_000, days=5, persons=50, seed=1, link_share=0.1
    )
    assert [p.read_bytes() for p in short] == [p.read_bytes() for p in longer[:2]]


def test_start_and_impossible_figures(tmp_path):
    (path,) = generate_mixpanel(
        tmp_path, events=10, days=1, persons=3, seed=1, start=date(2024, 2, 29)
    )
    assert path.name == "2024-02-29.jsonl.gz"
    with pytest.raises(ValueError, match="events >= days"):
        generate_mixpanel(tmp_path, events=3, days=5, persons=3, seed=1)
