"""Records kept for ever as JSON lines: appended under a lock, on the disk before anybody goes on.

A line, once written, is never changed. A line that a killed process left half-written was never
confirmed to anybody: it is reported when read, and set aside into `<file>.torn` by the next writer.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

logger = logging.getLogger(__name__)


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Append one line a row, all in one write; they are on the disk when this returns.

    Returns how many rows there were; without any the file is not touched.
    """
    lines = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
    if not lines:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        # Two commands may write at once; the lock dies with its process.
        fcntl.flock(file, fcntl.LOCK_EX)
        _end_last_line(file, path)
        file.write(b"".join(lines))
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each whole line with where it stands (`file:line`); none where there is no file.

    A half-written last line is reported as a warning and left out; lines before it are given as
    they are, for the caller to judge.
    """
    if not path.exists():
        return
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        last = number == len(lines)
        if last and not line:
            return
        if last and not _is_json(line):
            logger.warning("%s:%d: a half-written line is left out", path, number)
            return
        yield f"{path}:{number}", line


def _end_last_line(file: BinaryIO, path: Path) -> None:
    """Leave the file ending at a line end: complete a readable last line, set a torn one aside."""
    file.seek(0)
    content = file.read()
    head, newline, tail = content.rpartition(b"\n")
    if not tail:
        return
    if _is_json(tail):
        file.write(b"\n")
        return
    with path.with_name(path.name + ".torn").open("ab") as torn:
        torn.write(tail + b"\n")
        os.fsync(torn.fileno())
    file.truncate(len(head + newline))
    logger.warning("%s ended in a half-written line, kept in %s", path, torn.name)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
