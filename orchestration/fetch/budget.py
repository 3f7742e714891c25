"""How often a vendor may be asked: never more requests than it allows in any stretch of time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence


class Budget:
    """Limits of (requests, seconds), shared by all threads that ask one vendor.

    `past` are the times (epoch seconds) of requests that earlier processes made.
    """

    def __init__(
        self,
        limits: Sequence[tuple[int, float]],
        past: Iterable[float] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        kept = max((count for count, _ in limits), default=0)
        self._times: deque[float] = deque(sorted(past), maxlen=kept)

    def delay(self) -> float:
        """Take a request if one is free and return 0, else the seconds until one may be."""
        with self._lock:
            now = self._clock()
            wait = 0.0
            for count, seconds in self._limits:
                if len(self._times) >= count:
                    wait = max(wait, self._times[-count] + seconds - now)
            if wait <= 0 and self._limits:
                self._times.append(now)
            return max(wait, 0.0)
