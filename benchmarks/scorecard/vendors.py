"""Rows become files, in each vendor's own shape and naming: names and bytes, nothing on disk.

Bytes depend on the rows alone. Every name holds the date of its rows.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from benchmarks.scorecard.sources import (
    ADOBE,
    AMPLITUDE,
    APP_ACTS,
    MIXPANEL,
    SEGMENT,
    SHOP,
    SURVEY,
    hashed,
)
from benchmarks.scorecard.world import VALUES

Files = dict[str, bytes]
"""Path below the source's folder -> content."""

Row = dict[Hashable, Any]

UTC = ZoneInfo("UTC")
NEW_YORK = ZoneInfo("America/New_York")
PROJECT = 700
SUITE = "examplesuite"


def files_of(source: str, rows: pd.DataFrame, day: date) -> Files:
    """The files a source delivers for a day."""
    return WRITERS[source](rows, day)


def packed(data: bytes) -> bytes:
    """Gzip without a time stamp."""
    return gzip.compress(data, 6, mtime=0)


def lines(records: Iterable[Any]) -> bytes:
    """JSON lines."""
    return b"".join(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        for record in records
    )


def time_of(ms: int, zone: ZoneInfo = UTC) -> datetime:
    """The instant in a zone."""
    return datetime.fromtimestamp(ms / 1000, zone)


def _amplitude(rows: pd.DataFrame, day: date) -> Files:
    """One ZIP a day with a gzip of JSON lines for each hour."""
    stamps = rows["received"] // 3_600_000 % 24
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for hour, part in rows.groupby(stamps, sort=True):
            archive.writestr(
                zipfile.ZipInfo(f"{PROJECT}/{PROJECT}_{day}_{hour}#7.json.gz"),
                packed(lines(_amplitude_event(row) for row in part.to_dict("records"))),
            )
    return {f"{day}T00_{day}T23.zip": content.getvalue()}


def _amplitude_event(row: Row) -> dict[str, Any]:
    def stamp(ms: int) -> str:
        return time_of(ms).strftime("%Y-%m-%d %H:%M:%S.%f")

    event = {
        "$insert_id": row["id"],
        "$schema": 13,
        "amplitude_id": int(hashed(row["device_id"])[:9], 16),
        "app": PROJECT,
        "client_event_time": stamp(row["at"]),
        "country": "United States",
        "device_id": row["device_id"],
        "event_properties": row["properties"],
        "event_time": stamp(row["at"]),
        "event_type": row["name"],
        "language": "English",
        "os_name": row["platform"],
        "platform": {"ios": "iOS", "android": "Android"}.get(row["platform"], "Web"),
        "server_received_time": stamp(row["received"]),
        "server_upload_time": stamp(row["received"] + 300),
        "session_id": row["visit"],
        "user_id": row["user_id"],
        "user_properties": {},
        "uuid": hashed("uuid", row["id"]),
        "version_name": row["version"],
    }
    # `absent` is how a fault leaves out a whole key
    return {key: value for key, value in event.items() if key not in row.get("absent", ())}


def _mixpanel(rows: pd.DataFrame, day: date) -> Files:
    """One gzip of JSON lines a day; the project's clock is UTC."""
    return {
        f"{day}.jsonl.gz": packed(lines(_mixpanel_event(row) for row in rows.to_dict("records")))
    }


def _mixpanel_event(row: Row) -> dict[str, Any]:
    user = row["user_id"]
    properties = {
        "time": row["at"] // 1000,
        "distinct_id": user or f"$device:{row['device_id']}",
        "$app_version_string": row["version"],
        "$device_id": row["device_id"],
        "$insert_id": row["id"],
        "$mp_api_timestamp_ms": row["received"],
        "$os": {"ios": "iOS", "android": "Android"}.get(row["platform"], "Mac OS X"),
        "mp_country_code": "US",
        "mp_lib": {"ios": "swift"}.get(row["platform"], row["platform"]),
        "mp_processing_time_ms": row["received"] + 700,
        "platform": row["platform"],
        **({"$user_id": user} if user else {}),
        **row["properties"],
    }
    return {"event": row["name"], "properties": properties}


def _segment(rows: pd.DataFrame, day: date) -> Files:
    """One gzip of calls a day, in a folder named by its milliseconds."""
    place = f"segment-logs/8FzVzNj3Tq/{int(pd.Timestamp(day).timestamp() * 1000)}"
    calls = (_segment_call(row) for row in rows.to_dict("records"))
    return {f"{place}/{day}-part-0000.gz": packed(lines(calls))}


def _segment_call(row: Row) -> dict[str, Any]:
    def stamp(ms: int) -> str:
        return time_of(ms).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    return {
        "anonymousId": row["device_id"],
        "channel": "browser" if row["platform"] == "web" else "mobile",
        "context": {
            "app": {"version": row["version"]},
            "device": {"type": row["platform"]},
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "locale": "en-US",
            "os": {"name": {"ios": "iOS", "android": "Android"}.get(row["platform"], "macOS")},
        },
        "event": row["name"],
        "integrations": {},
        "messageId": f"ajs-next-{row['id']}",
        "originalTimestamp": stamp(row["at"]),
        "properties": row["properties"],
        "receivedAt": stamp(row["received"]),
        "sentAt": stamp(row["received"]),
        "timestamp": stamp(row["at"]),
        "type": "track",
        "userId": row["user_id"],
        "version": 2,
        "writeKey": "lab-write-key",
    }


