"""Acts become records: what each source wrote down, faults included, with the fate of each.

A frame of records has the columns of the acts and
`fate`, `damage` (see faults), `copy` (1 where a resent row has an id of its own),
`received_ms`, `processed_ms` (UTC milliseconds), `shuffle` (order inside a file) and
`file` (day, hour or week the record is filed under).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from orchestration.demo.clocks import Ints, local_day
from orchestration.demo.faults import (
    BAD_TIME,
    BROKEN,
    DUPLICATE,
    EXCLUDED,
    FILTERED,
    IDENTITY,
    LOADED,
    NO_TIME,
    QUARANTINED,
    TORN,
    WHOLE,
    Plan,
)
from orchestration.demo.story import (
    ADOBE_UNTIL,
    CODES,
    DAY,
    GROUP_IDENTIFY,
    HOUR,
    IDENTIFY,
    MIXPANEL_UNTIL,
    MIXPANEL_ZONE,
    PARALLEL_FROM,
    PLATFORMS,
    SECOND,
    UNMAPPED,
    day_number,
)
from orchestration.demo.world import Bools, People, stream

TRUNCATED_DAY = day_number(date(2025, 3, 12))
MIXPANEL_BAD_DAY = day_number(date(2025, 3, 14))
AMPLITUDE_BAD_DAY = day_number(date(2025, 4, 2))
SKEW_DAYS = (day_number(date(2025, 4, 8)), day_number(date(2025, 4, 10)))
DRIFT_FROM = day_number(date(2025, 4, 8))
LOSS_FROM = day_number(date(2025, 4, 5))
SHOP_BAD_WEEK = day_number(date(2025, 3, 24))
UPLOAD_LAG = 300
FIRST_CART = CODES["cart_opened"]


def mixpanel(acts: pd.DataFrame, crowd: People, plan: Plan) -> pd.DataFrame:
    """Records of the Mixpanel exports, in file order; `file` is the project-local day."""
    wanted = (acts["event"] < FIRST_CART) & (_day(acts) < day_number(MIXPANEL_UNTIL))
    rows = _received(acts[wanted], plan.seed, "mixpanel")
    rows["at_ms"] -= rows["at_ms"] % SECOND
    rows["file"] = local_day(_ints(rows, "at_ms"), MIXPANEL_ZONE)
    _damage(rows, plan, "mixpanel_bad_lines", rows["file"].to_numpy() == MIXPANEL_BAD_DAY)

    whole_file = (rows["file"] != TRUNCATED_DAY).to_numpy()
    clean = (rows["fate"] == LOADED).to_numpy() & whole_file
    hit = plan.pick("mixpanel_duplicates", clean & _on("ios", rows, crowd))
    copies = rows.iloc[hit].copy()
    lag = stream(plan.seed, "mixpanel copies").integers(60 * SECOND, 2 * HOUR, len(hit))
    copies["processed_ms"] += lag
    # the copy ingested last is the one kept
    _put(rows, "fate", hit, DUPLICATE)
    plan.note("mixpanel_duplicates", len(hit))

    # an old SDK still sends $identify; each repeats what an ordinary event of its instant says
    logins = clean & (rows["user"] >= 0).to_numpy() & _on("android", rows, crowd)
    identify = _identity(rows, np.flatnonzero(logins)[::40], IDENTIFY)
    rows = pd.concat([rows, copies, identify], ignore_index=True)
    rows["shuffle"] = stream(plan.seed, "mixpanel order").random(len(rows))
    return _truncate(_ordered(rows, "shuffle", "file"), plan)


def amplitude(acts: pd.DataFrame, crowd: People, plan: Plan) -> pd.DataFrame:
    """Records of the Amplitude archives, in file order.

    `file` is the UTC hour of the upload (hours since 1970), `archive` the UTC day of the ZIP.
    """
    day = _day(acts)
    rows = acts[(acts["event"] < FIRST_CART) & (day >= day_number(PARALLEL_FROM))]
    day = _day(rows)

    affected = _on("android", rows, crowd) & (day >= LOSS_FROM)
    lost = plan.pick("amplitude_silent_loss", affected)
    plan.note("amplitude_silent_loss", len(lost))
    rows = _received(rows.drop(index=rows.index[lost]), plan.seed, "amplitude")
    rows["file"] = (rows["received_ms"] + UPLOAD_LAG) // HOUR

    drifted = (rows["event"] == CODES["tax_reminder_enabled"]) & (_day(rows) >= DRIFT_FROM)
    eager = crowd.eagerness[rows["person"]] < plan.share("amplitude_casing_drift")
    drifted &= eager
    _put(rows, "event", np.flatnonzero(drifted), UNMAPPED)
    plan.note("amplitude_casing_drift", int(drifted.sum()))

    # hours fetched twice hold ordinary records only: a copy of one of those is a duplicate and
    # nothing else, whichever rule looks at it first
    twice = _hours_fetched_twice(rows, plan)
    once = ~np.isin(rows["file"], twice)
    _damage(
        rows,
        plan,
        "amplitude_bad_lines",
        once & (rows["file"].to_numpy() // 24 == AMPLITUDE_BAD_DAY),
    )
    _skew(rows, crowd, plan, once)

    clean = (rows["fate"] == LOADED).to_numpy()
    hit = plan.pick("amplitude_resent", clean & _on("web", rows, crowd))
    copies = rows.iloc[hit].copy()
    lag = stream(plan.seed, "amplitude copies").integers(HOUR, 36 * HOUR, len(hit))
    for column in ("received_ms", "processed_ms"):
        copies[column] += lag
    copies["file"] = (copies["received_ms"] + UPLOAD_LAG) // HOUR
    copies["fate"], copies["copy"] = DUPLICATE, 1  # the first one received is kept
    plan.note("amplitude_resent", len(hit))

    known = np.flatnonzero(clean & once & (rows["user"] >= 0).to_numpy())
    identify = _identity(rows, known[::50], IDENTIFY)
    groups = _identity(rows, known[25::400], GROUP_IDENTIFY)
    rows = pd.concat([rows, copies, identify, groups], ignore_index=True)
    rows["archive"] = rows["file"] // 24

    rows["shuffle"] = stream(plan.seed, "amplitude order").random(len(rows))
    again = rows[np.isin(rows["file"], twice)].copy()
    again["archive"] -= 1
    again["fate"] = DUPLICATE
    plan.note("amplitude_overlap_hours", len(again))
    rows = pd.concat([rows, again], ignore_index=True)
    rows["partition"] = rows["act"] % 2
    return _ordered(rows, "shuffle", "partition", "file", "archive")


def shop(acts: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Rows of the script's log, in file order; `file` is the day number of the week's Monday."""
    rows = _received(acts[acts["event"] >= FIRST_CART], plan.seed, "shop")
    rows["at_ms"] -= rows["at_ms"] % SECOND
    day = rows["at_ms"].to_numpy() // DAY
    rows["file"] = day - (day + 3) % 7
    hit = plan.pick("shop_bad_times", rows["file"].to_numpy() == SHOP_BAD_WEEK)
    _put(rows, "damage", hit, np.where(np.arange(len(hit)) % 2, BAD_TIME, NO_TIME))
    _put(rows, "fate", hit, QUARANTINED)
    plan.note("shop_bad_times", len(hit))
    return _ordered(rows, "at_ms", "file")


