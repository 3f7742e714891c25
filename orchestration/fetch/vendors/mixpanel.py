"""Mixpanel's raw event export: a day (or a month) of JSON lines a file, gzipped.

Vendor pages: Raw Event Export API. Days are of the project's zone. A body may be plain or gzipped,
may be empty (no events), and may say with status 200 that it `terminated early`: it is then, as one
whose last line is cut, not whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from orchestration.fetch.files import Draft, gzipped, joined
from orchestration.fetch.http import Again, Client, TooMuch, plain_body
from orchestration.fetch.parts import Part, Span
from orchestration.fetch.vendors.base import ApiFetcher
from orchestration.source_config import SourceConfig

EXPORT = "/api/2.0/export"
TOO_MUCH = (400, 413, 504)
MAX_LINE = 64 << 20


class MixpanelExport(ApiFetcher):
    """A file an interval; one of several days that is too much is asked for in halves."""

    def __init__(self, config: SourceConfig, client: Client, now: datetime) -> None:
        super().__init__(config, client, now)
        self.timezone = config.timezone or "UTC"

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Days of the project up to today, whose file is fetched anew until it settles."""
        return self.dated("", ".jsonl.gz", first, last)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """The export of the part's days; in the order of days where it took several requests."""
        assert part.span is not None
        last = min(part.span.last, self.last_day)  # later days are refused
        pieces = list(self._pieces(part, Span(part.span.first, last, self.timezone), draft))
        if pieces:
            joined(pieces, draft.path)
        return bool(pieces)

    def _pieces(self, part: Part, span: Span, draft: Draft) -> Iterator[Path]:
        piece = draft.piece(span.first.toordinal())
        try:
            is_empty = self.client.complete(
                f"{part.file}, {span.first} to {span.last}", lambda: self._read(span, piece)
            )
        except TooMuch:
            piece.unlink(missing_ok=True)
            for half in span.halves():
                yield from self._pieces(part, half, draft)
            return
        if is_empty:
            piece.unlink()
        else:
            yield piece

    def _read(self, span: Span, path: Path) -> bool:
        params = {"from_date": span.first.isoformat(), "to_date": span.last.isoformat()}
        if self.fetch_config.project_id is not None:  # with a service account, and only then
            params["project_id"] = self.fetch_config.project_id
        seen = Lines()
        too_much = TOO_MUCH if span.days > 1 else ()
        with (
            self.client.ask("GET", EXPORT, params=params, too_much=too_much) as response,
            gzipped(path) as file,
        ):
            for block in plain_body(response):
                seen.take(block)
                file.write(block)
            if seen.ends_in_a_line:
                file.write(b"\n")
        if problem := seen.problem():
            raise Again(self.client.redacted(problem))
        return seen.is_empty


class Lines:
    """The first and the last line of a body that goes by in blocks."""

    def __init__(self) -> None:
        self._first: bytes | None = None
        self._last = b""
        self._open = b""

    def take(self, block: bytes) -> None:
        """Look at the next block."""
        text = self._open + block
        whole, newline, self._open = text.rpartition(b"\n")
        if len(self._open) > MAX_LINE:
            raise Again(f"a line of more than {MAX_LINE >> 20} MiB")
        if newline:
            self._see(whole)

    @property
    def is_empty(self) -> bool:
        """No line at all: no events."""
        return self._first is None and not self._open.strip()

    @property
    def ends_in_a_line(self) -> bool:
        """The last line has no line end."""
        return bool(self._open.strip())

    def problem(self) -> str | None:
        """Why the body is no whole export; None where it is."""
        if self._open.strip():
            self._see(self._open)
        if self._first is None:
            return None
        if b"terminated early" in self._last[-200:] and not _is_event(self._last):
            return f"answered 200, but ended with: {_shown(self._last)}"
        if not _is_event(self._first):
            return f"answered 200 with something else: {_shown(self._first)}"
        if not _is_event(self._last):
            return f"the body breaks off in a line: {_shown(self._last)}"
        return None

    def _see(self, lines: bytes) -> None:
        lines = lines.strip()
        if not lines:
            return
        if self._first is None:
            self._first = lines.split(b"\n", 1)[0].strip()
        self._last = lines.rpartition(b"\n")[2].strip()


def _is_event(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and ("event" in event or "properties" in event)


def _shown(line: bytes) -> str:
    return line[:200].decode("utf-8", errors="replace")
