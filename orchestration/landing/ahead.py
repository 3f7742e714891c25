"""Work on what comes next while what is there is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], by: int = 2) -> Iterator[T]:
    """The same items, made in a thread of their own, at most `by` of them ahead.

    What making them raises is raised where they are used.
    """
    source = iter(items)
    end = object()

    def following() -> T | object:
        return next(source, end)

    with ThreadPoolExecutor(1) as maker:
        waiting: deque[Future[T | object]] = deque(maker.submit(following) for _ in range(by))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(maker.submit(following))
                yield item  # type: ignore[misc]  # only `end` is no T
        finally:
            maker.shutdown(cancel_futures=True)
