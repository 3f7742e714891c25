"""Mixpanel raw event export: one JSON object a line, `{"event": ..., "properties": {...}}`.

Vendor pages: Raw Event Export API, Event Deduplication, Identifying Users.
"""

from __future__ import annotations

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source


def _properties(*names: str) -> dict[str, Keys]:
    return {name.lstrip("$").removeprefix("mp_"): ("properties", name) for name in names}


class Mixpanel(Source):
    """Lines with `event` or `properties`; the plain line `terminated early` ends a cut export."""

    vendor = "mixpanel"
    envelope = {
        "event": ("event",),
        **_properties(
            "time",
            "distinct_id",
            "$insert_id",
            "$device_id",
            "$user_id",
            "$distinct_id_before_identity",
            "$identified_id",
            "$anon_id",
            "alias",
            "$distinct_ids",
            "$import",
            "mp_processing_time_ms",
            "$mp_api_timestamp_ms",
            "$os",
            "mp_lib",
            "platform",
            "$app_version_string",
            "mp_country_code",
            "$region",
            "$locale",
            "campaign",
            "utm_source",
            "utm_medium",
            "utm_campaign",
        ),
    }
    # the wall clock as written: seconds, or milliseconds above 1e10 (`time_in_ms=true`)
    raw_date = """
        try(make_timestamp(try_cast(
            case when try_cast("time" as double) > 1e10 then try_cast("time" as double) * 1000
                 else try_cast("time" as double) * 1000000 end as bigint)))"""
    event_column = "event"
    time_sql = '"time"'
    stop_line = b"terminated early"
    keeps_last = True
    owns_by_last_user = False
    personal = ("$name", "$avatar")
    dedupe_rule = "event, distinct_id, time, $insert_id; the copy ingested last is kept"
    identity_rule = (
        "the first user on a device owns its anonymous events; alias and merge join users"
    )
    time_rule = "epoch of the project's wall clock (UTC for projects created since 2023)"
    api = "raw event export"
    seen = "exports of a public project and of client libraries' tests"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """JSON lines with the two keys, a lone stop line, or (when configured) an empty body."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")  # an empty body with status 200 means no events
        if any(isinstance(o.get("properties"), dict) or set(o) == {"event"} for o in head.objects):
            return Framing("lines")
        if head.is_whole and len(head.lines) == 1 and head.lines[0].endswith("terminated early"):
            return Framing("lines")
        return None
