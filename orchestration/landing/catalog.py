"""What has been delivered: new files in the export folders, and which landed version is current.

The state of a delivery is derived, never stored: from manifests, gate results and decisions.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.landing.land import DeliveredFile, Delivery, delivery_folder, read_as
from orchestration.landing.manifest import PARSER_VERSION, Manifest, manifests
from orchestration.landing.store import StoredFile, keep, refer
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY
from orchestration.sources.base import is_hidden
from orchestration.whole_files import write_whole

SEEN = "seen.json"
WORKERS = min(4, os.cpu_count() or 1)
#: by file: the delivery it was last part of, its size and time of change, and how it was read
Prints = dict[str, list[str | int]]

DeliveryState = Literal["current", "held", "superseded", "same_file"]


@dataclass(frozen=True)
class Landed:
    """A landed delivery and what became of it. `by` names the delivery that superseded it."""

    manifest: Manifest
    state: DeliveryState
    by: str | None = None


def export_files(source: str, config: SourceConfig) -> list[Path]:
    """Files of a source that may be exports, in name order; markers are not. Links are followed.

    Raises ConfigurationError when the location does not exist. A source of which nothing was
    fetched yet has none.
    """
    if config.fetch is not None and not config.location.exists():
        return []
    if not config.location.exists():
        raise ConfigurationError(
            f"sources.{source}.location: {config.location} does not exist; "
            "create it or correct the path"
        )
    if config.location.is_file():
        return [config.location]
    found = (path for path in config.location.rglob("*") if path.is_file())
    return sorted(path for path in found if not is_hidden(path, config.location))


def new_deliveries(source: str, config: SourceConfig, migration: Migration) -> Iterator[Delivery]:
    """Keep the bytes of files not seen before and yield each as a delivery, oldest name first.

    Files that the vendor's names bind together are one delivery, made anew with all of them when
    one changes or joins; one that is gone from the folder changes nothing. A file whose size and
    time of change are as last seen is not read again. A delivery already landed by this parser with
    these settings is not yielded, unless a file of it had other bytes in between: it is then the
    latest version again.
    """
    seen_path = migration.landing_dir / source / SEEN
    seen: Prints = json.loads(seen_path.read_text()) if seen_path.exists() else {}
    landed = {m.delivery_id: m for m in manifests(migration.landing_dir, source)}
    try:
        yield from _unseen(source, config, migration, seen, landed)
    finally:  # also after a failure: what was seen need not be read again
        write_whole(seen_path, json.dumps(seen))


def _unseen(
    source: str,
    config: SourceConfig,
    migration: Migration,
    seen: Prints,
    landed: Mapping[str, Manifest],
) -> Iterator[Delivery]:
    shaping = read_as(config)
    due: list[tuple[dict[str, Path], Prints]] = []
    for group in grouped(source, config):
        prints: Prints = {}
        for name, path in group.items():
            stat = path.stat()
            prints[name] = [stat.st_size, stat.st_mtime_ns, shaping, PARSER_VERSION]
        known = {seen.get(name, [""])[0] for name in group}
        is_as_seen = all(seen.get(name, [])[1:] == prints[name] for name in group)
        if not (is_as_seen and len(known) == 1 and known <= landed.keys()):
            due.append((group, prints))

    def kept(group: Mapping[str, Path]) -> tuple[DeliveredFile, ...]:
        by_reference = config.store == "reference"
        return tuple(
            DeliveredFile(name, refer(path) if by_reference else keep(path, migration.store_dir))
            for name, path in group.items()
        )

    # hashing and copying leave Python's lock alone, and who waits for the disk its processor
    with ThreadPoolExecutor(2 * WORKERS) as pool:
        for (group, prints), files in zip(due, pool.map(kept, [g for g, _ in due]), strict=True):
            delivery = Delivery(source, files)
            manifest = landed.get(delivery.id)
            has_returned = any(seen.get(name, [""])[0] not in ("", delivery.id) for name in group)
            if manifest is None or has_returned or not _is_landed_as(manifest, shaping):
                yield delivery
            for name in group:
                seen[name] = [delivery.id, *prints[name]]


def grouped(source: str, config: SourceConfig) -> list[dict[str, Path]]:
    """The export files of a source as deliveries: of each, the path by relative name."""
    vendor = REGISTRY[config.vendor]
    groups: dict[str, dict[str, Path]] = {}
    for path in export_files(source, config):
        name = _relative(path, config.location)
        groups.setdefault(vendor.group(name) or f"\n{name}", {})[name] = path
    return list(groups.values())


def stale_deliveries(source: str, config: SourceConfig, migration: Migration) -> Iterator[Delivery]:
    """Deliveries landed by an older parser or with other settings, whose bytes are in the store."""
    shaping = read_as(config)
    for manifest in manifests(migration.landing_dir, source):
        if _is_landed_as(manifest, shaping):
            continue
        files = tuple(
            DeliveredFile(
                f.name,
                StoredFile(stored_path(f.name, f.sha256, config, migration), f.sha256, f.size),
            )
            for f in manifest.files
        )
        if all(file.stored.path.exists() for file in files):
            yield Delivery(source, files)


def stored_path(name: str, sha256: str, config: SourceConfig, migration: Migration) -> Path:
    """Where a landed file's bytes are."""
    if config.store == "reference":
        return config.location if config.location.is_file() else config.location / name
    return migration.store_dir / sha256


