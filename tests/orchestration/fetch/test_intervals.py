"""What is asked for, when again, and in how many pieces."""

from __future__ import annotations

import gzip
import os
import resource
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import CannotFinish
from orchestration.fetch.budget import Budget
from orchestration.fetch.files import clear_drafts
from orchestration.fetch.journal import Entry, Journal, journal_of
from orchestration.fetch.parts import Part, Span, below, spans
from orchestration.fetch.vendors.mixpanel import Lines
from tests.orchestration.fetch.servers import Answer, Request, status
from tests.orchestration.fetch.steps import fetch, fetched_from, files, folder_of
from tests.orchestration.fetch.worlds import AmplitudeWorld, MixpanelWorld, TypeformWorld

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 800))
def test_spans_cover_each_day_once(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    for every in ("day", "month"):
        found = list(spans(first, last, every))  # type: ignore[arg-type]
        covered = [s.first + timedelta(days=n) for s in found for n in range(s.days)]
        assert covered == [first + timedelta(days=n) for n in range(days + 1)]


@given(st.integers(2, 400))
def test_halves_are_all_of_a_span(days: int) -> None:
    span = Span(date(2025, 3, 1), date(2025, 3, 1) + timedelta(days=days - 1))
    earlier, later = span.halves()
    assert earlier.first == span.first and later.last == span.last
    assert earlier.end == later.start and earlier.days + later.days == days


def test_a_day_ends_at_midnight_of_its_zone() -> None:
    span = Span(date(2025, 3, 9), date(2025, 3, 9), "US/Pacific")  # clocks go forward
    assert span.start == datetime(2025, 3, 9, 8, tzinfo=UTC)
    assert span.end == datetime(2025, 3, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", "a\0b"])
def test_no_name_leads_outside(name: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        below(Path("home"), name)


# budget


def test_a_budget_is_kept_to() -> None:
    now = 0.0
    budget = Budget([(3, 1.0), (5, 60.0)], clock=lambda: now)
    taken = []
    while len(taken) < 12:
        wait = budget.delay()
        if wait:
            now += wait
        else:
            taken.append(now)
    for count, seconds in ((3, 1.0), (5, 60.0)):
        for start in range(len(taken) - count):
            assert taken[start + count] - taken[start] >= seconds


def test_requests_of_earlier_runs_count() -> None:
    budget = Budget([(2, 3600.0)], past=[50.0, 100.0], clock=lambda: 200.0)
    assert budget.delay() == pytest.approx(3450.0)


# when again


def test_an_interval_settles_after_its_lookback(tmp_path: Path) -> None:
    world = MixpanelWorld()
    world.fetch = {**world.fetch, "to": "2025-03-09", "lookback_days": 2}
    now = NOON
    with fetched_from(world, tmp_path) as migration:

        def days_asked() -> list[str]:
            asked = len(world.requests)
            assert fetch(migration, world, clock=lambda: now).failed == []
            return sorted(r.params["from_date"][-2:] for r in world.requests[asked:])

        assert days_asked() == ["01", "02", "03"]  # tomorrow is not asked for
        now += timedelta(hours=13)
        assert days_asked() == ["01", "02", "03", "04"]
        now += timedelta(days=1)  # the first was last asked two days and an hour after its end
        assert days_asked() == ["02", "03", "04", "05"]
        now += timedelta(minutes=1)
        assert days_asked() == ["03", "04", "05"]
        now += timedelta(days=30)
        assert days_asked() == ["03", "04", "05", "06", "07", "08", "09"]
        now += timedelta(minutes=1)
        assert days_asked() == []


def test_dates_choose_intervals(tmp_path: Path) -> None:
    world = TypeformWorld()
    world.fetch = {**world.fetch, "from": "2025-01-15", "to": "2025-04-10"}
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world, dates=(date(2025, 3, 31), date(2025, 4, 1)))
        since = dict.fromkeys(r.params["since"] for r in world.requests[1:])
        assert list(since) == ["2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"]
        fetch(migration, world, dates=(None, date(2025, 1, 20)))
        assert world.requests[-1].params["since"] == "2025-01-15T00:00:00Z"


def test_again_asks_for_what_has_settled(tmp_path: Path) -> None:
    world = MixpanelWorld()
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world)
        fetch(migration, world, again=True, dates=(date(2025, 3, 2), date(2025, 3, 2)))
        assert [r.params["from_date"] for r in world.requests[3:]] == ["2025-03-02"]


# mixpanel


def test_several_days_that_are_too_much_are_asked_for_in_halves(tmp_path: Path) -> None:
    world = MixpanelWorld()
    world.fetch = {**world.fetch, "to": "2025-03-31", "interval": "month"}
    answer = world.answer

    def limited(request: Request) -> Answer:
        days = (
            date.fromisoformat(request.params["to_date"])
            - date.fromisoformat(request.params["from_date"])
        ).days + 1
        return Answer(504 if days > 4 else 200, b"") if days > 4 else answer(request)

    world.answer = limited  # type: ignore[method-assign]
    with fetched_from(world, tmp_path) as migration:
        assert fetch(migration, world).failed == []
        assert list(files(migration)) == ["2025-03.jsonl.gz"]
        lines = gzip.decompress(files(migration)["2025-03.jsonl.gz"]).decode().splitlines()
        assert lines == [world.line(key).strip() for key in world.data]  # in the order of days


def test_one_day_that_times_out_is_tried_again_and_told(tmp_path: Path) -> None:
    world = MixpanelWorld()
    world.fetch = {**world.fetch, "to": "2025-03-01"}
    world.faults = [status(504)] * 10
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
    assert len(world.requests) == 4 and "answered 504" in result.failed[0]


def test_days_are_those_of_the_project(tmp_path: Path) -> None:
    world = MixpanelWorld()
    world.source = {"timezone": "US/Pacific"}
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world, clock=lambda: datetime(2025, 3, 3, 7, tzinfo=UTC))
    # 23:00 on the second in California: the third would be refused as lying ahead
    assert {r.params["from_date"] for r in world.requests} == {"2025-03-01", "2025-03-02"}


