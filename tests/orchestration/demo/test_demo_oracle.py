"""The rules on arrays small enough to work out by hand. Times in minutes unless said otherwise."""

import numpy as np
import pytest

from orchestration.demo.oracle import first_user_owns, funnel, last_user_owns, sessions

A, B = 1, 2
NOBODY = -1
MINUTE = 60_000


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_first_user_owns_the_anonymous_past_and_future_of_a_device():
    device = ints(0, 0, 0, 0, 0, 5)
    user = ints(NOBODY, A, NOBODY, B, NOBODY, NOBODY)
    at = ints(1, 2, 3, 4, 5, 6)
    assert first_user_owns(device, user, at).tolist() == [A, A, A, B, A, NOBODY]


def test_last_user_owns_what_follows_and_the_first_what_came_before():
    device = ints(0, 0, 0, 0, 0, 5)
    user = ints(NOBODY, A, NOBODY, B, NOBODY, NOBODY)
    at = ints(1, 2, 3, 4, 5, 6)
    assert last_user_owns(device, user, at).tolist() == [A, A, A, B, B, NOBODY]


def test_last_user_counts_from_the_instant_of_the_log_in_whatever_the_order():
    device, at = ints(7, 7, 7), ints(5, 5, 9)
    assert last_user_owns(device, ints(NOBODY, B, A), at).tolist() == [B, B, A]


def test_a_user_of_one_device_says_nothing_about_another():
    device, user, at = ints(0, 1), ints(A, NOBODY), ints(1, 2)
    assert last_user_owns(device, user, at).tolist() == [A, NOBODY]
    assert first_user_owns(device, user, at).tolist() == [A, NOBODY]


def test_a_gap_strictly_over_the_timeout_starts_a_session():
    at = ints(0, 30, 61, 62) * MINUTE
    got = sessions(ints(A, A, A, A), at, 30 * MINUTE, 24 * 60 * MINUTE)
    assert got.tolist() == [0, 0, 1, 1]


def test_persons_do_not_share_sessions():
    at = ints(1, 0, 2) * MINUTE
    assert sessions(ints(B, A, B), at, 30 * MINUTE, 24 * 60 * MINUTE).tolist() == [1, 0, 1]


def test_no_session_is_longer_than_the_cap():
    at = np.arange(0, 150, 20) * MINUTE  # 0, 20, ... 140: cut after 60 and after 120
    got = sessions(np.zeros(8, np.int64), at, 30 * MINUTE, 60 * MINUTE)
    assert got.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    got = sessions(np.zeros(8, np.int64), at, 30 * MINUTE, 50 * MINUTE)
    assert got.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


def test_sessions_of_nothing():
    assert sessions(ints(), ints(), 1, 1).tolist() == []


def test_a_later_attempt_counts_where_the_first_ran_out_of_time():
    person, event = ints(A, A, A), ints(0, 0, 1)
    assert funnel(person, event, ints(0, 50, 60), [0, 1], 20) == [1, 1]
    assert funnel(person, event, ints(0, 10, 60), [0, 1], 20) == [1, 0]


def test_steps_keep_their_order_and_equal_times_satisfy_successive_steps():
    person = ints(A, A, A, B, B, B)
    event = ints(1, 0, 2, 0, 1, 2)
    at = ints(0, 1, 2, 5, 5, 5)
    assert funnel(person, event, at, [0, 1, 2], 100) == [2, 1, 1]


def test_the_window_runs_from_the_first_step_and_holds_its_end():
    person, event = ints(A, A, A), ints(0, 1, 2)
    assert funnel(person, event, ints(0, 10, 20), [0, 1, 2], 20) == [1, 1, 1]
    assert funnel(person, event, ints(0, 10, 21), [0, 1, 2], 20) == [1, 1, 0]
    assert funnel(person, event, ints(0, 10, 9_999), [0, 1, 2], None) == [1, 1, 1]


def test_steps_of_one_person_do_not_help_another():
    assert funnel(ints(A, B), ints(0, 1), ints(0, 1), [0, 1], 10) == [1, 0]


def test_repeated_steps_are_refused():
    with pytest.raises(ValueError, match="distinct"):
        funnel(ints(A), ints(0), ints(0), [0, 0], 10)
