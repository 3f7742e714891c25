"""Zigpoll: pages of the API, and downloads by a configured column map.

Little of it is public: the API's shapes are those of the vendor's own OpenAPI file, and no download
was ever seen, so its columns are named by `columns:`. A response is one answer to one slide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestration.source_config import ZIGPOLL_COLUMNS, SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source, first_date
from orchestration.sources.survey_csv import DELIMITERS, first_rows

# what only objects of one kind have
KINDS = (
    {"slideId", "participantId", "response"},
    {"slideId", "participantId", "email"},
    {"ipDetails", "responses"},
    {"pollId", "answers", "title"},
    {"renderCount", "submissionCount"},
)


class Zigpoll(Source):
    """A page whose `data` are answers, slides, polls, participants or e-mails; a mapped table."""

    vendor = "zigpoll"
    kind = "survey"
    dated_by = ("created_at", "csv_created_at")
    raw_date = first_date(dated_by)
    event_column = None
    time_sql = 'coalesce("created_at", "csv_created_at")'
    dedupe_rule = "`_id` of the answer; the latest is kept"
    identity_rule = (
        "a configured field of `metadata` or of the participant; e-mail by `identity.keys`; "
        "participantId is anonymous"
    )
    time_rule = "createdAt, UTC (a mapped table: the configured time zone)"
    api = "answers, slides, participants, e-mails"
    seen = "none: synthetic only, public facts are thin"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the keys of the API's objects; a table only where its columns are mapped."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        found = _document(head)
        if found is not None or config is None or not config.columns:
            return found
        for delimiter in DELIMITERS:
            header = set(next(iter(first_rows(head, delimiter, 1)), []))
            if header & set(config.columns.values()) and len(header) > 1:
                return Framing("csv", delimiter=delimiter)
        return None

    def envelope_paths(self, config: SourceConfig | None) -> Mapping[str, Keys]:
        """The API's keys, and the mapped columns: where none is mapped, one of that name."""
        columns = (config.columns if config is not None else None) or {}
        return {
            **{name: (key,) for name, key in API_KEYS.items()},
            **{f"csv_{name}": (columns.get(name, name),) for name in ZIGPOLL_COLUMNS},
        }

    def missing_columns(self, head: Head, config: SourceConfig) -> Sequence[str]:
        """Mapped columns absent from a table's header."""
        framing = self.recognise(head, config)
        if framing is None or framing.kind != "csv":
            return ()
        header = set(next(iter(first_rows(head, framing.delimiter, 1)), []))
        return [c for c in dict.fromkeys((config.columns or {}).values()) if c not in header]


API_KEYS = {
    "own_id": "_id",
    "created_at": "createdAt",
    "poll_id": "pollId",
    "slide_id": "slideId",
    "participant_id": "participantId",
    "response": "response",
    "value_type": "valueType",
    "metadata": "metadata",
    "answers": "answers",
    "title": "title",
    "ip_details": "ipDetails",
    "responses": "responses",
    "email": "email",
    "render_count": "renderCount",
}


def _document(head: Head) -> Framing | None:
    document: Any = head.document
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        if _is_known(document["data"][:1]) or "endCursor" in document:
            return Framing("json_items", key="data")
        return None
    if isinstance(document, list):
        return Framing("json_items", key="") if _is_known(document[:1]) else None
    if _is_known(head.objects[:20]):
        return Framing("lines")
    start = head.text.lstrip()[:4096]
    if all(f'"{key}"' in start for key in ("_id", "slideId", "participantId")):
        if start.startswith("{") and '"data"' in start:
            return Framing("json_items", key="data")  # a page longer than the head
        return Framing("json_items", key="") if start.startswith("[") else None
    return None


def _is_known(values: Iterable[Any]) -> bool:
    return any(
        isinstance(each, dict) and "_id" in each and any(kind <= set(each) for kind in KINDS)
        for each in values
    )
