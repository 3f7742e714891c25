"""Fetch a source: what is due, side by side, each file whole or not at all, and in the journal."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.config import Migration
from orchestration.errors import CannotFinish, ConfigurationError, WaybillError
from orchestration.fetch.files import Draft, clear_drafts, draft_of, place, write_empty
from orchestration.fetch.http import PATIENT, Abandoned, Caller, Patience
from orchestration.fetch.journal import RESUMES_WITHIN, Entry, Journal, journal_of
from orchestration.fetch.opening import open_fetcher, parallel_of
from orchestration.fetch.parts import Fetcher, Part, below
from orchestration.fetch.stores import DISK_FULL

Clock = Callable[[], datetime]
#: source, parts done, parts due, what is being done
Tell = Callable[[str, int, int, str], None]

GIVES_UP_AFTER = 3  # failures in a row: a vendor that is down is not asked a thousand times


class DiskFull(CannotFinish):
    """The disk has no room for a file."""


@dataclass
class Fetched:
    """What a fetch of one source brought. `days` are the dates of the intervals that came."""

    source: str
    asked: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    empty: int = 0
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_asked: int = 0
    bytes: int = 0
    seconds: float = 0.0
    days: set[date] = field(default_factory=set)

    def refuse_failures(self) -> None:
        """Raise CannotFinish with the first failures, and how many more there are."""
        if not self.failed:
            return
        lines = self.failed[:3]
        if more := max(len(self.failed) - 3, 0) + self.not_asked:
            lines.append(f"{self.source}: {more} more were not fetched; run again")
        raise CannotFinish("\n".join(lines))


def fetch_source(
    migration: Migration,
    source: str,
    *,
    dates: tuple[date | None, date | None] = (None, None),
    again: bool = False,
    patience: Patience = PATIENT,
    tell: Tell = lambda *_: None,
    clock: Clock = lambda: datetime.now(UTC),
    environment: Mapping[str, str] = os.environ,
) -> Fetched:
    """Fetch what is due of a source into its folder; of intervals those that touch the dates.

    `again` also asks for intervals that have settled. A part that fails stops no other; see
    `Fetched.failed`. Raises ConfigurationError for wrong settings and refused secrets, DiskFull,
    and CannotFinish when another process fetches this source.
    """
    config = migration.sources[source]
    result, began_at = Fetched(source), time.monotonic()
    with writable(config.location, source), journal_of(config.location, source) as journal:
        caller = Caller(source, patience=patience, stop=threading.Event())
        fetcher = open_fetcher(config, caller, journal.asked, clock(), environment)
        try:
            now = clock()
            parts = list(fetcher.parts(*dates))
            since = journal.begin(now)
            clear_drafts(config.location, RESUMES_WITHIN)
            _note_missing(fetcher, parts, journal, result, now)
            due = [
                part
                for part in parts
                if is_due(part, journal.latest.get(part.key), since, fetcher.lookback, again)
            ]
            caller.tell = lambda text: tell(source, result.asked, len(due), text)
            work = _Work(config.location, fetcher, journal, clock, caller)
            _fetch_all(work, due, parallel_of(config), result, tell)
            if not result.not_asked:  # what failed is due again by itself
                journal.end(clock())
        finally:
            fetcher.close()
    result.seconds = time.monotonic() - began_at
    return result


@contextmanager
def writable(folder: Path, source: str) -> Iterator[None]:
    """Raise CannotFinish where a source's folder or journal cannot be written."""
    try:
        yield
    except OSError as error:
        raise CannotFinish(
            f"{source}: cannot be fetched into {folder}: {error}; mend that and run again"
        ) from error


def fetch_sources(
    migration: Migration, sources: Sequence[str], fetch_one: Callable[[str], Fetched]
) -> tuple[list[Fetched], list[WaybillError]]:
    """Fetch one source after the other; what went wrong with one stops no other."""
    results: list[Fetched] = []
    errors: list[WaybillError] = []
    for source in sources:
        try:
            results.append(fetch_one(source))
            results[-1].refuse_failures()
        except (CannotFinish, ConfigurationError) as error:
            errors.append(error)
    return results, errors


def refuse(errors: Sequence[WaybillError]) -> None:
    """Raise what went wrong as one error: ConfigurationError where only that mends it."""
    if not errors:
        return
    told = "\n".join(str(error) for error in errors)
    if all(isinstance(error, ConfigurationError) for error in errors):
        raise ConfigurationError(told)
    raise CannotFinish(told)


