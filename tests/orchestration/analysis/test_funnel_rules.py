"""Rules of funnels beyond the plain one: cases worked by hand, and all against brute force."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analysis.funnels import FunnelQuery, funnel
from orchestration.cli.funnel import _rules
from orchestration.errors import ConfigurationError
from orchestration.funnel_config import FunnelRules

CONNECTION = duckdb.connect(config={"threads": 1})
Act = tuple[str, int, str, str]
"""Name, second, person, and the value that may be held."""


def reached(acts: list[Act], *steps: str, per: str = "person", **rules: Any) -> list[int]:
    connection = CONNECTION.cursor()
    connection.execute(
        "create or replace table fct_events (event_id varchar, event_name varchar, "
        "occurred_at timestamp, person_id varchar, session_id varchar, platform varchar, "
        "source varchar, is_primary boolean, properties varchar)"
    )
    for number, (name, second, person, plan) in enumerate(acts):
        connection.execute(
            "insert into fct_events values (?, ?, timestamp '2025-03-01' + to_seconds(?), ?, 's', "
            "?, 'app', true, ?)",
            [f"e{number:03}", name, second, person, plan or None, f'{{"plan": "{plan}"}}'],
        )
    query = FunnelQuery(steps=steps, per=per, rules=FunnelRules(**rules))  # type: ignore[arg-type]
    answer = funnel(connection, "fct_events", query, {"a", "b", "c", "x"})
    return [step.entities for step in answer.steps]


def test_an_excluded_event_ends_an_attempt() -> None:
    acts = [("a", 0, "ann", ""), ("x", 5, "ann", ""), ("b", 9, "ann", "")]
    assert reached(acts, "a", "b") == [1, 1]
    assert reached(acts, "a", "b", exclude=["x"]) == [1, 0]
    # before the start, at its instant, or at the instant of the step it ends nothing
    for second in (-1, 0, 9):
        assert reached([acts[0], ("x", second, "ann", ""), acts[2]], "a", "b", exclude=["x"]) == [
            1,
            1,
        ]


def test_in_any_order_steps_are_counted_however_they_come() -> None:
    acts = [("c", 0, "ann", ""), ("a", 5, "ann", ""), ("b", 5, "bob", "")]
    assert reached(acts, "a", "b", "c", order="any") == [2, 1, 0]
    assert reached(acts, "a", "b", "c") == [1, 0, 0]


def test_the_first_attempt_alone_or_every_attempt_may_count() -> None:
    acts = [("a", 0, "ann", ""), ("a", 100, "ann", ""), ("b", 110, "ann", "")]
    assert reached(acts, "a", "b", reentry="first", exclude=[]) == [1, 1]
    acts.insert(1, ("x", 50, "ann", ""))
    assert reached(acts, "a", "b", reentry="first", exclude=["x"]) == [1, 0]
    assert reached(acts, "a", "b", reentry="every", exclude=["x"]) == [2, 1]


def test_a_held_value_is_the_same_in_all_steps_and_a_person_counts_once() -> None:
    acts = [
        *(("a", 0, "ann", "pro"), ("b", 1, "ann", "free")),
        *(("a", 2, "bob", "pro"), ("a", 3, "bob", "free"), ("b", 4, "bob", "free")),
    ]
    assert reached(acts, "a", "b") == [2, 2]
    assert reached(acts, "a", "b", hold="platform") == [2, 1]
    assert reached(acts, "a", "b", hold="properties.plan") == [2, 1]


def test_persons_of_one_account_go_through_together() -> None:
    acts = [("a", 0, "ann", "acme"), ("b", 1, "bob", "acme"), ("a", 2, "cat", "")]
    assert reached(acts, "a", "b") == [2, 0]
    assert reached(acts, "a", "b", per="account", account="platform") == [1, 1]


def test_equal_times_may_be_refused() -> None:
    acts = [("a", 0, "ann", ""), ("b", 0, "ann", "")]
    assert reached(acts, "a", "b") == [1, 1]
    assert reached(acts, "a", "b", ties="refuse") == [1, 0]


@pytest.mark.parametrize(
    ("steps", "per", "rules", "told"),
    [
        (("a", "b"), "person", {"exclude": ["b"]}, "'b' is a step too"),
        (("a", "b", "a"), "person", {"order": "any"}, "one comes twice"),
        (("a", "b"), "person", {"order": "any", "ties": "refuse"}, "remove ties"),
        (("a", "b"), "account", {}, "give it with per: account"),
        (("a", "b"), "person", {"account": "platform"}, "only then"),
        (("a", "b"), "person", {"exclude": ["y"]}, "exclude: unknown event 'y'"),
    ],
)
def test_rules_that_contradict_are_refused(
    steps: tuple[str, ...], per: str, rules: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        reached([("a", 0, "ann", "")], *steps, per=per, **rules)


def test_wrong_words_of_the_command_line_are_told() -> None:
    with pytest.raises(ConfigurationError, match="hold: unknown column 'platfrom'; did you mean"):
        _rules(hold="platfrom")
    with pytest.raises(ConfigurationError, match="reentry: "):
        _rules(reentry="sometimes")


def brute_force(acts: list[Act], steps: list[str], rules: FunnelRules) -> list[int]:
    """Every attempt by hand: persons, or attempts where every one counts, by step."""
    counts = [0] * len(steps)
    for person in sorted({act[2] for act in acts}):
        attempts: list[tuple[int, str, int]] = []
        for held in sorted({act[3] for act in acts}) if rules.hold else [None]:
            if held == "":
                continue
            own = [a for a in acts if a[2] == person and (held is None or a[3] == held)]
            opens = steps if rules.order == "any" else steps[:1]
            for start in sorted({a[1] for a in own if a[0] in opens}):
                attempts.append((start, held or "", furthest(own, steps, start, rules)))
        if not attempts:
            continue
        if rules.reentry == "every":
            counted = [each[2] for each in attempts]
        elif rules.reentry == "first":
            counted = [min(attempts)[2]]
        else:
            counted = [max(each[2] for each in attempts)]
        for far in counted:
            for place in range(far):
                counts[place] += 1
    return counts


def furthest(own: list[Act], steps: list[str], start: int, rules: FunnelRules) -> int:
    """The steps that an attempt reaches; the names of steps differ."""
    stops = [a[1] for a in own if a[0] in rules.exclude and a[1] > start]
    if rules.order == "any":
        times = sorted(
            min(found)
            for s in steps
            if (found := [a[1] for a in own if a[0] == s and a[1] >= start])
        )
    else:
        times = [start]
        for _, step in pairwise(steps):
            later = [
                a[1]
                for a in own
                if a[0] == step
                and (a[1] > times[-1] if rules.ties == "refuse" else a[1] >= times[-1])
            ]
            if not later:
                break
            times.append(min(later))
    return sum(not stops or time <= min(stops) for time in times)


@settings(max_examples=120)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from("abcx"),
            st.integers(0, 6),
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(["pro", "free", ""]),
        ),
        max_size=10,
    ),
    order=st.sampled_from(["given", "any"]),
    exclude=st.sampled_from([[], ["x"]]),
    reentry=st.sampled_from(["furthest", "first", "every"]),
    hold=st.sampled_from([None, "platform"]),
    strict=st.booleans(),
)
def test_the_rules_agree_with_brute_force(
    acts: list[Act],
    order: str,
    exclude: list[str],
    reentry: str,
    hold: str | None,
    strict: bool,
) -> None:
    rules: dict[str, Any] = {
        "order": order,
        "exclude": exclude,
        "reentry": reentry,
        "hold": hold,
        "ties": "refuse" if strict and order == "given" else "allow",
    }
    assert reached(acts, "a", "b", "c", **rules) == brute_force(
        acts, ["a", "b", "c"], FunnelRules(**rules)
    )
