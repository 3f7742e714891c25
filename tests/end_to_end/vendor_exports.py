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


def _call(act: Act, **more: str) -> bytes:
    """A call in the model that Segment and RudderStack share."""
    times = dict.fromkeys(("originalTimestamp", "sentAt", "receivedAt", "timestamp"), _iso(act.at))
    return _json(
        {
            "type": "track",
            "event": act.event,
            "messageId": f"message-{act.number}",
            "anonymousId": act.device,
            "userId": act.user,
            "properties": {"plan": "gold"},
            "context": {"library": {"name": "js", "version": "1"}},
            **times,
            **more,
        }
    )


def _segment(act: Act) -> bytes:
    return _call(act)


def _rudderstack(act: Act) -> bytes:
    return _call(act, rudderId="r", request_ip="192.0.2.1", channel="web")


def _ga4(act: Act) -> bytes:
    return _json(
        {
            "event_date": f"{act.at:%Y%m%d}",
            "event_timestamp": str(_seconds(act.at) * 1_000_000),
            "event_name": act.event,
            "event_params": [{"key": "plan", "value": {"string_value": "gold"}}],
            "event_bundle_sequence_id": str(act.number),
            "user_id": act.user,
            "user_pseudo_id": act.device,
            "stream_id": "1",
            "platform": "WEB",
        }
    )


def _snowplow(act: Act) -> bytes:
    cells = [""] * 131
    cells[0], cells[1] = "app", "web"
    cells[2] = cells[3] = cells[4] = _plain(act.at) + ".000"
    cells[5], cells[6] = "unstruct", f"00000000-0000-4000-8000-{act.number:012d}"
    cells[12], cells[15] = act.user or "", act.device
    cells[125], cells[126], cells[127], cells[128] = "com.acme", act.event, "jsonschema", "1-0-0"
    cells[124] = _plain(act.at) + ".000"
    return "\t".join(cells).encode()


def _posthog(act: Act) -> bytes:
    return _json(
        {
            "uuid": f"00000000-0000-4000-8000-{act.number:012d}",
            "event": act.event,
            "distinct_id": act.user or act.device,
            "properties": {
                "plan": "gold",
                "$device_id": act.device,
                **({"$user_id": act.user} if act.user else {}),
            },
            "timestamp": _iso(act.at),
            "created_at": _iso(act.at),
        }
    )


HIT = (
    *("hitid_high", "hitid_low", "post_visid_high", "post_visid_low", "hit_time_gmt"),
    *("post_cust_hit_time_gmt", "date_time", "exclude_hit", "hit_source", "post_page_event"),
    *("post_event_list", "post_evar1", "post_evar2"),
)


def _adobe(act: Act) -> bytes:
    seconds, event = _seconds(act.at), 200 + ("saved", "opened", "paid").index(act.event)
    user = (act.user or "").replace("\\", "\\\\")
    wall = act.at.astimezone(NEW_YORK)
    cells = (act.number + 10**18, 7, 3, int(act.device[-1]), seconds, seconds, _plain(wall))
    return "\t".join(map(str, (*cells, 0, 1, 0, event, user, "gold"))).encode()


QUALTRICS = (
    *("StartDate", "EndDate", "Status", "Progress", "Finished", "RecordedDate", "ResponseId"),
    *("Q1", "user_id"),
)


def _qualtrics(act: Act) -> bytes:
    at = _plain(act.at)
    return _cells(at, at, 0, 100, 1, at, f"R_{act.number}", 7, act.user or "")


def _surveymonkey(act: Act) -> bytes:
    at = _plain(act.at)
    return _cells(100_000_000 + act.number, 1, at, at, "7", act.user or "")


def _zigpoll(act: Act) -> bytes:
    return _cells(f"z{act.number}", _iso(act.at), "poll", "Would you?", "7", act.user or "")


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
    "segment": Export("a.json", _segment),
    "rudderstack": Export("a.json", _rudderstack),
    "ga4": Export("a.json", _ga4),
    "snowplow": Export("a.tsv", _snowplow),
    "posthog": Export("a.jsonl", _posthog),
    "adobe_analytics": Export(
        "a.tsv",
        _adobe,
        head="\t".join(HIT).encode() + b"\n",
        settings={"timezone": "America/New_York", "login": "evar1"},
    ),
    "qualtrics": Export(
        "a.csv",
        _qualtrics,
        head=_cells(*QUALTRICS)
        + b"\n"
        + _cells(*(f"About {name}" for name in QUALTRICS))
        + b"\n"
        + _cells(*(json.dumps({"ImportId": f"QID_{name}"}) for name in QUALTRICS))
        + b"\n",
        settings={"timezone": "UTC", "identity": {"user_field": "user_id"}},
    ),
    "surveymonkey": Export(
        "a.csv",
        _surveymonkey,
        head=b"Respondent ID,Collector ID,Start Date,End Date,Would you?,user_id\n,,,,Response,\n",
        settings={"timezone": "UTC", "identity": {"user_field": "user_id"}},
    ),
    "zigpoll": Export(
        "a.csv",
        _zigpoll,
        head=b"id,created,poll,question,answer,user_id\n",
        settings={
            "columns": {
                "response_id": "id",
                "created_at": "created",
                "poll_id": "poll",
                "question": "question",
                "response": "answer",
            },
            "identity": {"user_field": "user_id"},
        },
    ),
    "typeform": Export(
        "a.csv",
        _typeform,
        head=b"#,Would you?,user_id,Response Type,Start Date (UTC),Submit Date (UTC),Network ID\n",
        settings={"identity": {"user_field": "user_id"}},
    ),
}