def segment(acts: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Calls of the shop to Segment, in file order; `file` is the UTC day they were received."""
    wanted = (acts["event"] >= FIRST_CART) & (_day(acts) >= day_number(PARALLEL_FROM))
    rows = _received(acts[wanted], plan.seed, "segment")
    hit = plan.pick("segment_retries", np.ones(len(rows), np.bool_))
    copies = rows.iloc[hit].copy()
    lag = stream(plan.seed, "segment retries").integers(HOUR, 20 * HOUR, len(hit))
    copies["received_ms"] += lag
    copies["fate"] = DUPLICATE  # the first one received is kept
    plan.note("segment_retries", len(hit))
    rows = pd.concat(
        [rows, copies, _identity(rows, np.arange(0, len(rows), 20), IDENTIFY)], ignore_index=True
    )
    rows["file"] = rows["received_ms"] // DAY
    rows["shuffle"] = stream(plan.seed, "segment order").random(len(rows))
    return _ordered(rows, "shuffle", "file")


def adobe(acts: pd.DataFrame, crowd: People, plan: Plan) -> pd.DataFrame:
    """Hits of the website, in file order; `file` is the suite-local day."""
    wanted = (acts["event"] < FIRST_CART) & (_day(acts) < day_number(ADOBE_UNTIL))
    rows = acts[wanted]
    rows = _received(rows[_on("web", rows, crowd)], plan.seed, "adobe")
    rows["at_ms"] -= rows["at_ms"] % SECOND
    hit = plan.pick("adobe_excluded_hits", np.ones(len(rows), np.bool_))
    robots = rows.iloc[hit].copy()
    robots["act"] = -1 - robots["act"]
    robots["fate"], robots["damage"] = FILTERED, EXCLUDED
    plan.note("adobe_excluded_hits", len(hit))
    rows = pd.concat([rows, robots], ignore_index=True)
    rows["file"] = local_day(_ints(rows, "at_ms"))
    rows["shuffle"] = stream(plan.seed, "adobe order").random(len(rows))
    return _ordered(rows, "shuffle", "file")


def _ints(rows: pd.DataFrame, column: str) -> Ints:
    return rows[column].to_numpy(np.int64)


def _day(rows: pd.DataFrame) -> Ints:
    return local_day(_ints(rows, "at_ms"))


def _ordered(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows sorted by `columns`, the least weighty first; equal rows keep their order."""
    order = np.lexsort([rows[column].to_numpy() for column in columns])
    return rows.take(order).reset_index(drop=True)


def _put(rows: pd.DataFrame, column: str, places: Ints, values: Ints | int) -> None:
    changed = rows[column].to_numpy(copy=True)
    changed[places] = values
    rows[column] = changed


def _on(platform: str, rows: pd.DataFrame, crowd: People) -> Bools:
    owner = _ints(rows, "device") % len(crowd)
    return np.equal(crowd.platform[owner], PLATFORMS.index(platform))


def _received(rows: pd.DataFrame, seed: int, name: str) -> pd.DataFrame:
    """Stamps of the receiving server: mostly within seconds, 1 % after some hours offline."""
    rng = stream(seed, f"{name} received")
    count = len(rows)
    delay = 200 + rng.exponential(1_500, count).astype(np.int64)
    late = rng.random(count) < 0.01
    delay[late] += rng.integers(5 * 60 * SECOND, 6 * HOUR, int(late.sum()))
    received = _ints(rows, "at_ms") + delay
    return rows.assign(
        received_ms=received,
        processed_ms=received + 500 + rng.integers(0, 4_000, count),
        fate=np.full(count, LOADED, np.int8),
        damage=np.full(count, WHOLE, np.int8),
        copy=np.zeros(count, np.int8),
    )


def _damage(rows: pd.DataFrame, plan: Plan, name: str, affected: Bools) -> None:
    hit = plan.pick(name, affected)
    kinds = BROKEN + np.arange(len(hit)) % (NO_TIME - BROKEN + 1)
    _put(rows, "damage", hit, kinds)
    _put(rows, "fate", hit, QUARANTINED)
    plan.note(name, len(hit))


def _skew(rows: pd.DataFrame, crowd: People, plan: Plan, once: Bools) -> None:
    """A wrong device clock: dated 2 to 10 days after the server received the record."""
    day = _day(rows)
    affected = once & (rows["fate"] == LOADED).to_numpy() & _on("ios", rows, crowd)
    hit = plan.pick(
        "amplitude_clock_skew", affected & (day >= SKEW_DAYS[0]) & (day <= SKEW_DAYS[1])
    )
    ahead = stream(plan.seed, "amplitude ahead").integers(2 * DAY, 10 * DAY, len(hit))
    _put(rows, "at_ms", hit, _ints(rows, "at_ms")[hit] + ahead)
    _put(rows, "fate", hit, QUARANTINED)
    plan.note("amplitude_clock_skew", len(hit))


def _identity(rows: pd.DataFrame, places: Ints, event: int) -> pd.DataFrame:
    """Identity records beside ordinary ones: same person and instant, an id of their own."""
    found = rows.iloc[places].copy()
    found["act"] = -1 - found["act"] * 2 - (event == GROUP_IDENTIFY)
    found["event"], found["fate"] = event, IDENTITY
    return found


def _hours_fetched_twice(rows: pd.DataFrame, plan: Plan) -> Ints:
    """First hours of days that the archive of the day before holds as well."""
    hours = np.unique(_ints(rows, "file"))
    midnights: Ints = hours[(hours % 24 == 0) & np.isin(hours - 1, hours)]
    return midnights[plan.pick("amplitude_overlap_hours", np.ones(len(midnights), np.bool_))]


def _truncate(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Cut one file: the line at the cut is torn, those after it never arrive."""
    places = np.flatnonzero(rows["file"] == TRUNCATED_DAY)
    share = plan.share("mixpanel_truncated_file")
    if share == 0.0 or len(places) < 2:
        plan.note("mixpanel_truncated_file", 0)
        return rows
    cut = places[int(len(places) * (1 - share))]
    _put(rows, "fate", places[places == cut], QUARANTINED)
    _put(rows, "damage", places[places == cut], TORN)
    gone = places[places > cut]
    plan.note("mixpanel_truncated_file", 1 + len(gone))
    return rows.drop(index=list(gone)).reset_index(drop=True)
