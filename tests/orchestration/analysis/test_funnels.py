"""Each rule of "Funnels" by a case worked by hand, and all of them against brute force."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from statistics import median

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analysis.funnels import FunnelQuery, FunnelResult, funnel, known_events
from orchestration.cli.funnel import humanised, table
from orchestration.errors import ConfigurationError

MIDNIGHT = datetime(2025, 3, 1)
MINUTE = timedelta(minutes=1)
CONNECTION = duckdb.connect(config={"threads": 1})


@dataclass(frozen=True)
class Event:
    """One row of fct_events; `minute` counts from midnight UTC of 2025-03-01."""

    name: str | None
    minute: float
    person: str | None = "ann"
    session: str | None = "s1"
    platform: str | None = "ios"
    source: str = "app"
    is_primary: bool = True
    properties: str | None = "{}"


def count(
    events: list[Event],
    *steps: str,
    within: timedelta | None = None,
    known: set[str] | None = None,
    **query: str,
) -> FunnelResult:
    connection = CONNECTION.cursor()
    connection.execute(
        "create or replace table fct_events (event_id varchar, event_name varchar, "
        "occurred_at timestamp, person_id varchar, session_id varchar, platform varchar, "
        "source varchar, is_primary boolean, properties varchar)"
    )
    rows = [
        (f"e{number:03}", event.name, MIDNIGHT + event.minute * MINUTE, *astuple(event)[2:])
        for number, event in enumerate(events)
    ]
    if rows:
        connection.executemany(f"insert into fct_events values ({', '.join('?' * 9)})", rows)
    asked = FunnelQuery(steps=steps, within=within, **query)  # type: ignore[arg-type]
    return funnel(connection, "fct_events", asked, set(steps) if known is None else known)


def reached(result: FunnelResult) -> list[int]:
    return [step.entities for step in result.steps]


def medians(result: FunnelResult) -> list[float | None]:
    return [step.median_seconds for step in result.steps]


def test_any_occurrence_of_step_1_may_start_an_attempt() -> None:
    events = [Event("a", 0), Event("a", 100), Event("b", 101)]
    result = count(events, "a", "b", within=5 * MINUTE)
    assert reached(result) == [1, 1]
    assert medians(result) == [None, 60]


def test_an_entity_counts_at_the_furthest_step_any_attempt_reaches() -> None:
    events = [
        *(Event("a", 0), Event("b", 1)),
        *(Event("a", 100), Event("b", 101), Event("c", 102)),
        *(Event("a", 200), Event("b", 201)),
    ]
    assert reached(count(events, "a", "b", "c", within=10 * MINUTE)) == [1, 1, 1]


def test_the_window_is_measured_from_step_1_and_includes_its_end() -> None:
    events = [Event("a", 0), Event("b", 6), Event("c", 10)]
    assert reached(count(events, "a", "b", "c", within=10 * MINUTE)) == [1, 1, 1]
    a_second_less = 10 * MINUTE - timedelta(seconds=1)
    assert reached(count(events, "a", "b", "c", within=a_second_less)) == [1, 1, 0]


def test_no_within_means_no_limit() -> None:
    events = [Event("a", 0), Event("b", 60 * 24 * 400)]
    assert reached(count(events, "a", "b")) == [1, 1]


def test_steps_out_of_order_do_not_count() -> None:
    assert reached(count([Event("b", 0), Event("a", 1)], "a", "b")) == [1, 0]


def test_other_events_between_do_not_matter() -> None:
    events = [Event("a", 0), Event("x", 1), Event(None, 2), Event("a", 3), Event("b", 4)]
    assert reached(count(events, "a", "b")) == [1, 1]


def test_one_record_satisfies_one_step() -> None:
    assert reached(count([Event("a", 0)], "a", "a")) == [1, 0]
    assert reached(count([Event("a", 0), Event("a", 0)], "a", "a", "a")) == [1, 1, 0]


def test_one_record_satisfies_one_step_also_with_another_step_of_its_time_between() -> None:
    assert reached(count([Event("a", 0), Event("b", 0)], "a", "b", "a")) == [1, 1, 0]
    events = [Event("a", 0), Event("b", 0), Event("a", 0)]
    assert reached(count(events, "a", "b", "a")) == [1, 1, 1]
    assert medians(count([*events[:2], Event("a", 7)], "a", "b", "a")) == [None, 0, 420]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
def test_equal_times_may_satisfy_successive_steps_in_any_order_of_storage(
    order: tuple[str, ...],
) -> None:
    assert reached(count([Event(name, 3) for name in order], "a", "b", "c")) == [1, 1, 1]


def test_times_are_those_of_the_earliest_furthest_attempt() -> None:
    events = [
        *(Event("a", 0), Event("b", 9)),  # further than step 2 nobody comes from here
        *(Event("a", 100), Event("b", 103), Event("c", 107)),
        *(Event("a", 200), Event("b", 201), Event("c", 202)),
    ]
    assert medians(count(events, "a", "b", "c", within=10 * MINUTE)) == [None, 180, 420]
    assert medians(count(events, "a", "b", within=10 * MINUTE)) == [None, 540]


def test_median_seconds_are_from_step_1_over_those_who_came_so_far() -> None:
    events = [
        *(Event("a", 0, "ann"), Event("b", 1, "ann"), Event("c", 2, "ann")),
        *(Event("a", 0, "bob"), Event("b", 4, "bob")),
    ]
    assert medians(count(events, "a", "b", "c")) == [None, 150, 120]


def test_microseconds_are_kept() -> None:
    events = [Event("a", 0), Event("b", 1 / 60_000_000)]
    assert medians(count(events, "a", "b")) == [None, 0.000001]


def test_from_previous_is_null_on_a_zero() -> None:
    result = count([Event("a", 0, "ann"), Event("a", 0, "bob"), Event("b", 1, "bob")], *"abca")
    assert [step.from_start for step in result.steps] == [1, 0.5, 0, 0]
    assert [step.from_previous for step in result.steps] == [1, 0.5, 0, None]
    assert [step.from_previous for step in count([], "a", "b").steps] == [None, None]


def test_by_takes_the_value_at_step_1_of_the_furthest_attempt() -> None:
    events = [
        Event("a", 0, platform="ios"),
        *(Event("a", 100, platform="web"), Event("b", 101, platform="android")),
    ]
    segments = count(events, "a", "b", within=5 * MINUTE, by="platform").segments or {}
    assert {name: [step.entities for step in steps] for name, steps in segments.items()} == {
        "web": [1, 1]
    }


def test_by_shows_a_missing_value_as_none_even_beside_a_record_of_the_same_time() -> None:
    events = [Event("a", 0, platform=None), Event("a", 0, platform="ios"), Event("b", 0)]
    segments = count(events, "a", "b", by="platform").segments or {}
    assert list(segments) == ["(none)"]


@pytest.mark.parametrize("key", ["form", "form.type", "it's", 'a"b', "a/b~c", "0", "$os", "Größe"])
def test_by_takes_a_property_whatever_its_name(key: str) -> None:
    events = [
        Event("a", 0, "ann", properties=json.dumps({key: "W2"})),
        Event("a", 0, "bob", properties=json.dumps({key: 3})),
        Event("a", 0, "cem", properties=json.dumps({key: None})),
        Event("a", 0, "dan", properties=None),
    ]
    segments = count(events, "a", by=f"properties.{key}").segments or {}
    began = {name: steps[0].entities for name, steps in segments.items()}
    assert began == {"W2": 1, "3": 1, "(none)": 2}


def test_segments_are_ordered_by_how_many_began_in_them() -> None:
    events = [Event("a", 0, person, platform=where) for person, where in zip("pqr", "xyy")]  # noqa: B905
    assert list(count(events, "a", by="platform").segments or {}) == ["y", "x"]


def test_per_session_is_within_one_session() -> None:
    events = [
        *(Event("a", 0, session="s1"), Event("b", 50, session="s2")),
        *(Event("a", 60, session="s3"), Event("b", 61, session="s3")),
    ]
    assert reached(count(events, "a", "b", per="session")) == [2, 1]
    assert reached(count(events, "a", "b", per="person")) == [1, 1]


def test_rows_without_a_session_are_in_none() -> None:
    events = [Event("a", 0, session=None), Event("b", 1, session=None)]
    assert reached(count(events, "a", "b", per="session")) == [0, 0]


def test_rows_without_a_person_are_in_no_funnel() -> None:
    assert reached(count([Event("a", 0, person=None), Event("a", 0, person="ann")], "a")) == [1]


def test_only_primary_events_count_unless_a_source_is_asked_for() -> None:
    events = [
        Event("a", 0),
        Event("b", 1, is_primary=False, source="old"),
        Event("a", 2, is_primary=False, source="old", person="bob"),
    ]
    assert reached(count(events, "a", "b")) == [1, 0]
    assert reached(count(events, "a", "b", source="old")) == [1, 0]
    assert reached(count(events, "b", source="old")) == [1]


def test_unknown_names_are_refused_with_the_nearest_right_one() -> None:
    known = {"cart_opened", "order_paid"}
    with pytest.raises(ConfigurationError, match="'cart_open'; did you mean 'cart_opened'"):
        count([], "cart_open", "order_paid", known=known)
    with pytest.raises(ConfigurationError, match=r"unknown column 'Platform'.* 'platform'"):
        count([Event("a", 0)], "a", by="Platform")
    with pytest.raises(ConfigurationError, match="unknown source 'ap'; did you mean 'app'"):
        count([Event("a", 0)], "a", source="ap")


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": ()},
        {"steps": ("a", "")},
        {"steps": ("a",), "within": timedelta(0)},
        {"steps": ("a",), "within": timedelta(milliseconds=1)},
        {"steps": ("a",), "per": "device"},
        {"steps": ("a",), "by": "properties."},
    ],
)
def test_a_question_without_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        FunnelQuery(**wrong)  # type: ignore[arg-type]


HOSTILE = [
    "it's",
    "a'); drop table fct_events; --",
    "{{ 1 }}",
    "line\n  break",
    "back\\slash",
    "ü🧾",
]


def test_hostile_names_are_only_names() -> None:
    events = [
        *(Event(name, minute, platform="x") for minute, name in enumerate(HOSTILE)),
        *(Event(name, 0, "bob", platform=name) for name in HOSTILE),
    ]
    result = count(events, *HOSTILE, by="platform")
    assert reached(result) == [2] * len(HOSTILE)
    assert set(result.segments or {}) == {"x", HOSTILE[0]}


def test_known_events_are_those_seen_and_those_in_the_dictionary() -> None:
    connection = duckdb.connect()
    connection.execute("create table seen as select unnest(['a', null, 'a']) as event_name")
    connection.execute("create table dictionary as select 'b' as event_name")
    assert known_events(connection, "seen") == {"a"}
    assert known_events(connection, "seen", "dictionary") == {"a", "b"}


def test_the_json_has_the_promised_shape() -> None:
    events = [Event("a", 0), Event("b", 1, platform="web")]
    step_1 = {"step": "a", "entities": 1, "from_start": 1.0, "from_previous": 1.0}
    step_1 |= {"median_seconds": None}
    steps = [step_1, {**step_1, "step": "b", "median_seconds": 60.0}]
    week = timedelta(days=7)
    result = count(events, "a", "b", within=week).to_json()
    assert result == {"steps": steps, "per": "person", "within": "7d"}
    assert count(events, "a", "b", per="session", by="platform").to_json() == {
        "steps": steps,
        "per": "session",
        "within": None,
        "segments": {"ios": steps},
    }


def test_the_table_shows_hostile_segments_as_they_are_and_leaves_out_small_ones() -> None:
    events = [Event("a", 0, f"p{number}", platform=f"[red]{number}") for number in range(30)]
    shown = table(count(events, "a", by="platform"))
    assert shown.row_count == 21
    assert [str(cell) for cell in shown.columns[0].cells][1].startswith("[red]")
    assert str(shown.caption).startswith("10 smaller segments")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59.6, "1 min"),
        (3_725, "1 h 2 min"),
        (86_460, "1 d"),
    ],
)
def test_times_are_humanised(seconds: float | None, shown: str) -> None:
    assert humanised(seconds) == shown


# Brute force: every sequence of different records, the longest, of these the earliest.

Record = tuple[float, int, Event]


def attempts(
    records: list[Record], steps: tuple[str, ...], limit: float, taken: tuple[Record, ...] = ()
) -> Iterator[tuple[Record, ...]]:
    if taken:
        yield taken
    if len(taken) == len(steps):
        return
    for record in records:
        in_order = not taken or taken[-1][0] <= record[0] <= taken[0][0] + limit
        if record[2].name == steps[len(taken)] and in_order and record not in taken:
            yield from attempts(records, steps, limit, (*taken, record))


def brute_force(
    events: list[Event], steps: tuple[str, ...], limit: float, per: str, source: str | None
) -> list[tuple[str, list[float]]]:
    """For each entity its segment and the minutes from step 1 to each step it reached."""
    entities: dict[str, list[Record]] = {}
    for number, event in enumerate(events):
        entity = event.session if per == "session" else event.person
        counts = event.is_primary if source is None else event.source == source
        if counts and entity is not None and event.person is not None:
            entities.setdefault(entity, []).append((event.minute, number, event))
    found = []
    for records in entities.values():
        every = list(attempts(records, steps, limit))
        if every:
            best = min(every, key=lambda taken: (-len(taken), [one[:2] for one in taken]))
            platform = best[0][2].platform
            found.append(
                ("(none)" if platform is None else platform, [one[0] - best[0][0] for one in best])
            )
    return found


EVENTS = st.lists(
    st.builds(
        Event,
        name=st.sampled_from(["a", "a", "b", "b", "c", None]),
        minute=st.integers(0, 4),
        person=st.sampled_from(["ann", "ann", "bob", None]),
        session=st.sampled_from(["s1", "s1", "s2", None]),
        platform=st.sampled_from(["ios", "web", None]),
        source=st.sampled_from(["app", "old"]),
        is_primary=st.sampled_from([True, True, False]),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    events=EVENTS,
    steps=st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple),
    limit=st.sampled_from([None, 1, 2, 3]),
    per=st.sampled_from(["person", "session"]),
    source=st.sampled_from([None, None, "old"]),
)
def test_the_engine_agrees_with_brute_force_and_keeps_its_laws(
    events: list[Event], steps: tuple[str, ...], limit: int | None, per: str, source: str | None
) -> None:
    # One event that nobody counts, so that the source asked for is always a known one.
    events = [*events, Event("x", 0, source="old", person=None)]
    query = {"per": per, "by": "platform"} | ({} if source is None else {"source": source})
    within = None if limit is None else limit * MINUTE
    result = count(events, *steps, within=within, **query)
    expected = brute_force(events, steps, 99 if limit is None else limit, per, source)

    places = range(len(steps))
    assert reached(result) == [sum(len(times) > place for _, times in expected) for place in places]
    for place in places[1:]:
        times = [60 * times[place] for _, times in expected if len(times) > place]
        assert result.steps[place].median_seconds == (median(times) if times else None)

    segments = result.segments or {}
    assert set(segments) == {name for name, _ in expected}
    for place in places:
        came = Counter(name for name, times in expected if len(times) > place)
        assert all(steps[place].entities == came[name] for name, steps in segments.items())
    for each in (result.steps, *segments.values()):
        counts = [step.entities for step in each]
        assert counts == sorted(counts, reverse=True)
        rates = [rate for step in each for rate in (step.from_start, step.from_previous)]
        assert all(rate is None or 0 <= rate <= 1 for rate in rates)
