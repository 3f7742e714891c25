"""PostHog batch exports: the events and persons models as JSON lines or Parquet.

Vendor pages: batch exports (S3), identifying users. No public export was found, so the fields are
as documented and nothing about them was measured. `properties` are objects in lines and JSON text
in Parquet. Columns may be added at any time and are kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Source

EVENT_COLUMNS = {"uuid", "event", "distinct_id"}
PERSON_COLUMNS = {"distinct_id", "person_id"}
PERSON_VERSIONS = {"person_version", "person_distinct_id_version"}


class Posthog(Source):
    """Lines or Parquet with `uuid`, `event` and `distinct_id`, or of persons with versions."""

    vendor = "posthog"
    envelope = {
        name.lstrip("_"): (name,)
        for name in (
            "uuid",
            "event",
            "distinct_id",
            "person_id",
            "timestamp",
            "created_at",
            "_inserted_at",
            "person_version",
            "person_distinct_id_version",
            "is_deleted",
        )
    }
    dated_by = ("timestamp",)
    raw_date = """case when "timestamp" like '____-__-__%'
        then left("timestamp", 10) end"""
    event_column = "event"
    time_sql = '"timestamp"'
    keeps_last = True
    owns_by_last_user = False
    dedupe_rule = "uuid; the copy ingested last is kept"
    identity_rule = (
        "the first user identified on an anonymous id owns its events; alias, merge and the "
        "persons model join users; the person_id of events is ignored"
    )
    time_rule = "timestamp, always UTC; created_at is when it was received"
    seen = "none: synthetic only"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the columns of events or of persons; a list of the run's files holds no records."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if head.is_parquet:
            return Framing("parquet") if _is_row(head.parquet_columns) else None
        if any(_is_row(each) for each in head.objects):
            return Framing("lines")
        return Framing("nothing") if _is_manifest(head) else None

    def has_session_ids(self, config: SourceConfig) -> bool:
        """$session_id; what a server sends has none."""
        return True


def _is_row(columns: Iterable[str]) -> bool:
    names = set(columns)
    return names >= EVENT_COLUMNS or (names >= PERSON_COLUMNS and bool(names & PERSON_VERSIONS))


def _is_manifest(head: Head) -> bool:
    document = head.document if head.name.endswith("manifest.json") else None
    if not isinstance(document, dict) or len(document) != 1:
        return False
    [listed] = document.values()
    return isinstance(listed, list) and all(isinstance(each, str) for each in listed)
