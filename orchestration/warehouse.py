"""The warehouse: two DuckDB files, one writer, and the snapshot that readers open.

`work.duckdb` holds control tables, staging and intermediate; `warehouse.duckdb` holds marts and
quality. The writer is whoever holds the lock of the operating system, which dies with its process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.landing.store import FICLONE
from orchestration.sql import literal

MEMORY_LIMIT = "6GB"
# The oldest release that must be able to read what is written; its texts take a quarter less time
# to write, and a fifth less space, than those of the default.
STORAGE = "v1.3.0"
_held: dict[Path, bool] = {}


def work_file(migration: Migration) -> Path:
    """Control tables, staging and intermediate."""
    return migration.warehouse_dir / "work.duckdb"


def marts_file(migration: Migration) -> Path:
    """Marts and quality as of the last build, red or green."""
    return migration.warehouse_dir / "warehouse.duckdb"


def snapshot_file(migration: Migration) -> Path:
    """Marts and quality as of the last green marts gate."""
    return migration.warehouse_dir / "snapshot.duckdb"


def readable_file(migration: Migration) -> Path:
    """The file to read: the last snapshot; before any green run, the working marts."""
    snapshot = snapshot_file(migration)
    return snapshot if snapshot.exists() else marts_file(migration)


@contextmanager
def writing(migration: Migration) -> Iterator[None]:
    """Be the one writer for the duration; nests within a process.

    Raises CannotFinish when another process is the writer.
    """
    if _held.get(migration.warehouse_dir):
        yield
        return
    migration.warehouse_dir.mkdir(parents=True, exist_ok=True)
    path = migration.warehouse_dir / ".lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotFinish(
                f"another run (process {lock.read().strip() or 'unknown'}) is writing to "
                f"{migration.warehouse_dir}; wait for it or stop it, then run again"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _held[migration.warehouse_dir] = True
        try:
            yield
        finally:
            del _held[migration.warehouse_dir]


@contextmanager
def open_work(
    migration: Migration, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the working file with the marts attached; close it before dbt starts."""
    migration.warehouse_dir.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        work_file(migration),
        read_only=read_only,
        config={"storage_compatibility_version": STORAGE},
    ) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(
            f"set temp_directory = {literal(str(migration.warehouse_dir / 'spill'))}"
        )
        mode = " (read_only)" if read_only else ""
        connection.execute(f"attach {literal(str(marts_file(migration)))} as warehouse{mode}")
        yield connection


def has_table(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, database: str = "work"
) -> bool:
    """Whether a table or view exists."""
    row = connection.execute(
        """select count(*) from information_schema.tables
           where table_catalog = ? and table_schema = ? and table_name = ?""",
        [database, schema, table],
    ).fetchone()
    return bool(row and row[0])


def take_snapshot(migration: Migration) -> Path:
    """Copy the marts for readers and swap the copy in by one rename; open readers keep theirs."""
    with duckdb.connect(marts_file(migration)) as connection:
        connection.execute("checkpoint")
    with replaced_snapshot(migration, marts_file(migration)):
        pass
    return snapshot_file(migration)


@contextmanager
def replaced_snapshot(migration: Migration, source: Path) -> Iterator[Path]:
    """A copy of `source` to work on, which becomes the snapshot by one rename at the end."""
    partial = migration.warehouse_dir / ".snapshot.part"
    # what a killed run wrote into its copy would be played into this one
    partial.with_name(f"{partial.name}.wal").unlink(missing_ok=True)
    with source.open("rb") as whole, partial.open("wb") as target:
        try:
            fcntl.ioctl(target.fileno(), FICLONE, whole.fileno())
        except OSError:  # the disk cannot share extents
            shutil.copyfileobj(whole, target, 16 << 20)
    yield partial
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(snapshot_file(migration))
