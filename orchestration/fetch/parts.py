"""What a source is fetched in: one file an interval, an object, or a state as of now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.fetch.files import Draft


@dataclass(frozen=True)
class Span:
    """Days of a vendor's zone, both included, and the instants (UTC) they begin and end at."""

    first: date
    last: date
    timezone: str = "UTC"

    @property
    def start(self) -> datetime:
        """The first instant of the first day."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first instant after the last day."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def halves(self) -> tuple[Span, Span]:
        """Its earlier and its later days; it must have two or more."""
        middle = self.first + timedelta(days=self.days // 2)
        return (
            Span(self.first, middle - timedelta(days=1), self.timezone),
            Span(middle, self.last, self.timezone),
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.timezone)).astimezone(UTC)


@dataclass(frozen=True)
class Part:
    """One file to be. `key` names it in the journal; `file` is relative to the source's folder.

    With a span it settles some days after it; with a version it is fetched again when that
    changes; with neither it is the present state of something, asked for in every run.
    """

    key: str
    file: str
    span: Span | None = None
    version: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)


class Fetcher(ABC):
    """A vendor's API or an object store, as files. `lookback` is how long intervals change."""

    lookback: timedelta = timedelta(0)
    #: whether `parts` is all there is, so that what was there before and is not now, is missing
    is_listing = False

    @abstractmethod
    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """What there is to fetch, oldest first; intervals only those that touch the dates."""

    @abstractmethod
    def fetch(self, part: Part, draft: Draft) -> bool:
        """Write the whole of a part to `draft.path`; False (and nothing written) if it is empty.

        Raises what the client raises; whatever it raises, nothing of the draft is kept.
        """

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of connections."""


def spans(
    first: date, last: date, every: Literal["day", "month"], timezone: str = "UTC"
) -> Iterator[Span]:
    """The days or the calendar months from `first` to `last`, cut at both."""
    day = first
    while day <= last:
        end = day if every == "day" else day.replace(day=monthrange(day.year, day.month)[1])
        yield Span(day, min(end, last), timezone)
        day = end + timedelta(days=1)


def label(span: Span, every: Literal["day", "month"]) -> str:
    """What a file of this span is called: `2025-03-01`, or `2025-03` for any part of March."""
    return span.first.isoformat() if every == "day" else span.first.isoformat()[:7]


def below(folder: Path, name: str) -> Path:
    """The path of a relative name below a folder. Raises ValueError where it leads outside."""
    path = folder / name
    if not name or ".." in Path(name).parts or Path(name).is_absolute() or "\0" in name:
        raise ValueError(f"{name!r} leads outside its folder")
    return path
