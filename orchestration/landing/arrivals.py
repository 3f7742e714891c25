"""Arrivals: deliveries whose bytes are kept and which wait to be landed, each with its ticket.

A ticket is what landing needs to know of a delivery, by its id: Dagster's partition key.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from pydantic import BaseModel

from orchestration.config import Migration
from orchestration.landing.catalog import (
    WORKERS,
    new_deliveries,
    stale_deliveries,
    stored_path,
)
from orchestration.landing.land import (
    DeliveredFile,
    Delivery,
    delivery_folder,
    land,
    landing_connection,
)
from orchestration.landing.manifest import MANIFEST, Manifest, read_manifest
from orchestration.landing.store import StoredFile
from orchestration.whole_files import write_whole


class TicketFile(BaseModel):
    """A file of a waiting delivery."""

    name: str
    path: Path
    sha256: str
    size: int


class Ticket(BaseModel):
    """A waiting delivery. `landed_at` (UTC): when it came, or its date if it was landed before."""

    source: str
    files: list[TicketFile]
    landed_at: datetime


def arrive(migration: Migration, source: str) -> list[str]:
    """Keep the bytes of what is new in a source's folder; ids of the deliveries that wait."""
    config = migration.sources[source]
    ids = waiting(migration, source)
    for delivery in stale_deliveries(source, config, migration):
        folder = delivery_folder(migration.landing_dir, source, delivery.id)
        if delivery.id not in ids:
            _write(migration, delivery, read_manifest(folder).landed_at)
            ids.append(delivery.id)
    for delivery in new_deliveries(source, config, migration):
        if delivery.id not in ids:
            _write(migration, delivery, datetime.now(UTC).replace(tzinfo=None))
            ids.append(delivery.id)
    return ids


def ask_again(migration: Migration, manifest: Manifest) -> None:
    """Let a landed delivery wait to be landed again from its stored bytes, keeping its date."""
    config = migration.sources[manifest.source]
    files = tuple(
        DeliveredFile(
            f.name, StoredFile(stored_path(f.name, f.sha256, config, migration), f.sha256, f.size)
        )
        for f in manifest.files
    )
    _write(migration, Delivery(manifest.source, files), manifest.landed_at)


def waiting(migration: Migration, source: str) -> list[str]:
    """Ids of the deliveries of a source that have a ticket."""
    folder = migration.landing_dir / source / "arrived"
    return sorted(path.stem for path in folder.glob("*.json"))


def since(migration: Migration, source: str, delivery_id: str) -> int:
    """When a waiting delivery got its ticket, in nanoseconds: it may wait, and be landed, twice."""
    return _ticket_path(migration, source, delivery_id).stat().st_mtime_ns


def land_arrivals(
    migration: Migration, source: str, delivery_ids: Sequence[str]
) -> Iterator[Manifest]:
    """Land waiting deliveries, several side by side; yield their manifests in the order asked.

    One that was landed and waits no longer is left as it is.
    """
    own = threading.local()
    workers = min(WORKERS, len(delivery_ids) or 1)
    with ExitStack() as connections:

        def connect() -> None:
            own.connection = connections.enter_context(landing_connection(workers))

        def land_one(delivery_id: str) -> Manifest:
            return _land_arrival(migration, source, delivery_id, own.connection)

        pool = ThreadPoolExecutor(workers, initializer=connect)
        try:
            yield from pool.map(land_one, delivery_ids)
        finally:
            pool.shutdown(cancel_futures=True)


def _land_arrival(
    migration: Migration, source: str, delivery_id: str, connection: duckdb.DuckDBPyConnection
) -> Manifest:
    path = _ticket_path(migration, source, delivery_id)
    folder = delivery_folder(migration.landing_dir, source, delivery_id)
    if not path.exists() and (folder / MANIFEST).exists():
        return read_manifest(folder)
    ticket = Ticket.model_validate_json(path.read_text())
    files = tuple(DeliveredFile(f.name, StoredFile(f.path, f.sha256, f.size)) for f in ticket.files)
    delivery = Delivery(source, files)
    config = migration.sources[source]
    manifest = land(delivery, config, migration.landing_dir, ticket.landed_at, connection)
    path.unlink()
    return manifest


def _write(migration: Migration, delivery: Delivery, landed_at: datetime) -> None:
    files = [
        TicketFile(name=f.name, path=f.stored.path, sha256=f.stored.sha256, size=f.stored.size)
        for f in delivery.files
    ]
    ticket = Ticket(source=delivery.source, files=files, landed_at=landed_at)
    write_whole(_ticket_path(migration, delivery.source, delivery.id), ticket.model_dump_json())


def _ticket_path(migration: Migration, source: str, delivery_id: str) -> Path:
    return migration.landing_dir / source / "arrived" / f"{delivery_id}.json"
