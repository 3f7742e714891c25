"""Items made ahead: the same ones, in order, and what making them raises."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from orchestration.landing.ahead import ahead


def test_the_same_items_in_order() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead([])) == []
    assert list(ahead([None, None])) == [None, None]


def test_they_are_made_in_a_thread_of_their_own() -> None:
    makers = set(ahead(threading.get_ident() for _ in range(5)))
    assert len(makers) == 1 and threading.get_ident() not in makers


def test_what_making_raises_is_raised_after_what_came_before() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(found)


def test_no_more_than_asked_are_made_ahead() -> None:
    made: list[int] = []
    found = ahead((made.append(n) or n for n in range(100)), by=2)  # type: ignore[func-returns-value]
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    assert len(made) <= 4, "one used, two ahead, one under way"
