"""Ids that no longer tell who it was."""

from __future__ import annotations

from functools import partial

import pandas as pd

from benchmarks.scorecard.faults.base import Fault, Moment, changed, chosen, named, platform
from benchmarks.scorecard.sources import AMPLITUDE, MIXPANEL, SEGMENT, hashed

_identity = partial(Fault, family="identity")


def _is_known(rows: pd.DataFrame) -> pd.Series[bool]:
    return rows["user_id"].notna()


def _login_stops(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Devices that cannot log in: no event of it, and no user id from then on."""
    hit = pd.Series(chosen(rows, moment, unit="device_id"), index=rows.index)
    known = rows.assign(user_id=rows["user_id"].where(~hit, None).astype(object))
    return known[~(hit & named("logged_in")(rows))].reset_index(drop=True)


def _anonymous_ids_reset(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    hit = chosen(rows, moment)
    ids = [
        hashed("reset", event) if is_hit else device
        for device, event, is_hit in zip(rows["device_id"], rows["id"], hit, strict=True)
    ]
    return rows.assign(device_id=ids)


FAULTS = (
    _identity(
        name="null_user_ids",
        sources=(MIXPANEL,),
        what="user ids are left out",
        rows=changed("user_id", lambda _: None, _is_known),
    ),
    _identity(
        name="undefined_user_ids",
        sources=(AMPLITUDE,),
        what="user ids are the word undefined",
        rows=changed("user_id", lambda _: "undefined", _is_known),
    ),
    _identity(
        name="login_stops",
        sources=(AMPLITUDE,),
        what="people cannot log in any more",
        rows=_login_stops,
    ),
    _identity(
        name="constant_user_id",
        sources=(AMPLITUDE,),
        what="many people under one user id",
        rows=changed("user_id", lambda _: "service-account", _is_known),
    ),
    _identity(
        name="shared_device_id",
        sources=(MIXPANEL,),
        what="a build that ships with one device id",
        rows=changed(
            "device_id", lambda _: hashed("build machine"), platform("web"), unit="device_id"
        ),
    ),
    _identity(
        name="anonymous_ids_reset",
        sources=(SEGMENT,),
        what="the anonymous id is made anew with each event",
        rows=_anonymous_ids_reset,
    ),
)
