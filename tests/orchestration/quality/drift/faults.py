"""Named faults over the frame of `world`: what they do to the rows they hit, and their cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.orchestration.quality.drift.world import FAULTY, Fault, Random


def _set(**columns: object) -> Fault:
    def apply(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
        table = table.copy()
        for name, value in columns.items():
            table.loc[where, name] = value
        return table

    return apply


def zone_shift(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """All clocks seven hours late, as written in another zone; no time of receipt to tell."""
    table = table.copy()
    table["delivery"] = table["number"].map(lambda n: f"day{n:03d}")
    table.loc[where, "occurred_at"] += pd.Timedelta(hours=7)
    table["received_at"] = pd.NaT
    return table


def epoch_unit(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Seconds read as milliseconds: the rows are quarantined, with the number as it was."""
    table = table.copy()
    table["delivery"] = table["number"].map(lambda n: f"day{n:03d}")
    table["raw"] = table["occurred_at"].astype("int64").astype(str).str[:13]
    table.loc[where, "raw"] = table.loc[where, "raw"].str[:10]
    table.loc[where, "reason"] = "time_before_2000"
    table.loc[where, "occurred_at"] = pd.Timestamp(1970, 1, 20)
    return table


def future_rows(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Device clocks a year ahead: quarantined."""
    table = table.copy()
    table["delivery"] = table["number"].map(lambda n: f"day{n:03d}")
    table.loc[where, "reason"] = "future_dated"
    table.loc[where, "occurred_at"] += pd.Timedelta(days=365)
    return table


def clock_drift(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Android sets times ten minutes early."""
    table = table.copy()
    where = where & (table["platform"] == "android").to_numpy()
    table.loc[where, "occurred_at"] -= pd.Timedelta(minutes=10)
    return table


def clocks_stray(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Of android's devices some set times three hours early: the median stays where it was."""
    table = table.copy()
    where = where & (table["platform"] == "android").to_numpy()
    table.loc[where, "occurred_at"] -= pd.Timedelta(hours=3)
    return table


def summer_time(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """All times an hour late, as by a script that stays on summer time."""
    table = table.copy()
    table.loc[where, "occurred_at"] += pd.Timedelta(hours=1)
    return table


def login_stopped(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Log-in is lost on android and web."""
    return _set(user_id=None)(table, where, draw)


def visitors_lost(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """People without an account refuse to be tracked."""
    return table[~(where & table["user_id"].isna().to_numpy())].reset_index(drop=True)


def ids_merged(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """One user id for all who log in."""
    return _set(user_id="u-default")(table, where & table["user_id"].notna().to_numpy(), draw)


def ids_reset(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """A device id of its own for each event."""
    table = table.copy()
    table.loc[where, "device_id"] = [f"anew-{n}" for n in range(int(where.sum()))]
    return table


def renamed_property(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """`amount` comes as `amount_usd`."""
    table = table.copy()
    table["amount_usd"] = np.nan
    table.loc[where, "amount_usd"] = table.loc[where, "amount"]
    table.loc[where, "amount"] = np.nan
    return table


def cents(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Amounts in cents."""
    table = table.copy()
    table.loc[where, "amount"] *= 100
    return table


def _of_event(only: str, **columns: object) -> Fault:
    def apply(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
        return _set(**columns)(table, where & (table["event"] == only).to_numpy(), draw)

    return apply


def vanished(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Uploads are no longer sent on android."""
    where = where & ((table["event"] == "form_uploaded") & (table["platform"] == "android"))
    return table[~where].reset_index(drop=True)


def _again(table: pd.DataFrame, where: np.ndarray, seconds: int, suffix: str) -> pd.DataFrame:
    copies = table[where].copy()
    copies["occurred_at"] += pd.Timedelta(seconds=seconds)
    copies["key"] += suffix
    return pd.concat([table, copies], ignore_index=True)


def double_firing(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Shares are sent twice, a second apart."""
    return _again(table, where & (table["event"] == "message_shared").to_numpy(), 1, "-twice")


def duplicates(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """Rows come twice with their id."""
    return _again(table, where, 0, "")


def replayed(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """A day of last week is delivered again, with new ids."""
    copies = table[table["number"] == FAULTY - 6].copy()
    table = table.copy()
    table["delivery"] = table["number"].map(lambda n: f"day{n:03d}")
    copies["delivery"] = "day999"
    copies["key"] += "-again"
    return pd.concat([table, copies], ignore_index=True)


def robot(table: pd.DataFrame, where: np.ndarray, draw: Random) -> pd.DataFrame:
    """One device sends an event every four minutes."""
    rows = table[(table["number"] >= FAULTY).to_numpy()].groupby("number").head(1)
    rows = rows.loc[rows.index.repeat(360)].copy()
    order = rows.groupby("number").cumcount()
    rows["occurred_at"] = rows["occurred_at"].dt.floor("D") + pd.to_timedelta(240 * order, unit="s")
    rows["device_id"], rows["user_id"] = "d999999", None
    rows["key"] += "-" + order.astype(str)
    return pd.concat([table, rows], ignore_index=True)


# Name -> (what it does, its cause, the sizes it comes in)
SIZES = ("large", "middle", "small")
FAULTS: dict[str, tuple[Fault, str, tuple[str, ...]]] = {
    "zone shift": (zone_shift, "zone_shift", ("whole",)),
    "epoch unit": (epoch_unit, "epoch_unit", ("whole", "large", "middle")),
    "future rows": (future_rows, "future_rows", SIZES),
    "clock drift": (clock_drift, "clock_drift", ("whole",)),
    "clocks of some devices": (clocks_stray, "clock_drift", ("large", "middle")),
    "summer time misread": (summer_time, "clock_drift", ("whole", "large")),
    "log-in stops": (login_stopped, "login_stopped", ("large", "middle")),
    "visitors without account refuse": (visitors_lost, "anonymous_visitors_lost", ("whole",)),
    "one user id for many": (ids_merged, "ids_merged", SIZES),
    "device ids vanish": (_set(device_id=None), "anonymous_id_lost", SIZES),
    "device ids made anew": (ids_reset, "ids_reset", ("large", "middle")),
    "one device id for many": (_set(device_id="d0"), "constant_id", SIZES),
    "property dropped": (_of_event("order_paid", amount=np.nan), "property_missing", SIZES),
    "property renamed": (renamed_property, "property_missing", SIZES),
    "half-filled property dropped": (_set(plan=None), "property_missing", ("large", "middle")),
    "number becomes text": (_set(amount_text=True), "property_type_changed", SIZES),
    "enum value renamed": (_of_event("order_paid", method="Card"), "unseen_values", SIZES),
    "cents for units": (cents, "numeric_scale", SIZES),
    "constant value": (_set(topic="topic 0"), "constant_value", ("whole",)),
    "event renamed": (
        _of_event("form_uploaded", event="Form_Uploaded"),
        "event_renamed",
        SIZES,
    ),
    "event takes another's place": (
        _of_event("form_uploaded", event="Document Filed"),
        "event_renamed",
        ("large", "middle"),
    ),
    "event vanishes on a platform": (vanished, "event_vanished", ("whole",)),
    "double firing": (double_firing, "double_firing", SIZES),
    "duplicates": (duplicates, "duplicates", SIZES),
    "replayed delivery": (replayed, "replayed_delivery", ("whole",)),
    "robot": (robot, "robots", ("whole",)),
}
