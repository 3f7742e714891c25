"""Amplitude's export: a zip of gzipped hours a day (or a month), as the vendor packs it.

Vendor pages: Export API. Hours are UTC and those of the upload, both ends included; an hour is
there two hours later. 404 means no events. 400 (over 4 GB) and 504 mean too much at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from orchestration.fetch.downloads import save_zip
from orchestration.fetch.files import Draft, merged
from orchestration.fetch.http import TooMuch
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher

EXPORT = "/api/2/export"
HOUR = timedelta(hours=1)
AVAILABLE_AFTER = 2 * HOUR
# A day is first asked for when two of its hours are there: that one hour alone may be asked for is
# documented, and importers report otherwise.
FEWEST = 2 * HOUR
TOO_MUCH = (400, 504)
NOTHING = (404,)


class AmplitudeExport(ApiFetcher):
    """A file an interval; hours that are too much are asked for in halves, down to one."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Days in UTC up to today, as far as their hours are there."""
        return self.dated("", ".zip", first, last)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """The vendor's zip, or of several requests one zip with the members of all."""
        assert part.span is not None
        now = self.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        end = min(part.span.end, now - AVAILABLE_AFTER)
        if end - part.span.start < FEWEST:
            return False
        pieces = list(self._pieces(part, part.span.start, end, draft))
        if len(pieces) == 1:
            pieces[0].replace(draft.path)
        elif pieces:
            merged(pieces, draft.path)
        return bool(pieces)

    def _pieces(self, part: Part, start: datetime, end: datetime, draft: Draft) -> Iterator[Path]:
        """Zips of the hours from `start` up to and without `end`."""
        hours = (end - start) // HOUR
        if hours < 1:
            return
        piece = draft.piece(int(start.timestamp()))
        what = f"{part.file}, {start:%Y-%m-%dT%H} to {end - HOUR:%Y-%m-%dT%H}"
        try:
            has_events = self.client.complete(what, lambda: self._read(start, end, piece))
        except TooMuch:
            middle = start + (hours // 2) * HOUR
            yield from self._pieces(part, start, middle, draft)
            yield from self._pieces(part, middle, end, draft)
            return
        if has_events:
            yield piece

    def _read(self, start: datetime, end: datetime, path: Path) -> bool:
        params = {"start": f"{start:%Y%m%dT%H}", "end": f"{end - HOUR:%Y%m%dT%H}"}
        too_much = TOO_MUCH if end - start > HOUR else ()
        with self.client.ask(
            "GET", EXPORT, params=params, accept=NOTHING, too_much=too_much
        ) as response:
            if response.status_code in NOTHING:
                return False
            save_zip(response, path, self.client.redacted)
        return True
