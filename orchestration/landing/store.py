"""The store: every exported file's bytes, kept under their own hash before anything is parsed.

Parsing only ever reads the store, so a file that changes or vanishes upstream while a run is
under way cannot change what was accounted for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from uuid import uuid4

from orchestration.errors import CannotFinish

FICLONE = 0x40049409  # Linux ioctl: share extents instead of copying them, where the disk can
# as many copies as processors: the disk writes some files while others are copied
COPYING = BoundedSemaphore(os.cpu_count() or 1)
BLOCK = 256 << 10  # still in the cache of the processor when it is written and hashed


@dataclass(frozen=True)
class StoredFile:
    """One file in the store: `path` holds exactly the bytes whose SHA-256 is `sha256`."""

    path: Path
    sha256: str
    size: int


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(path: Path, store: Path) -> StoredFile:
    """Copy `path` into `store` under its hash and return the copy; a file already there is reused.

    The copy is hashed, not the original, so the name is true even if the original is being
    written to meanwhile. Raises CannotFinish when the file cannot be read or stored.
    """
    store.mkdir(parents=True, exist_ok=True)
    partial = store / f".{uuid4().hex}.part"
    try:
        sha256 = _copy(path, partial)
        kept = store / sha256
        if not kept.exists():
            partial.replace(kept)
    except OSError as error:
        raise CannotFinish(f"{path}: cannot be kept in the store {store}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return StoredFile(kept, sha256, kept.stat().st_size)


def refer(path: Path) -> StoredFile:
    """`store: reference`: keep only path and hash; `verify` tells when the bytes changed."""
    try:
        return StoredFile(path, sha256_of(path), path.stat().st_size)
    except OSError as error:
        raise CannotFinish(f"{path}: cannot be read: {error}") from error


def _copy(source: Path, target: Path) -> str:
    """Copy a file; the hash of what was written."""
    with source.open("rb", buffering=0) as reader, target.open("wb", buffering=0) as writer:
        try:
            fcntl.ioctl(writer.fileno(), FICLONE, reader.fileno())
        except OSError:  # not one disk, or a disk that cannot share extents: copy the bytes
            digest, block = hashlib.sha256(), memoryview(bytearray(BLOCK))
            with COPYING:
                while size := reader.readinto(block):
                    writer.write(block[:size])
                    digest.update(block[:size])
            os.fsync(writer.fileno())
            return digest.hexdigest()
        os.fsync(writer.fileno())
    return sha256_of(target)
