"""Files that others read: there whole or not at all, whatever is killed while they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden file beside `path` to write to, which takes its place by one rename at the end.

    An error within leaves `path` as it was. Processes that write the same path at once have a
    hidden file each, and the last one counts.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield partial
        with partial.open("rb") as written:  # else a power cut could leave the name without content
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Replace a file's text, as UTF-8."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