SHOP_COLUMNS = ("id", "event", "timestamp", "logged_at", "user_id", "platform", "amount")


def _shop(rows: pd.DataFrame, day: date) -> Files:
    """One CSV a UTC day; its clock is that of New York, its log's stamp is UTC."""
    return {f"shop_log_{day}.csv": table(SHOP_COLUMNS, map(_shop_row, rows.to_dict("records")))}


def _shop_row(row: Row) -> list[Any]:
    wall = time_of(row["at"], NEW_YORK)
    return [
        row["id"],
        row["name"],
        wall.strftime("%Y-%m-%d %H:%M:%S"),
        time_of(row["received"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
        row["user_id"] or "",
        row["platform"],
        row["properties"].get("amount", ""),
    ]


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV with a header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


HIT_COLUMNS = (
    *("hitid_high", "hitid_low", "post_visid_high", "post_visid_low", "visit_num"),
    *("visit_page_num", "visit_start_time_gmt", "hit_time_gmt", "post_cust_hit_time_gmt"),
    *("date_time", "exclude_hit", "hit_source", "customer_perspective", "duplicate_purchase"),
    *("post_page_event", "post_event_list", "post_pagename", "post_campaign", "post_evar1"),
    *("post_evar11", "post_evar12", "post_evar13", "post_evar14", "post_evar15"),
)
EVARS = (*(key for key, _ in VALUES.values()), "length")
"""Properties by their variable: the first is eVar11."""


def _adobe(rows: pd.DataFrame, day: date) -> Files:
    """Hits of the suite's clock (New York), the lookups that name their columns, the manifest."""
    pages = rows.groupby("visit").cumcount() + 1
    hits = "".join(
        "\t".join(map(str, _hit(row, page))) + "\n"
        for row, page in zip(rows.to_dict("records"), pages, strict=True)
    )
    name = f"{SUITE}_{day}"
    data, lookups = packed(hits.encode()), _lookups()
    return {
        f"01-{name}.tsv.gz": data,
        f"{name}-lookup_data.tar.gz": lookups,
        f"{name}.txt": manifest(name, lookups, data, len(rows)),
    }


def _hit(row: Row, page: int) -> list[object]:
    digits = int(row["id"], 16)
    visitor = int(hashed(row["device_id"]), 16)
    return [
        *(digits >> 64 & (1 << 63) - 1, digits & (1 << 63) - 1),
        *(visitor >> 64 & (1 << 63) - 1, visitor & (1 << 63) - 1),
        *(row["visit"] // 1000, page, row["visit"] // 1000),
        *(row["received"] // 1000, row["at"] // 1000),
        time_of(row["at"], NEW_YORK).strftime("%Y-%m-%d %H:%M:%S"),
        *(0, 1, 0, 0, 0, 199 + int(row["name"].removeprefix("event")), "Planner", ""),
        row["user_id"] or "",
        *(row["properties"].get(key, "") for key in EVARS),
    ]


def _lookups() -> bytes:
    events = "".join(f"{199 + n}\tevent{n}\n" for n in range(1, len(APP_ACTS) + 1))
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, text in (
            ("column_headers.tsv", "\t".join(HIT_COLUMNS) + "\n"),
            ("event.tsv", events),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode("ascii")))
    return packed(content.getvalue())


def manifest(name: str, lookups: bytes, hits: bytes, records: int) -> bytes:
    """The manifest of one window of the feed."""

    def about(kind: str, file: str, data: bytes) -> list[str]:
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return [f"{kind}: {file}", f"MD5-Digest: {digest}", f"File-Size: {len(data)}"]

    return "\n".join(
        [
            *("Datafeed-Manifest-Version: 1.0", "Lookup-Files: 1", "Data-Files: 1"),
            *(f"Total-Records: {records}", ""),
            *(*about("Lookup-File", f"{name}-lookup_data.tar.gz", lookups), ""),
            *(*about("Data-File", f"01-{name}.tsv.gz", hits), f"Record-Count: {records}", ""),
        ]
    ).encode("ascii")


QUESTIONS = {
    "How likely are you to recommend the planner, from 0 to 10?": "nps",
    "How easy was it, from 1 to 5?": "rating",
    "Anything else?": "text",
}
SURVEY_COLUMNS = (
    "#",
    *QUESTIONS,
    "user_id",
    *("Response Type", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)"),
    *("Network ID", "Tags"),
)


def _survey(rows: pd.DataFrame, day: date) -> Files:
    """One CSV of a day's responses."""

    def answer(row: Row) -> list[Any]:
        began, ended = (
            time_of(ms).strftime("%Y-%m-%d %H:%M:%S") for ms in (row["at"] - 90_000, row["at"])
        )
        return [
            *(row["id"], row["nps"], row["ease"], row["remark"], row["user_id"]),
            *("completed", began, "", ended, row["device_id"], ""),
        ]

    return {f"responses_{day}.csv": table(SURVEY_COLUMNS, map(answer, rows.to_dict("records")))}


WRITERS: dict[str, Callable[[pd.DataFrame, date], Files]] = {
    AMPLITUDE: _amplitude,
    MIXPANEL: _mixpanel,
    ADOBE: _adobe,
    SEGMENT: _segment,
    SHOP: _shop,
    SURVEY: _survey,
}
