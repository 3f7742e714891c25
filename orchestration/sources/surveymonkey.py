"""SurveyMonkey: downloads of all responses (two header rows or one), API pages, survey details.

The first header row has a question once and leaves its other columns empty; the second has the
labels, lands as a record, and staging tells it by what it says. Vendor pages: API v3 Responses and
Surveys, Export survey data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Keys, Source, first_date
from orchestration.sources.survey_csv import delimiter_of

IDS = ("RespondentID", "Respondent ID")
# what Mac Roman has for a space that does not break, for a quote within a word, for quotes and
# dashes: as cp1252 these would be letters in places where no word has them
MAC_ROMAN = re.compile(
    rb"\xca[ \xca,;\t\r\n]|[ \xca]\xca|[A-Za-z]\xd5[a-z]|[ ,(\xca][\xd2\xd4][A-Za-z]|[a-z.?!]\xd3"
    rb"|[ \xca][\xd0\xd1][ \xca]|\x8c\xe6"  # the last: such a space, read wrongly once before
)
NOT_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


class SurveyMonkey(Source):
    """A table whose first header is Respondent ID, API responses, or the details of a survey."""

    vendor = "surveymonkey"
    kind = "survey"
    envelope: Mapping[str, Keys] = {
        "csv_id": ("Respondent ID",),
        "csv_early_id": ("RespondentID",),
        "csv_start_date": ("Start Date",),
        "csv_early_start_date": ("StartDate",),
        "csv_end_date": ("End Date",),
        "csv_early_end_date": ("EndDate",),
        "id": ("id",),
        "survey_id": ("survey_id",),
        "response_status": ("response_status",),
        "date_created": ("date_created",),
        "date_modified": ("date_modified",),
        "custom_variables": ("custom_variables",),
        "pages": ("pages",),
        "title": ("title",),
    }
    dated_by = (
        *("date_modified", "date_created", "csv_end_date", "csv_early_end_date"),
        *("csv_start_date", "csv_early_start_date"),
    )
    raw_date = first_date(dated_by)
    event_column = None
    time_sql = """coalesce("date_modified", "date_created",
        "csv_end_date", "csv_early_end_date", "csv_start_date", "csv_early_start_date")"""
    dedupe_rule = "response id; the most complete, then the latest saved is kept"
    identity_rule = "a configured custom variable or column; e-mail by `identity.keys`; IP never"
    time_rule = (
        "the configured time zone of the account (UTC without one), or the offset; the last save"
    )
    api = "bulk responses and details"
    seen = "two public exports and one page of the API"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the first header, or by the keys of the API's documents."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        delimiter = delimiter_of(head, IDS)
        if delimiter is not None:
            return Framing(
                "csv", delimiter=delimiter, fill_header=True, encoding=encoding_of(head.data)
            )
        return _document(head)


def encoding_of(data: bytes) -> str:
    r"""What the bytes that are not UTF-8 are written in, by those of Mac Roman alone.

    >>> encoding_of(b"caf\xe9"), encoding_of(b"seen it?\xca,Response")
    ('cp1252', 'mac_roman')
    """
    try:
        data.decode()
    except UnicodeDecodeError:  # only now is it worth to be searched
        is_mac = MAC_ROMAN.search(data) or any(byte in data for byte in NOT_CP1252)
        return "mac_roman" if is_mac else "cp1252"
    return "cp1252"


def _document(head: Head) -> Framing | None:
    document: Any = head.document
    if isinstance(document, dict):
        data = document.get("data")
        if isinstance(data, list):
            is_page = any(_is_response(each) for each in data[:1])
            return Framing("json_items", key="data") if is_page else None
        if _is_response(document):
            return Framing("document")
        is_details = isinstance(document.get("pages"), list) and "title" in document
        return Framing("document") if is_details else None
    if any(_is_response(each) for each in head.objects):
        return Framing("lines")
    start = head.text.lstrip()[:4096]
    if start.startswith("{") and '"data"' in start and '"response_status"' in start:
        return Framing("json_items", key="data")  # a page longer than the head
    if start.startswith("{") and '"pages"' in start and '"question_count"' in start:
        return Framing("document")
    return None


def _is_response(value: Any) -> bool:
    return isinstance(value, dict) and "response_status" in value and "collector_id" in value