def states(landed: Sequence[Manifest], held: Collection[str]) -> list[Landed]:
    """Which version of each file or group is current, in one source. `landed` is oldest first.

    The latest complete version that is not held is current; an incomplete one only while there is
    no complete one. Of current files with the same bytes the first counts, the others are
    `same_file`: a rotated log is loaded once, under whichever name still holds it.
    """
    versions: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in landed:
        versions[manifest.version_of].append(manifest)
    result: dict[str, Landed] = {}
    for same_name in versions.values():
        result.update(_versions(same_name, held))
    first_with: dict[tuple[str, ...], str] = {}
    for manifest in landed:
        if result[manifest.delivery_id].state != "current" or not manifest.records:
            continue
        hashes = tuple(sorted(file.sha256 for file in manifest.files if file.records))
        first = first_with.setdefault(hashes, manifest.delivery_id)
        if first != manifest.delivery_id:
            result[manifest.delivery_id] = Landed(manifest, "same_file", first)
    return [result[manifest.delivery_id] for manifest in landed]


def _versions(versions: Sequence[Manifest], held: Collection[str]) -> dict[str, Landed]:
    free = [m for m in versions if m.delivery_id not in held]
    candidates = [m for m in free if m.is_complete] or free
    current = candidates[-1] if candidates else None
    result: dict[str, Landed] = {}
    for position, manifest in enumerate(versions):
        if manifest is current:
            state = Landed(manifest, "current")
        elif current is not None and position < versions.index(current):
            state = Landed(manifest, "superseded", current.delivery_id)
        elif manifest.delivery_id in held:
            state = Landed(manifest, "held")
        else:  # newer than the current version, but incomplete: it never supersedes
            assert current is not None, "a version that is not held can be current"
            state = Landed(manifest, "superseded", current.delivery_id)
        result[manifest.delivery_id] = state
    return result


def folder_of(manifest: Manifest, migration: Migration) -> Path:
    """The landing folder of a delivery."""
    return delivery_folder(migration.landing_dir, manifest.source, manifest.delivery_id)


def _is_landed_as(manifest: Manifest, shaping: str) -> bool:
    return manifest.read_as == shaping and manifest.parser_version == PARSER_VERSION


def _relative(path: Path, location: Path) -> str:
    name = path.name if path == location else path.relative_to(location).as_posix()
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
