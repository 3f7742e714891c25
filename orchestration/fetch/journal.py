"""What was fetched, when, and what came: append-only JSON lines beside the files.

A run of fetching has a beginning and an end in it. One that never ended is taken up again for some
hours: what it fetched is not asked for a second time.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from orchestration.errors import CannotFinish
from orchestration.quality import json_lines

JOURNAL = ".journal.jsonl"
LOCK = ".lock"
RESUMES_WITHIN = timedelta(hours=6)

Outcome = Literal["new", "changed", "same", "empty", "missing"]


class Entry(BaseModel):
    """One answer. `version` is what the store called it, `content` a hash of what it says."""

    key: str
    file: str
    outcome: Outcome
    fetched_at: datetime  # UTC, when it was asked
    size: int = 0
    sha256: str | None = None
    content: str | None = None
    version: str | None = None


class Journal:
    """The journal of one source's folder; open it by `journal_of`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        self.latest: dict[str, Entry] = {}
        self.asked: list[float] = []  # when, in epoch seconds: part of the vendor's budget
        self.unfinished_since: datetime | None = None
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        for place, line in json_lines.read(self.path):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, ValidationError) as error:
                raise CannotFinish(
                    f"{place}: is no line of a journal; remove it and run again: {error}"
                ) from None

    def begin(self, now: datetime) -> datetime:
        """Begin a run, or take up the one that was broken off; when it began (UTC)."""
        since = self.unfinished_since
        if since is None or now - since > RESUMES_WITHIN:
            json_lines.append(self.path, [{"run": "began", "at": now.isoformat()}])
            since = now
        else:
            json_lines.append(self.path, [{"run": "went on", "at": now.isoformat()}])
        self._file = self.path.open("ab", buffering=0)
        return since

    def note(self, entry: Entry) -> None:
        """Keep an answer; it is on the disk when this returns."""
        with self._lock:
            self._write(entry.model_dump_json(exclude_none=True))
            self.latest[entry.key] = entry

    def end(self, now: datetime) -> None:
        """Nothing of this run is left to do."""
        with self._lock:
            self._write(json.dumps({"run": "ended", "at": now.isoformat()}))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, line: str) -> None:
        assert self._file is not None, "a journal is written between begin and close"
        before = os.fstat(self._file.fileno()).st_size
        data = line.encode() + b"\n"
        try:
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), before)  # no torn line for later ones to follow
            raise

    def _take(self, line: dict[str, str]) -> None:
        if "run" in line:
            at = datetime.fromisoformat(line["at"])
            if line["run"] == "began":
                self.unfinished_since = at
            elif line["run"] == "ended":
                self.unfinished_since = None
            return
        entry = Entry.model_validate(line)
        self.latest[entry.key] = entry
        self.asked.append(entry.fetched_at.timestamp())


@contextmanager
def journal_of(folder: Path, source: str) -> Iterator[Journal]:
    """The journal of a source's folder, for one process at a time.

    Raises CannotFinish when another process fetches this source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotFinish(
                f"{source}: another process fetches it; wait for it or stop it, then run again"
            ) from None
        journal = Journal(folder)
        try:
            yield journal
        finally:
            journal.close()
