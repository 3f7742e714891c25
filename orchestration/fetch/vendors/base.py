"""What fetchers from APIs share: their settings, and the spans of time that they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.fetch.http import Client
from orchestration.fetch.parts import Fetcher, Part, Span, label, spans
from orchestration.fetch_config import FETCHABLE, FetchConfig, lookback
from orchestration.source_config import SourceConfig


class ApiFetcher(Fetcher):
    """A vendor's API. `timezone` is the zone of its days, `now` the present time in UTC."""

    timezone = "UTC"

    def __init__(self, config: SourceConfig, client: Client, now: datetime) -> None:
        assert config.fetch is not None
        self.fetch_config: FetchConfig = config.fetch
        self.known = FETCHABLE[config.vendor]
        self.client = client
        self.now = now
        self.lookback = lookback(config.vendor, config.fetch)
        self.every: Literal["day", "month"] = config.fetch.interval or self.known.interval

    @property
    def page_size(self) -> int:
        """Records asked for a page."""
        return self.fetch_config.page_size or self.known.page_size or 100

    @property
    def last_day(self) -> date:
        """Today in the vendor's zone, or the last day that is wanted."""
        today = self.now.astimezone(ZoneInfo(self.timezone)).date()
        return min(today, self.fetch_config.end or today)

    def spans(self, first: date | None, last: date | None) -> Iterator[Span]:
        """The intervals from the first day asked for to today that touch the given dates."""
        start = self.fetch_config.start
        assert start is not None, "settings demand it of vendors with intervals"
        for span in spans(start, self.last_day, self.every, self.timezone):
            if (first is None or span.last >= first) and (last is None or span.first <= last):
                yield span

    def dated(
        self, name: str, suffix: str, first: date | None, last: date | None, **about: str
    ) -> Iterable[Part]:
        """A part an interval; `name` (which may be empty) stands before the interval."""
        for span in self.spans(first, last):
            stem = f"{name}{label(span, self.every)}"
            # the days are in the key, so that a month that grows at its front is asked for anew
            key = f"{stem} from {span.first}"
            yield Part(key, f"{stem}{suffix}", self._whole(span), None, about)

    def _whole(self, span: Span) -> Span:
        """The span to its planned end: a month that goes on has not ended today."""
        if self.every == "day":
            return span
        ends = next(spans(span.first, date.max, "month", span.timezone)).last
        return Span(span.first, min(ends, self.fetch_config.end or ends), span.timezone)

    def close(self) -> None:
        """Give connections back."""
        self.client.close()