def test_a_project_secret_comes_alone(tmp_path: Path) -> None:
    world = MixpanelWorld()
    world.fetch = {"from": "2025-03-01", "to": "2025-03-01"}
    seen: list[Request] = []
    world.is_allowed = lambda request: True  # type: ignore[method-assign]
    world.answer = lambda request: seen.append(request) or Answer()  # type: ignore[method-assign, func-returns-value]
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world)
    assert "project_id" not in seen[0].params


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", None),
        (b"\n \n", None),
        (b'{"event": "a"}', None),
        (b'{"event": "a"}\r\n\n{"properties": {}}\n\n', None),
        ('{"event": "a\u2028b"}\n'.encode(), None),
        (b'{"event": "terminated early"}\n', None),
        (b"export terminated early", "ended with"),
        (b'{"event": "a"}\nterminated early\n', "ended with"),
        (b'{"event": "a"}\n{"event": "b', "breaks off"),
        (b'{"error": "no"}', "something else"),
        (b"Unauthorized", "something else"),
        (b'["a"]\n', "something else"),
    ],
)
def test_what_a_whole_export_is(body: bytes, problem: str | None) -> None:
    for size in (1, 3, 1000):
        lines = Lines()
        for start in range(0, len(body), size):
            lines.take(body[start : start + size])
        found = lines.problem()
        assert (found is None) if problem is None else (problem in str(found)), size


# amplitude


def test_hours_that_are_too_much_are_asked_for_in_halves(tmp_path: Path) -> None:
    whole, parted = AmplitudeWorld(), AmplitudeWorld()
    parted.fetch = {**parted.fetch, "to": "2025-03-01"}
    answer = parted.answer

    def limited(request: Request) -> Answer:
        hours = int(request.params["end"][-2:]) - int(request.params["start"][-2:]) + 1
        return Answer(400, b"too large") if hours > 3 else answer(request)

    parted.answer = limited  # type: ignore[method-assign]
    with fetched_from(parted, tmp_path / "a") as migration:
        assert fetch(migration, parted).failed == []
        first_day = [key for key in whole.data if key.startswith("01")]
        assert parted.read(folder_of(migration)) == sorted(first_day)
        asked = [r.params["start"][-2:] + r.params["end"][-2:] for r in parted.requests]
    assert [each for each in asked if each in ("0002", "0305", "2123")] == ["0002", "0305", "2123"]


def test_a_request_that_is_wrong_is_not_asked_for_hour_by_hour(tmp_path: Path) -> None:
    world = AmplitudeWorld()
    world.fetch = {**world.fetch, "to": "2025-03-01"}
    world.faults = [status(400)] * 100
    with fetched_from(world, tmp_path) as migration:
        result = fetch(migration, world)
    assert "answered 400" in result.failed[0] and len(world.requests) <= 6


def test_hours_that_are_not_there_yet_are_left(tmp_path: Path) -> None:
    world = AmplitudeWorld()
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world, clock=lambda: NOON + timedelta(minutes=30))
        ends = sorted(r.params["end"] for r in world.requests)
        assert ends == ["20250301T23", "20250302T23", "20250303T09"]
        asked = len(world.requests)
        fetch(migration, world, clock=lambda: datetime(2025, 3, 3, 1, tzinfo=UTC))
        assert not any(r.params["start"] == "20250303T00" for r in world.requests[asked:])


