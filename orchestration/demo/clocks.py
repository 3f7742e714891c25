"""Wall clocks for whole arrays. Instants are int64 milliseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from orchestration.demo.story import DAY, HOUR, REPORTING_ZONE

Ints = npt.NDArray[np.int64]


def utc_offset(at_ms: Ints, zone: str) -> Ints:
    """Milliseconds that the wall clock of `zone` is ahead of UTC at each instant.

    Looked up once for every whole hour in the range: zones of today change on whole UTC hours
    or, rarely, half hours, which no zone of the story does.
    """
    if at_ms.size == 0:
        return np.zeros(0, np.int64)
    info = ZoneInfo(zone)
    hours = at_ms // HOUR
    first = int(hours.min())
    offsets = [
        datetime.fromtimestamp(hour * 3600, UTC).astimezone(info).utcoffset() or timedelta()
        for hour in range(first, int(hours.max()) + 1)
    ]
    table = np.array([o // timedelta(milliseconds=1) for o in offsets], np.int64)
    return table[hours - first]


def local_day(at_ms: Ints, zone: str = REPORTING_ZONE) -> Ints:
    """Day number (days since 1970-01-01) of each instant on the wall calendar of `zone`."""
    return (at_ms + utc_offset(at_ms, zone)) // DAY
