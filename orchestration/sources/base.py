"""What a vendor's source module must say, and nothing more.

A source module tells how its exports are recognised and framed, which envelope columns landing
lifts from each record, and where an event's own date is written. It holds no business meaning:
types, clocks, dedupe and identity are in the vendor's staging model.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from orchestration.landing.manifest import LandedFile
from orchestration.report_config import LegacyReport
from orchestration.source_config import SourceConfig
from orchestration.sql import quoted

#: keys into nested JSON objects, from the outside in
Keys = tuple[str, ...]

HEAD_BYTES = 256 << 10
DAY = len("2025-01-31")
#: how columns begin that are cells of a table: no JSON document has them, whatever its keys are
CELL = "csv_"
MARKERS = re.compile(r"(^\.)|(\.part$)|(^_SUCCESS$)|(^complete$)|(\.crc$)", re.IGNORECASE)


@dataclass(frozen=True)
class Framing:
    """How to cut a file of this form into records.

    lines: one a line. csv: RFC 4180 with a header; with `fill_header` an empty header cell repeats
    the one before it, and `renamed` says what header cells are called instead; with `names` there
    is no header and the cells are called so. tsv: tab-separated cells that are called `names`, with
    backslash escapes or without; up to `pad` cells may be missing at the end, and with `has_header`
    the first line is no record. json_items: the elements of the array under `key` of one document,
    or of the document that is an array (no key). json_lists: the elements of all arrays of one
    document that `lists` names, by key, with what they are. parquet: rows. document: the file as
    one record. report: rows of the figures that `report` (its name and settings) describes.
    nothing: a known file without records, such as a manifest.
    A csv that `has_footer` may end in lines of text, which are records with error `report_footer`.
    `encoding` is what csv and tsv records are written in that are not UTF-8. `object_type` says
    which of the vendor's objects the records are, where a vendor exports several.
    """

    kind: Literal[
        "lines",
        "csv",
        "tsv",
        "json_items",
        "json_lists",
        "parquet",
        "document",
        "report",
        "nothing",
    ]
    delimiter: str = ","
    key: str = "items"
    names: tuple[str, ...] = ()
    is_escaped: bool = False
    pad: int = 0
    has_header: bool = False
    fill_header: bool = False
    encoding: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    has_footer: bool = False
    object_type: str | None = None
    lists: tuple[tuple[str, str], ...] = ()
    report: tuple[str, LegacyReport] | None = None


@dataclass(frozen=True)
class Account:
    """What a vendor's own manifest says of a delivery, held against what came.

    `shortfalls` are what should be there and is not, `doubts` what differs and lacks nothing.
    """

    declared_records: int | None = None
    shortfalls: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Head:
    """The beginning of a file's first plain stream, as recognition sees it."""

    name: str
    data: bytes
    is_whole: bool
    parquet_columns: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The head as text; bytes that are not UTF-8 become replacement characters."""
        return self.data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        """Whole lines that are not blank; a file without any line end has one."""
        lines = self.text.split("\n")
        whole = lines if self.is_whole or len(lines) == 1 else lines[:-1]
        return [line.strip() for line in whole if line.strip()]

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The lines that are JSON objects; of a line longer than the head, the keys it shows."""
        found: list[dict[str, Any]] = []
        for line in self.lines[:200]:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found.append(value)
        if not found and len(self.lines) == 1:
            found.extend(cut_object(self.lines[0]))
        return found

    @cached_property
    def document(self) -> Any:
        """The whole file as one JSON value, else None (also for a head that is cut)."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def is_parquet(self) -> bool:
        """Parquet files begin with the bytes PAR1."""
        return self.data[:4] == b"PAR1"


def cut_object(text: str) -> list[dict[str, Any]]:
    """The beginning of a JSON object as far as it goes: the key it is cut at has an empty value.

    >>> cut_object('{"event": "a", "properties": {"time": 1, "te')
    [{'event': 'a', 'properties': {}}]
    """
    decoder = json.JSONDecoder()
    found: dict[str, Any] = {}
    key = re.compile(r'[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*')
    position = 0
    while match := key.match(text, position):
        name = json.loads(match[1], strict=False)
        try:
            found[name], position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            found[name] = {} if text.startswith("{", match.end()) else None
            break
        position += len(text[position:]) - len(text[position:].lstrip())
    return [found] if found else []


class Source(ABC):
    """One vendor's way of exporting. Instances are stateless and registered by `vendor`."""

    vendor: str
    #: what its records are: events, responses to a survey, or objects of a business system
    kind: Literal["events", "survey", "objects"] = "events"
    #: landing column -> nested keys inside the record, lifted as delivered, as text
    envelope: Mapping[str, Keys] = {}
    #: column prefix -> keys of which a record that has one of these columns has at least one
    only_with: Mapping[str, tuple[str, ...]] = {}
    #: SQL over the envelope columns: the date as the vendor wrote it (text or timestamp), or null
    raw_date: str
    #: columns of which the first that is filled mostly begins with the `raw_date`, which is then
    #: read off the beginning
    dated_by: Sequence[str] = ()
    #: what a record is and SQL for when it happened, for `inspect`
    event_column: str | None
    time_sql: str
    #: SQL for the name, where it stands in one of several columns; else it is `event_column`
    event_sql: str | None = None
    #: a line by which the vendor says that the export is not complete
    stop_line: bytes | None = None
    #: copies of a key this many seconds apart or less are duplicates; None: at any distance
    dedupe_window_seconds: int | None = None
    #: which copy the vendor keeps: the one ingested last, else the first
    keeps_last: bool = False
    #: a device's anonymous events belong to the last user seen on it, else to the first ever
    owns_by_last_user: bool = True
    #: fields by which this vendor sends personal values, besides those any tool would name so
    personal: Sequence[str] = ()
    #: keys inside the staged properties of a number that its SDK raises by one with each event of
    #: a device: what is missing between two numbers was sent and never came
    counter: Keys | None = None
    #: documentation, shown in the README's coverage table
    dedupe_rule: str
    identity_rule: str
    time_rule: str
    #: what Waybill fetches from the vendor's API itself, besides files from stores
    api: str = "files only"
    #: what of others' making it was read on
    seen: str

    @abstractmethod
    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """How to frame this file if it is one of this vendor's exports, else None."""

    def envelope_paths(self, config: SourceConfig | None) -> Mapping[str, Keys]:
        """Envelope columns and their keys; a source with a column map derives them."""
        return self.envelope

    def group(self, name: str) -> str | None:
        """What a file of this relative name is delivered with; None: it is a delivery alone."""
        return None

    def for_delivery(self, files: Mapping[str, Path]) -> Source:
        """This vendor as it reads one delivery, where files (by name) tell how to read others."""
        return self

    def advice(self, head: Head, config: SourceConfig | None = None) -> str | None:
        """What to do about a file that is this vendor's by its name and was not recognised."""
        return None

    def account(
        self, files: Mapping[str, Path], landed: Sequence[LandedFile], config: SourceConfig
    ) -> Account:
        """The vendor's own figures of a delivery, against the files as they landed."""
        return Account()

    def has_session_ids(self, config: SourceConfig) -> bool:
        """Whether the vendor names sessions, so that no name means no session."""
        return False

    def missing_columns(self, head: Head, config: SourceConfig) -> Sequence[str]:
        """Configured columns that the file does not have. Vendors with a fixed form have none."""
        return ()


def first_date(columns: Sequence[str]) -> str:
    """SQL for the date that the first of these columns begins with that is filled."""
    return f"left(coalesce({', '.join(map(quoted, columns))}), {DAY})"


def is_marker(path: Path) -> bool:
    """Files that are listed but never read: dotfiles, unfinished downloads, vendor markers."""
    return bool(MARKERS.search(path.name))


def is_hidden(path: Path, root: Path) -> bool:
    """A marker, or a file in a folder whose name begins with a dot."""
    parents = path.relative_to(root).parts[:-1]
    return is_marker(path) or any(part.startswith(".") for part in parents)
