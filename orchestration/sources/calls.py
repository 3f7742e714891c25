"""The calls that Segment defined and RudderStack took over: track, identify, page and so on.

They come as JSON objects in camelCase, or as rows of warehouse tables in snake_case. Both vendors
read the same fields; which files are whose is told by the fields that only one of them writes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.sources.base import Framing, Head, Keys

CALLS = frozenset({"track", "identify", "page", "screen", "group", "alias", "merge", "delete"})
STAMPS = frozenset({"messageId", "receivedAt", "originalTimestamp", "sentAt", "timestamp"})
ROW_KEYS = frozenset({"id", "received_at"})
# A column beside `id` and `received_at` that their warehouse tables have and few others.
ROW_SIGNS = frozenset(
    {"original_timestamp", "sent_at", "uuid_ts", "event_text", "anonymous_id", "previous_id"}
)

# Field -> where an object has it, where a row has it.
FIELDS: Mapping[str, tuple[Keys, Keys]] = {
    "message_id": (("messageId",), ("id",)),
    "call_type": (("type",), ("type",)),
    "anonymous_id": (("anonymousId",), ("anonymous_id",)),
    "user_id": (("userId",), ("user_id",)),
    "event": (("event",), ("event",)),
    "event_text": (("event_text",), ("event_text",)),
    "page_name": (("name",), ("name",)),
    "previous_id": (("previousId",), ("previous_id",)),
    "event_time": (("timestamp",), ("timestamp",)),
    "received_time": (("receivedAt",), ("received_at",)),
    "sent_time": (("sentAt",), ("sent_at",)),
    "original_time": (("originalTimestamp",), ("original_timestamp",)),
    "channel": (("channel",), ("channel",)),
    "session": (("context", "sessionId"), ("context_session_id",)),
    "device_type": (("context", "device", "type"), ("context_device_type",)),
    "os_name": (("context", "os", "name"), ("context_os_name",)),
    "app_version": (("context", "app", "version"), ("context_app_version",)),
    "library": (("context", "library", "name"), ("context_library_name",)),
    "locale": (("context", "locale"), ("context_locale",)),
    "country": (("context", "location", "country"), ("context_location_country",)),
    "region": (("context", "location", "region"), ("context_location_region",)),
    "utm_source": (("context", "campaign", "source"), ("context_campaign_source",)),
    "utm_medium": (("context", "campaign", "medium"), ("context_campaign_medium",)),
    "utm_campaign": (("context", "campaign", "name"), ("context_campaign_name",)),
}

# Personal fields besides those of any tool: IPs of other names, and what traits say of a person.
# Staging calls a trait `name` `$name`, since pages and products have a `name` too.
PERSONAL = (
    *("$name", "avatar", "street", "address_street", "request_ip", "context_ip"),
    *("context_request_ip", "context_traits_name", "context_traits_email", "context_traits_phone"),
    *("context_traits_first_name", "context_traits_last_name", "context_traits_birthday"),
    *("context_traits_avatar", "context_traits_address_street"),
)


def envelope() -> dict[str, Keys]:
    """A column for each field of an object, and `row_` columns where a row has it elsewhere."""
    rows = {f"row_{f}": row for f, (own, row) in FIELDS.items() if row != own}
    return {field: own for field, (own, _) in FIELDS.items()} | rows


def raw_date(*stamps: str) -> str:
    """SQL for the date of the first of these columns: a text's, or that of an epoch of any unit."""
    written = _first(stamps)
    return f"""case
        when {written} like '____-__-__%' then left({written}, 10)
        when try_cast({written} as bigint) is not null
            then strftime(try(make_timestamp({_micros(written)})), '%Y-%m-%d') end"""


def time_sql(*stamps: str) -> str:
    """SQL for the first of these columns, an epoch in microseconds as one in milliseconds."""
    written = _first(stamps)
    return f"""case when try_cast({written} as bigint) > 100000000000000
        then cast(({_micros(written)}) // 1000 as varchar) else {written} end"""


def _micros(written: str) -> str:
    """SQL for an epoch of any unit in microseconds."""
    number = f"try_cast({written} as bigint)"
    return f"""case when {number} > 100000000000000000 then {number} // 1000
        when {number} > 100000000000000 then {number}
        when {number} > 100000000000 then {number} * 1000
        else {number} * 1000000 end"""


def _first(stamps: tuple[str, ...]) -> str:
    return "coalesce(" + ", ".join(f'"{stamp}"' for stamp in stamps) + ")"


def calls(head: Head) -> Iterator[Mapping[str, Any]]:
    """The lines that are calls: a known type, and a message id or a stamp."""
    for record in head.objects:
        kind = record.get("type")
        if isinstance(kind, str) and kind in CALLS and STAMPS & record.keys():
            yield record


def library(call: Mapping[str, Any]) -> str:
    """The name of the library that sent a call, in lower case; empty where it does not say."""
    context = call.get("context")
    found = context.get("library") if isinstance(context, dict) else None
    name = found.get("name") if isinstance(found, dict) else None
    return name.lower() if isinstance(name, str) else ""


def columns_of(head: Head) -> frozenset[str]:
    """The columns of a table: a Parquet schema, the keys of JSON lines, or a CSV header."""
    if head.is_parquet:
        return frozenset(head.parquet_columns)
    if head.objects:
        return frozenset(key for record in head.objects for key in record)
    return frozenset(_header(head, _delimiter(head)))


def table_framing(head: Head) -> Framing:
    """How to read a file whose `columns_of` are those of a table."""
    if head.is_parquet:
        return Framing("parquet")
    if head.objects:
        return Framing("lines")
    return Framing("csv", delimiter=_delimiter(head))


def is_table(columns: frozenset[str], *, is_configured: bool) -> bool:
    """Whether these are a table's columns; who is configured as its vendor needs no more sign."""
    return columns >= ROW_KEYS and (is_configured or bool(columns & ROW_SIGNS))


def path_parts(head: Head) -> list[str]:
    """The parts of a file's path, the file's own stem first, then its folders from the inside."""
    *folders, name = re.split(r"[/\\]", head.name)
    return [name.split(".")[0], *reversed(folders)]


def _delimiter(head: Head) -> str:
    first = head.lines[0] if head.lines else ""
    return max(",\t;|", key=first.count)


def _header(head: Head, delimiter: str) -> list[str]:
    rows = csv.reader(io.StringIO(head.text[:65536], newline=""), delimiter=delimiter)
    try:
        return next((row for row in rows if row), [])
    except csv.Error:
        return []
