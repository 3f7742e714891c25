"""Typeform responses: CSV downloads (both layouts), API pages, and form definitions.

Vendor pages: Responses API, Download your responses. CSV layouts as seen in real files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source, first_date


class Typeform(Source):
    """A CSV whose first header is literally `#`, a page with `items`, or a form with `fields`."""

    vendor = "typeform"
    kind = "survey"
    # CSV columns and API keys are lifted side by side; a record has one or the other
    envelope: Mapping[str, Keys] = {
        "csv_token": ("#",),
        "csv_response_type": ("Response Type",),
        "csv_start_date": ("Start Date (UTC)",),
        "csv_submit_date": ("Submit Date (UTC)",),
        "csv_network_id": ("Network ID",),
        "token": ("token",),
        "response_type": ("response_type",),
        "landed_time": ("landed_at",),
        "submitted_time": ("submitted_at",),
        "network_id": ("metadata", "network_id"),
        "platform": ("metadata", "platform"),
        "form_id": ("form_id",),
        "hidden": ("hidden",),
        "answers": ("answers",),
        "fields": ("fields",),
    }
    dated_by = ("csv_submit_date", "csv_start_date", "submitted_time", "landed_time")
    raw_date = first_date(dated_by)
    event_column = None
    time_sql = 'coalesce("csv_submit_date", "csv_start_date", "submitted_time", "landed_time")'
    dedupe_rule = "token; the most complete, then the latest submission is kept"
    identity_rule = "a configured hidden field; network_id is a network, never a person"
    time_rule = "UTC; submitted_at for behaviour, landed_at for opening"
    api = "responses and form"
    seen = "downloads and API pages of public surveys"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the `#` header with its system columns, or by the keys of the API's documents."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if head.text.lstrip().startswith(("#,", '"#",')):
            header = next(csv.reader(io.StringIO(head.text, newline="")), [])
            if "Network ID" in header or "Submit Date (UTC)" in header:
                return Framing("csv")
        return _api_framing(head)


def _api_framing(head: Head) -> Framing | None:
    document: Any = head.document
    if isinstance(document, dict):
        if "fields" in document and "title" in document:
            return Framing("document")
        return Framing("json_items") if _is_page(document) else None
    start = head.text.lstrip()[:4096]
    if start.startswith("{") and '"items"' in start and '"landing_id"' in start:
        return Framing("json_items")  # a page longer than the head
    return None


def _is_page(document: dict[str, Any]) -> bool:
    items = document.get("items")
    if not isinstance(items, list):
        return False
    return (not items and "page_count" in document) or any(
        isinstance(item, dict) and "landing_id" in item for item in items[:1]
    )
