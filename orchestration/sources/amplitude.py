"""Amplitude export API and cloud delivery: zips of gzipped hours of JSON lines, and merged ids.

Vendor pages: Export API, Amazon S3 destination (merged ids), Track unique users.
"""

from __future__ import annotations

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Source

MERGED_IDS = {"amplitude_id", "merged_amplitude_id"}


class Amplitude(Source):
    """Lines with `event_type`, or with the two ids of a merge."""

    vendor = "amplitude"
    envelope = {
        name.lstrip("$"): (name,)
        for name in (
            "event_type",
            "event_time",
            "uuid",
            "$insert_id",
            "user_id",
            "device_id",
            "amplitude_id",
            "merged_amplitude_id",
            "merge_time",
            "session_id",
            "server_received_time",
            "server_upload_time",
            "client_event_time",
            "platform",
            "os_name",
            "version_name",
            "country",
            "region",
            "language",
        )
    } | {
        "campaign": ("event_properties", "campaign"),
        "utm_source": ("user_properties", "utm_source"),
        "utm_medium": ("user_properties", "utm_medium"),
        "utm_campaign": ("user_properties", "utm_campaign"),
    }
    dated_by = ("event_time",)
    raw_date = """case when "event_time" like '____-__-__%'
        then left("event_time", 10) end"""
    event_column = "event_type"
    time_sql = '"event_time"'
    dedupe_window_seconds = 7 * 86400
    counter = ("$amplitude", "event_id")  # of events sent by servers it is a random number
    dedupe_rule = "device_id and $insert_id within 7 days, first received is kept; else uuid"
    identity_rule = "the last user on a device owns its anonymous events; merged ids join users"
    time_rule = "event_time, always UTC"
    api = "export API"
    seen = "one public export archive, lines of another tool's tests"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """JSON lines of events or of merged ids, or (when configured) an empty hour."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if any("event_type" in o or set(o) >= MERGED_IDS for o in head.objects):
            return Framing("lines")
        return None

    def has_session_ids(self, config: SourceConfig) -> bool:
        """session_id is always there; -1 stands for no session."""
        return True
