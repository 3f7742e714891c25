"""Names and values that change their form."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from benchmarks.scorecard.faults.base import (
    Fault,
    Moment,
    RowsChange,
    again,
    changed,
    chosen,
    named,
    ordered,
)
from benchmarks.scorecard.sources import AMPLITUDE, MIXPANEL, SEGMENT

_drift = partial(Fault, family="drift")


def _property(name: str, event: str, change: Any) -> RowsChange:
    """One property of an event: `change` gives the properties instead."""
    return changed("properties", lambda old: change(dict(old), name), named(event), "device_id")


def _renamed(new: str) -> Any:
    def change(old: dict[str, Any], name: str) -> dict[str, Any]:
        old[new] = old.pop(name)
        return old

    return change


def _dropped(old: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in old.items() if key != name}


def _set(value: Any) -> Any:
    return lambda old, name: {**old, name: value(old[name])}


def _flood(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    extra = again(rows[chosen(rows, moment)], "flood")
    return ordered(
        rows, extra.assign(name="debug_ping", properties=extra["properties"].map(lambda _: {}))
    )


FAULTS = (
    _drift(
        name="casing_drift",
        sources=(AMPLITUDE,),
        what="a new release writes an event's name with capitals",
        segment=("form_uploaded",),
        rows=changed("name", lambda _: "Form_Uploaded", named("form_uploaded"), "device_id"),
    ),
    _drift(
        name="renamed_event",
        sources=(MIXPANEL,),
        what="an event goes by another name",
        segment=("feature_toggled",),
        rows=changed("name", lambda _: "Feature Switched", named("Feature Toggled"), "device_id"),
    ),
    _drift(
        name="renamed_property",
        sources=(MIXPANEL,),
        what="a property goes by another name",
        segment=("form_type",),
        rows=_property("form_type", "Form Uploaded", _renamed("type_of_form")),
    ),
    _drift(
        name="property_dropped",
        sources=(AMPLITUDE,),
        what="a property is no longer sent",
        segment=("feature",),
        rows=_property("feature", "feature_toggled", _dropped),
    ),
    _drift(
        name="type_change",
        sources=(MIXPANEL,),
        what="a number becomes a text",
        segment=("length",),
        rows=_property("length", "Message Shared", _set(lambda old: f"{old} chars")),
    ),
    _drift(
        name="enum_drift",
        sources=(AMPLITUDE,),
        what="a value that nobody has listed",
        segment=("feature",),
        rows=_property("feature", "feature_toggled", _set(lambda _: "DARK-MODE")),
    ),
    _drift(
        name="listed_enum_drift",
        sources=(AMPLITUDE,),
        what="a value outside the dictionary's list",
        segment=("channel",),
        rows=_property("channel", "reminder_enabled", _set(lambda _: "whatsapp")),
    ),
    _drift(
        name="constant_value",
        sources=(SEGMENT,),
        what="a property is filled with its default",
        segment=("items",),
        rows=_property("items", "Cart Opened", _set(lambda _: 0)),
    ),
    _drift(
        name="unmapped_event_flood",
        sources=(AMPLITUDE,),
        what="a debugging event that nobody planned",
        segment=("debug_ping",),
        rows=_flood,
    ),
)
