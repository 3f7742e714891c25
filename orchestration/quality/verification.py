"""Verify: do the stored bytes still say what the ledger says? Everything is counted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of, stored_path
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import LandedFile, Manifest, manifests
from orchestration.landing.reading import Reading, recogniser, records
from orchestration.landing.store import sha256_of
from orchestration.quality.facts import MARTS_VIEWS
from orchestration.sources import OBJECT_MARTS, REGISTRY
from orchestration.warehouse import marts_file, snapshot_file


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was accounted for."""

    source: str
    file: str
    what: str
    expected: str
    found: str


@dataclass(frozen=True)
class Verification:
    """What was checked, and every difference."""

    files: int
    records: int
    differences: list[Difference]

    def to_json(self) -> dict[str, Any]:
        """One JSON object; `success` is that nothing differs."""
        return {"success": not self.differences, **asdict(self)}


def verify(migration: Migration, tell: Callable[[str], None] = lambda _: None) -> Verification:
    """Hash and frame the stored bytes again, count Parquet again, balance the marts against it."""
    found: list[Difference] = []
    counted: dict[tuple[str, str, str], int] = {}
    for source in migration.sources:
        for manifest in manifests(migration.landing_dir, source):
            for file in manifest.files:
                tell(f"{source}: {file.name}")
                counted[manifest.delivery_id, file.sha256, file.name] = _recount(
                    migration, manifest, file, found
                )
            _check_parquet(migration, manifest, found)
    for path in (marts_file(migration), snapshot_file(migration)):
        if path.exists():
            tell(f"counting {path.name}")
            _check_marts(path, counted, found)
    return Verification(len(counted), sum(counted.values()), found)


def _recount(
    migration: Migration, manifest: Manifest, file: LandedFile, found: list[Difference]
) -> int:
    config = migration.sources[manifest.source]
    paths = {f.name: stored_path(f.name, f.sha256, config, migration) for f in manifest.files}
    path = paths[file.name]
    if not path.exists():
        found.append(Difference(manifest.source, file.name, "stored bytes", file.sha256, "missing"))
        return file.records
    sha256 = sha256_of(path)
    if sha256 != file.sha256:
        found.append(
            Difference(manifest.source, file.name, "hash of the bytes", file.sha256, sha256)
        )
    source = REGISTRY[manifest.vendor].for_delivery(paths)
    reading = Reading(stop_line=source.stop_line)
    recognise = recogniser(source.recognise, config)
    count: int = sum(b.num_rows for b in records(path, file.name, recognise, reading))
    if count != file.records:
        found.append(
            Difference(
                manifest.source, file.name, "records in the bytes", str(file.records), str(count)
            )
        )
    return count


def _check_parquet(migration: Migration, manifest: Manifest, found: list[Difference]) -> None:
    files = [str(path) for path in parquet_files(folder_of(manifest, migration))]
    landed: dict[tuple[str, str], int] = {}
    if files:
        with duckdb.connect() as connection:
            rows = connection.execute(
                """select file_sha256, file_name, count(*)
                from read_parquet(?, hive_partitioning = false) group by all""",
                [files],
            ).fetchall()
            landed = {(sha256, name): count for sha256, name, count in rows}
    for file in manifest.files:
        count = landed.get((file.sha256, file.name), 0)
        if count != file.records:
            found.append(
                Difference(manifest.source, file.name, "landed rows", str(file.records), str(count))
            )


def _check_marts(
    path: Path, counted: dict[tuple[str, str, str], int], found: list[Difference]
) -> None:
    """The ledger by the bytes counted now, and loaded by the mart's rows counted now."""
    with duckdb.connect(path, read_only=True) as connection:
        ledger = connection.execute(
            """select source, file_name, delivery_id, file_sha256,
                row_number() over (
                    partition by delivery_id, file_sha256 order by loaded desc) > 1,
                "read", loaded,
                loaded + duplicate + identity + filtered + quarantined + erased + pending
            from quality.fct_ledger"""
        ).fetchall()
        parts = "union all\n".join(
            f"""select delivery_id, file_sha256, count(distinct record_number) as records
            from marts.{mart} group by all
            """
            for mart in ("fct_survey_answers", *OBJECT_MARTS)
        )
        rows = {  # an archive's objects may be in several marts
            (delivery, sha256): int(count)
            for delivery, sha256, count in connection.execute(
                f"""select delivery_id, file_sha256, sum(records) from (
                    select delivery_id, file_sha256, count(*) as records
                    from marts.fct_events where record_part = 1 group by all
                    union all {parts}
                ) group by all"""
            ).fetchall()
        }
        for source, name, delivery, sha256, is_copy, read, loaded, fates in ledger:
            where = f"{name} in {path.name}"
            if fates != read:
                found.append(Difference(source, where, "sum of fates", str(read), str(fates)))
            now = counted.get((delivery, sha256, name), read)
            if now != read:
                found.append(Difference(source, where, "records read", str(read), str(now)))
            in_mart = 0 if is_copy else rows.get((delivery, sha256), 0)
            if in_mart != loaded:
                found.append(
                    Difference(source, where, "rows in the mart", str(loaded), str(in_mart))
                )
        view = MARTS_VIEWS["gate_marts"].replace("warehouse.", "")
        for name, observed, expected in connection.execute(view).fetchall():
            if observed != expected:
                found.append(Difference("all", path.name, name, str(expected), str(observed)))


__all__ = ["Difference", "Verification", "verify"]
