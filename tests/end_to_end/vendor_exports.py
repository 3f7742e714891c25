"""A small export of every vendor, told from the same acts; one more vendor is one more entry here.

Written from the vendors' documented shapes. Each export is a list of records that can be cut into
any files: what a file needs besides its records is its `head` and `tail`.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
HOSTILE = ('o\'brien "bob"', "semi;colon, comma", "日本語-ß", "'; drop table users;--", "a\\b")


@dataclass(frozen=True)
class Act:
    """What happened: `device` always, `user` once known."""

    number: int
    event: str
    at: datetime
    device: str
    user: str | None


# the clocks of New York go back on 2025-11-02 at 06:00 UTC and forward on 2025-03-09 at 07:00 UTC
STARTS = (datetime(2025, 3, 9, 6, 30, tzinfo=UTC), datetime(2025, 11, 2, 4, 45, tzinfo=UTC))
ACTS = tuple(
    Act(
        number,
        ("saved", "opened", "paid")[number % 3],
        STARTS[number // 8] + timedelta(minutes=20 * (number % 8)),
        f"device-{number % 5}",
        HOSTILE[number % 5] if number % 2 else None,
    )
    for number in range(16)
)


@dataclass(frozen=True)
class Export:
    """How one vendor writes the acts down."""

    name: str
    record: Callable[[Act], bytes]
    head: bytes = b""
    tail: bytes = b"\n"
    between: bytes = b"\n"
    garbage: bytes = b"\x00garbage{"
    settings: dict[str, Any] = field(default_factory=dict)

    def file(self, acts: Sequence[Act], garbage_at: int | None = None) -> bytes:
        """The bytes of one file; garbage takes a record's place before the act of that position."""
        records = [self.record(act) for act in acts]
        if garbage_at is not None:
            records.insert(garbage_at, self.garbage)
        return self.head + self.between.join(records) + self.tail


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps({k: v for k, v in value.items() if v is not None}).encode()


def _cells(*cells: object, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue().encode()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _plain(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _mixpanel(act: Act) -> bytes:
    return _json(
        {
            "event": act.event,
            "properties": {
                "time": _seconds(act.at),
                "distinct_id": act.user or f"$device:{act.device}",
                "$device_id": act.device,
                **({"$user_id": act.user} if act.user else {}),
                "$insert_id": f"insert-{act.number}",
                "$mp_api_timestamp_ms": _seconds(act.at) * 1000 + 900,
                "plan": "gold",
            },
        }
    )


def _amplitude(act: Act) -> bytes:
    return _json(
        {
            "event_type": act.event,
            "event_time": _plain(act.at) + ".000000",
            "uuid": f"uuid-{act.number}",
            "$insert_id": f"insert-{act.number}",
            "device_id": act.device,
            "user_id": act.user,
            "session_id": -1,
            "server_received_time": _plain(act.at) + ".900000",
            "server_upload_time": _plain(act.at) + ".950000",
            "event_properties": {"plan": "gold"},
            "app": 1,
        }
    )


def _tabular(act: Act) -> bytes:
    return _cells(f"id-{act.number}", act.event, _plain(act.at), act.device, act.user or "", "gold")


def _typeform(act: Act) -> bytes:
    at = _plain(act.at)
    return _cells(f"token-{act.number}", "7", act.user or "", "completed", at, at, "network")


EXPORTS: dict[str, Export] = {
    "mixpanel": Export("a.jsonl", _mixpanel, settings={"timezone": "UTC"}),
    "amplitude": Export("a.json", _amplitude),
    "tabular": Export(
        "a.csv",
        _tabular,
        head=b"id,event,at,device,user,plan\n",
        settings={
            "timezone": "UTC",
            "columns": {
                "event": "event",
                "occurred_at": "at",
                "event_id": "id",
                "device_id": "device",
                "user_id": "user",
            },
        },
    ),
    "typeform": Export(
        "a.csv",
        _typeform,
        head=b"#,Would you?,user_id,Response Type,Start Date (UTC),Submit Date (UTC),Network ID\n",
        settings={"identity": {"respondent_field": "user_id"}},
    ),
}
