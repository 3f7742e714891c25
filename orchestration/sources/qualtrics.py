"""Qualtrics: three generations of CSV, API pages, survey definitions, distribution history.

Vendor pages: Understanding your dataset, Response exports, Distributions. Header generations as
seen in real files: V1 to V10 with labels; names, labels and ImportIds in single quotes; the same
in JSON. Header rows after the first land as records, and staging tells them by what they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source, first_date
from orchestration.sources.survey_csv import DELIMITERS, first_rows

# of the legacy header, where its second row, which has the names, is not in the head
LEGACY_NAMES = (
    *("ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress"),
    *("Status", "StartDate", "EndDate", "Finished"),
)
RESPONSE_IDS = {"ResponseId", "ResponseID"}
CONTACTS = ({"contact_id", "distribution_id"}, {"contactId", "distributionId"})


class Qualtrics(Source):
    """A table with ResponseId and EndDate (or V1, V2, ...), `responses`, definitions, histories."""

    vendor = "qualtrics"
    kind = "survey"
    envelope: Mapping[str, Keys] = {
        "current_id": ("ResponseId",),
        "early_id": ("ResponseID",),
        "csv_start_date": ("StartDate",),
        "csv_end_date": ("EndDate",),
        "csv_recorded_date": ("RecordedDate",),
        "csv_status": ("Status",),
        "csv_finished": ("Finished",),
        "csv_progress": ("Progress",),
        "csv_channel": ("DistributionChannel",),
        "response_id": ("responseId",),
        "answers": ("values",),
        "start_date": ("values", "startDate"),
        "end_date": ("values", "endDate"),
        "recorded_date": ("values", "recordedDate"),
        "status": ("values", "status"),
        "finished": ("values", "finished"),
        "progress": ("values", "progress"),
        "channel": ("values", "distributionChannel"),
        "definition": ("result",),
        "survey_entry": ("SurveyEntry",),
        "contact_id": ("contactId",),
        "csv_contact_id": ("contact_id",),
        "sent_time": ("sentAt",),
        "csv_sent_time": ("sent_at",),
    }
    dated_by = (
        *("csv_end_date", "end_date", "csv_start_date", "start_date"),
        *("csv_sent_time", "sent_time"),
    )
    raw_date = first_date(dated_by)
    event_column = None
    time_sql = 'coalesce("csv_end_date", "end_date")'
    personal = ("RecipientName", "RecipientFirstName", "RecipientLastName")
    dedupe_rule = "ResponseId; the most complete, then the latest recorded is kept"
    identity_rule = (
        "a configured embedded datum or ExternalReference; e-mail by `identity.keys`; IP never"
    )
    time_rule = (
        "the configured time zone (UTC without one), the header's, or the offset; EndDate for "
        "behaviour, RecordedDate for loading"
    )
    api = "response exports and definition"
    seen = "exports of all three header generations, a workbook, definitions"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the header's system columns, or by the keys of the API's documents."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        return _table(head) or _document(head)


def _table(head: Head) -> Framing | None:
    for delimiter in DELIMITERS:
        rows = first_rows(head, delimiter)
        header = set(rows[0]) if rows else set()
        if header & RESPONSE_IDS and {"StartDate", "EndDate"} <= header:
            return Framing("csv", delimiter=delimiter)
        if {f"V{n}" for n in range(1, 11)} <= header and rows[0][0] == "V1":
            return _legacy(head, delimiter, rows)
        if any(names <= header for names in CONTACTS):
            return Framing("csv", delimiter=delimiter)
    return None


def _legacy(head: Head, delimiter: str, rows: list[list[str]]) -> Framing | None:
    """The header whose second row says what its first ten columns, V1 to V10, are."""
    labels = rows[1] if len(rows) > 1 else []
    named = dict(zip(rows[0], labels, strict=False))
    fixed = {f"V{n}": name for n, name in enumerate(LEGACY_NAMES, start=1)}
    if "ResponseID" not in labels[:10]:
        if head.is_whole or len(labels) >= 10:  # ten columns called V, but nobody's responses
            return None
        named = fixed
    renamed = tuple((v, _unmistakable(named[v])) for v in fixed)
    return Framing("csv", delimiter=delimiter, renamed=renamed)


def _unmistakable(name: str) -> str:
    return "RecipientName" if name == "Name" else name  # masked by its name


def _document(head: Head) -> Framing | None:
    document: Any = head.document
    if isinstance(document, dict):
        return _known_document(document)
    if any(isinstance(o.get("values"), dict) and "responseId" in o for o in head.objects):
        return Framing("lines")
    start = head.text.lstrip()[:4096]
    if not start.startswith("{"):
        return None
    if '"responses"' in start and '"responseId"' in start and '"values"' in start:
        return Framing("json_items", key="responses")  # a page longer than the head
    is_definition = '"SurveyEntry"' in start or ('"result"' in start and '"SV_' in start)
    return Framing("document") if is_definition else None


def _known_document(document: dict[str, Any]) -> Framing | None:
    responses = document.get("responses")
    if isinstance(responses, list) and all(_is_response(each) for each in responses[:1]):
        return Framing("json_items", key="responses")
    if _is_response(document):
        return Framing("lines") if len(document) else None
    if "SurveyEntry" in document and "SurveyElements" in document:
        return Framing("document")
    result = document.get("result")
    if not isinstance(result, dict):
        return None
    if isinstance(result.get("questions", result.get("Questions")), dict):
        return Framing("document")
    elements = result.get("elements")
    if isinstance(elements, list) and any(
        isinstance(e, dict) and {"contactId", "sentAt"} <= set(e) for e in elements[:1]
    ):
        return Framing("json_items", key="elements")
    return None


def _is_response(value: Any) -> bool:
    return (
        isinstance(value, dict) and "responseId" in value and isinstance(value.get("values"), dict)
    )