def is_due(
    part: Part, entry: Entry | None, since: datetime, lookback: timedelta, again: bool = False
) -> bool:
    """Whether a part is to be asked for, by its last answer and when this run began (UTC).

    An object is while its version is another; an interval until it was asked for after its end and
    the lookback; what has neither is once in every run.
    """
    if entry is None:
        return True
    if part.version is not None:
        return entry.version != part.version or entry.outcome == "missing"
    if entry.fetched_at >= since:  # by this run, before it was broken off
        return False
    if part.span is None or again:
        return True
    return entry.fetched_at < part.span.end + lookback


@dataclass(frozen=True)
class _Work:
    """What fetching a part takes."""

    folder: Path
    fetcher: Fetcher
    journal: Journal
    clock: Clock
    caller: Caller

    def fetch(self, part: Part) -> Entry:
        """Fetch a part, give it its name and note it."""
        draft = draft_of(self.folder, part.key)
        asked_at = self.clock()
        try:
            entry = self._placed(part, draft, asked_at)
            self.journal.note(entry)
            draft.clear()
        except OSError as error:
            draft.clear(pages=False)
            raise self._told(part, error) from error
        except BaseException:
            draft.clear(pages=False)  # a walk through pages may be gone on with
            raise
        return entry

    def _placed(self, part: Part, draft: Draft, asked_at: datetime) -> Entry:
        target = below(self.folder, part.file)
        last = self.journal.latest.get(part.key)
        common: dict[str, Any] = {"key": part.key, "file": part.file, "fetched_at": asked_at}
        if not self.fetcher.fetch(part, draft):
            if not target.exists():
                return Entry(outcome="empty", **common)
            write_empty(draft.path, part.file)  # what was there is gone: the gates judge that
        known = last.content if last is not None and last.file == part.file else None
        placed = place(draft.path, target, known)
        return Entry(
            outcome=placed.outcome,
            size=placed.size,
            sha256=placed.sha256,
            content=placed.content,
            version=part.version,
            **common,
        )

    def _told(self, part: Part, error: OSError) -> CannotFinish:
        place_ = f"{self.caller.source}: {part.file}"
        if error.errno in DISK_FULL:
            return DiskFull(
                f"{place_}: no room on the disk ({error.strerror}); free some below {self.folder} "
                "and run again: what was fetched is kept"
            )
        return CannotFinish(f"{place_}: cannot be written below {self.folder}: {error}")


def _fetch_all(
    work: _Work, due: Sequence[Part], parallel: int, result: Fetched, tell: Tell
) -> None:
    in_a_row = 0
    with ThreadPoolExecutor(parallel) as pool:
        waiting: dict[Future[Entry], Part] = {pool.submit(work.fetch, part): part for part in due}
        try:
            for future in as_completed(waiting):
                try:
                    entry = future.result()
                except (ConfigurationError, DiskFull):
                    raise
                except Abandoned:
                    result.not_asked += 1
                    continue
                except CannotFinish as error:
                    result.failed.append(str(error))
                    in_a_row += 1
                    if in_a_row == GIVES_UP_AFTER:
                        work.caller.stop.set()
                    continue
                in_a_row = 0
                _count(result, entry, waiting[future])
                tell(work.caller.source, result.asked, len(due), entry.file)
        except BaseException:
            work.caller.stop.set()
            work.fetcher.close()  # what is being read breaks off
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _count(result: Fetched, entry: Entry, part: Part) -> None:
    result.asked += 1
    setattr(result, entry.outcome, getattr(result, entry.outcome) + 1)
    if entry.outcome in ("new", "changed"):
        result.bytes += entry.size
    if part.span is not None:
        days = min(part.span.days, (entry.fetched_at.date() - part.span.first).days + 1)
        result.days.update(part.span.first + timedelta(days=day) for day in range(days))


def _note_missing(
    fetcher: Fetcher, parts: Sequence[Part], journal: Journal, result: Fetched, now: datetime
) -> None:
    """Tell of objects that were there and are not; once they are noted, no more."""
    if not fetcher.is_listing:
        return
    present = {part.key for part in parts}
    for key, entry in sorted(journal.latest.items()):
        if key not in present and entry.outcome != "missing":
            journal.note(entry.model_copy(update={"outcome": "missing", "fetched_at": now}))
            result.missing.append(key)
