"""Times that are not when it happened."""

from __future__ import annotations

from functools import partial

from benchmarks.scorecard.faults.base import ALL, Fault, anywhere, changed, platform
from benchmarks.scorecard.sources import AMPLITUDE, MIXPANEL, SEGMENT, SHOP

_clock = partial(Fault, family="clock")

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

FAULTS = (
    _clock(
        name="zone_shift",
        sources=(MIXPANEL,),
        what="the project's clock is set to another zone",
        sizes=ALL,
        rows=changed("at", lambda at: at - 8 * HOUR_MS),
    ),
    _clock(
        name="dst_misread",
        sources=(SHOP,),
        what="a script stays on summer time when the clocks go back",
        sizes=ALL,
        rows=changed("at", lambda at: at + HOUR_MS),
    ),
    _clock(
        name="seconds_for_milliseconds",
        sources=(MIXPANEL,),
        what="a client divides the time by a thousand once too often",
        rows=changed("at", lambda at: at // 1000, anywhere, "device_id"),
    ),
    _clock(
        name="future_rows",
        sources=(SEGMENT,),
        what="devices whose calendar is years ahead",
        rows=changed("at", lambda at: at + 2000 * DAY_MS, anywhere, "device_id"),
    ),
    _clock(
        name="clock_drift_of_platform",
        sources=(AMPLITUDE,),
        what="the clocks of one platform go three hours late",
        segment=("android",),
        rows=changed("at", lambda at: at - 3 * HOUR_MS, platform("android"), "device_id"),
    ),
)