# the journal


def entry(key: str, at: datetime = NOON) -> Entry:
    return Entry(key=key, file=key, outcome="new", fetched_at=at, content="c")


def test_a_broken_off_run_is_taken_up_for_some_hours(tmp_path: Path) -> None:
    with journal_of(tmp_path, "src") as journal:
        assert journal.begin(NOON) == NOON
        journal.note(entry("a"))
    with journal_of(tmp_path, "src") as journal:
        assert journal.latest["a"] == entry("a")
        assert journal.begin(NOON + timedelta(hours=1)) == NOON
    with journal_of(tmp_path, "src") as journal:
        later = NOON + timedelta(hours=7)
        assert journal.begin(later) == later  # what changes was to be asked for long ago
        journal.end(later)
    with journal_of(tmp_path, "src") as journal:
        assert journal.unfinished_since is None


def test_a_torn_line_is_set_aside(tmp_path: Path) -> None:
    with journal_of(tmp_path, "src") as journal:
        journal.begin(NOON)
        journal.note(entry("a"))
    with (tmp_path / ".journal.jsonl").open("a") as file:
        file.write('{"key": "b", "fi')
    with journal_of(tmp_path, "src") as journal:
        assert set(journal.latest) == {"a"}
        journal.begin(NOON)
        journal.note(entry("c"))
    assert set(Journal(tmp_path).latest) == {"a", "c"}


def test_a_line_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".journal.jsonl").write_text('{"key": 3}\n{"run": "began", "at": "2025-01-01"}\n')
    with pytest.raises(CannotFinish, match=r"jsonl:1: is no line of a journal; remove it"):
        Journal(tmp_path)


def test_a_part_is_named_below_its_folder() -> None:
    assert Part("a", "b/c.zip").span is None


def test_a_full_disk_leaves_no_torn_line(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with journal_of(tmp_path, "src") as journal:
        journal.begin(NOON)
        journal.note(entry("a"))
        size = (tmp_path / ".journal.jsonl").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
        try:
            with pytest.raises(OSError, match=r"No space|too large"):
                journal.note(entry("b"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        journal.note(entry("c"))
    assert set(Journal(tmp_path).latest) == {"a", "c"}


def test_responses_of_each_type_are_asked_for_by_their_own_time(tmp_path: Path) -> None:
    world = TypeformWorld(each_day=7)
    with fetched_from(world, tmp_path) as migration:
        assert fetch(migration, world).failed == []
        assert world.read(folder_of(migration)) == sorted(world.data)
    asked = [r.params for r in world.requests[1:]]
    assert {p["response_type"] for p in asked} == {"completed", "partial", "started"}
    assert all("before" not in p and p["since"] == "2025-03-01T00:00:00Z" for p in asked)


def test_a_kind_of_response_can_be_left_out(tmp_path: Path) -> None:
    world = TypeformWorld()
    world.fetch = {**world.fetch, "objects": ["completed"]}
    with fetched_from(world, tmp_path) as migration:
        fetch(migration, world)
    assert {r.params["response_type"] for r in world.requests[1:]} == {"completed"}


def test_a_day_that_never_comes_does_not_keep_today_back(tmp_path: Path) -> None:
    world = MixpanelWorld()
    now = NOON
    with fetched_from(world, tmp_path) as migration:
        answer = world.answer

        def without_the_first(request: Request) -> Answer:
            is_first = request.params["from_date"] == "2025-03-01"
            return Answer(200, b"terminated early") if is_first else answer(request)

        world.answer = without_the_first  # type: ignore[method-assign]
        for _ in range(2):
            asked = len(world.requests)
            assert len(fetch(migration, world, clock=lambda at=now: at).failed) == 1
            assert "2025-03-03" in {r.params["from_date"] for r in world.requests[asked:]}
            now += timedelta(hours=1)


def test_pages_of_long_ago_are_not_gone_on_with(tmp_path: Path) -> None:
    old, new = tmp_path / ".drafts" / "a.pages", tmp_path / ".drafts" / "b.pages"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "x-00001.json").write_text("[]")
    os.utime(old, (1, 1))
    (tmp_path / ".drafts" / "c.part").write_text("half")
    clear_drafts(tmp_path, timedelta(hours=6))
    assert [path.name for path in (tmp_path / ".drafts").iterdir()] == ["b.pages"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    world = MixpanelWorld()
    (tmp_path / "fetched").write_text("a file where a folder is to be")
    with (
        fetched_from(world, tmp_path) as migration,
        pytest.raises(CannotFinish, match="src: cannot be fetched into"),
    ):
        fetch(migration, world)
