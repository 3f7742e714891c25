"""The control tables: what a run decided before building, written for dbt to read.

They are derived from configuration, manifests, gates and decisions and written anew in each run,
except what outlives them: `staged`, `staging_code`, `built`, `built_settings`, `built_names`,
`node_spans`, `rebuild_keys`, `rebuild_cells` and `moved_weeks`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration import privacy
from orchestration.config import Migration
from orchestration.context_config import read_context
from orchestration.context_tables import context_tables
from orchestration.control_schemas import (
    ADMITTED,
    DELIVERIES,
    DENIED,
    FILES,
    KEYS,
    SOURCES,
    TO_JUDGE,
    TO_STAGE,
)
from orchestration.dbt import code_fingerprint
from orchestration.landing.catalog import Landed, folder_of
from orchestration.landing.framing import OBJECT_TYPE
from orchestration.landing.land import parquet_files
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY
from orchestration.sql import literal, quoted
from orchestration.survey_settings import survey_tables
from orchestration.taxonomy.changes import BUILT_NAMES
from orchestration.taxonomy.model import load_taxonomy
from orchestration.taxonomy.tables import EARLIEST, LATEST, taxonomy_tables

REMEMBERED = """
create schema if not exists control;
create schema if not exists landing;
create table if not exists control.staged (delivery_id varchar, fingerprint varchar);
create table if not exists control.staging_code (fingerprint varchar);
create table if not exists control.unjudged (delivery_id varchar);
create table if not exists control.built (delivery_id varchar, fingerprint varchar);
create table if not exists control.built_settings (fingerprint varchar);
alter table control.built_settings add column if not exists dictionary varchar;
alter table control.built_settings add column if not exists context varchar;
create table if not exists control.rebuild_keys (event_key varchar, occurred_on date);
create table if not exists control.rebuild_cells (person_id varchar, occurred_on date);
create table if not exists control.moved_weeks (week_on date);
create table if not exists control.node_spans (node varchar, first_on date, last_on date);
create table if not exists control.identity_nodes (node varchar, root_node varchar);
create table if not exists control.device_owners (
    device_node varchar, user_node varchar, valid_from timestamp, valid_until timestamp);
"""

# Columns of landing that every vendor has, before its own envelope.
LINEAGE_COLUMNS = (
    ("raw", "varchar"),
    ("raw_bytes", "blob"),
    ("record", "varchar"),
    ("file_sha256", "varchar"),
    ("file_name", "varchar"),
    ("member", "varchar"),
    ("record_number", "bigint"),
    ("landed_at", "timestamp"),
    ("parse_error", "varchar"),
)


@dataclass(frozen=True)
class Scope:
    """Dates of a source (reporting zone, both included) that some run has asked to load."""

    source: str
    start: date = EARLIEST
    end: date = LATEST


def remember(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what outlives a run."""
    connection.execute(REMEMBERED)
    connection.execute(BUILT_NAMES)


def write_settings(connection: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    """Write what configuration and taxonomy say, as tables."""
    taxonomy = load_taxonomy(migration.taxonomy)
    vendors = migration.vendors
    _write(
        connection, "sources", [_source_row(n, c) for n, c in migration.sources.items()], SOURCES
    )
    keys = [
        {"source": name, "kind": kind, "property": field, "position": position}
        for name, config in migration.sources.items()
        for position, (kind, field) in enumerate(config.identity.keys.items())
    ]
    _write(connection, "identity_keys", keys, KEYS)
    context = read_context(migration.context, migration.sources, taxonomy.events)
    for table, rows, schema in (*survey_tables(migration), *context_tables(context)):
        _write(connection, table, rows, schema)
    _write(connection, "denied_ids", [{"id": each} for each in migration.identity.denylist], DENIED)
    for table, rows, schema in taxonomy_tables(taxonomy, vendors):
        _write(connection, table, rows, schema)


def write_deliveries(
    connection: duckdb.DuckDBPyConnection, migration: Migration, landed: Sequence[Landed]
) -> None:
    """Write every delivery's state and every file's counts; Parquet is counted again by footer."""
    deliveries, files = [], []
    for each in landed:
        manifest = each.manifest
        deliveries.append(
            {
                "source": manifest.source,
                "vendor": manifest.vendor,
                "delivery_id": manifest.delivery_id,
                "state": each.state,
                "superseded_by": each.by,
                "landed_at": manifest.landed_at,
                "integrity": manifest.state,
            }
        )
        folder = folder_of(manifest, migration)
        counted = _footer_counts(folder)
        for number, file in enumerate(manifest.files):
            files.append(
                {
                    "delivery_id": manifest.delivery_id,
                    "file_name": file.name,
                    "file_sha256": file.sha256,
                    "read": file.records,
                    "written": file.written,
                    "landed": counted.get(number, 0),
                    "unreadable": sum(file.unreadable.values()),
                    "copy_of": file.copy_of,
                }
            )
    _write(connection, "deliveries", deliveries, DELIVERIES)
    _write(connection, "files", files, FILES)


def write_to_stage(
    connection: duckdb.DuckDBPyConnection, to_stage: Sequence[Landed], prints: Mapping[str, str]
) -> None:
    """Write which deliveries are staged, and remember it before the first row of them is written.

    So only a delivery that some run began to stage has rows to be deleted: `may_have_rows`.
    """
    rows = [
        {
            "delivery_id": each.manifest.delivery_id,
            "fingerprint": prints[each.manifest.delivery_id],
            "landed_at": each.manifest.landed_at,
        }
        for each in to_stage
    ]
    _write(connection, "to_stage", rows, TO_STAGE)
    connection.execute(
        """
        begin transaction;
        alter table control.to_stage add column may_have_rows boolean;
        update control.to_stage
        set may_have_rows = delivery_id in (select delivery_id from control.staged);
        insert into control.staged
        select delivery_id, 'begun' from control.to_stage where not may_have_rows;
        commit
        """
    )


def write_to_judge(connection: duckdb.DuckDBPyConnection, to_judge: Sequence[Landed]) -> None:
    """Write which deliveries the staging gate judges."""
    rows = {each.manifest.delivery_id: each.manifest.landed_at for each in to_judge}
    _write(
        connection,
        "to_judge",
        [{"delivery_id": each, "landed_at": rows[each]} for each in sorted(rows)],
        TO_JUDGE,
    )


def write_admitted(
    connection: duckdb.DuckDBPyConnection, landed: Sequence[Landed], scopes: Sequence[Scope]
) -> None:
    """Write which deliveries may be loaded, and the dates of them that are in scope."""
    rows = [
        {"delivery_id": each.manifest.delivery_id, "from_date": start, "until_date": end}
        for each in landed
        if each.state == "current"
        for start, end in merged([s for s in scopes if s.source == each.manifest.source])
    ]
    _write(connection, "admitted", rows, ADMITTED)


def merged(scopes: Sequence[Scope]) -> list[tuple[date, date]]:
    """Overlapping or adjoining date ranges made one, so that no event is admitted twice."""
    ranges: list[tuple[date, date]] = []
    for scope in sorted(scopes, key=lambda s: (s.start, s.end)):
        if ranges and scope.start <= _next_day(ranges[-1][1]):
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], scope.end))
        else:
            ranges.append((scope.start, scope.end))
    return ranges


def write_landing_views(
    connection: duckdb.DuckDBPyConnection, migration: Migration, to_stage: Sequence[Landed]
) -> None:
    """Views over an explicit list of Parquet files, one a vendor; typed and empty without any."""
    files: dict[tuple[str, str], list[Path]] = {}
    for each in to_stage:
        place = (each.manifest.vendor, each.manifest.source)
        files.setdefault(place, []).extend(_counted_files(migration, each))
    for vendor in REGISTRY:
        parts = [
            _landed_select(source, paths)
            for (of_vendor, source), paths in files.items()
            if of_vendor == vendor and paths
        ]
        query = "\nunion all by name\n".join([_empty_landing(vendor, migration), *parts])
        connection.execute(f"create or replace view landing.{quoted(vendor)} as {query}")


def write_held_unreadable(
    connection: duckdb.DuckDBPyConnection, migration: Migration, landed: Sequence[Landed]
) -> None:
    """A table of the unreadable records of deliveries that were never staged."""
    connection.execute(
        """create or replace table control.held_unreadable (
            delivery_id varchar, file_sha256 varchar, file_name varchar, member varchar,
            record_number bigint, reason varchar, raw varchar, raw_bytes blob,
            landed_at timestamp)"""
    )
    for each in landed:
        files = [str(path) for path in _counted_files(migration, each)]
        if each.state == "held" and files and any(f.unreadable for f in each.manifest.files):
            connection.execute(
                """insert into control.held_unreadable
                select ?, file_sha256, file_name, member, record_number, parse_error, raw,
                    raw_bytes,
                    landed_at
                from read_parquet(?, hive_partitioning = false) where parse_error is not null""",
                [each.manifest.delivery_id, files],
            )


def staging_fingerprints(migration: Migration, landed: Sequence[Landed]) -> dict[str, str]:
    """By delivery, a hash of what its staged rows depend on: how it landed, settings and code."""
    prints = migration.settings_fingerprint()
    shared = [
        staging_code(),
        prints["identity"],
        prints["reporting_timezone"],
        privacy.fingerprint(migration),
    ]
    return {
        manifest.delivery_id: _fingerprint(
            [
                *shared,
                prints[f"clock:{manifest.source}"],
                prints[f"reading:{manifest.source}"],
                manifest.model_dump_json(),
            ]
        )
        for manifest in (each.manifest for each in landed)
    }


def staging_code() -> str:
    """Hash of the models that make staged rows."""
    return code_fingerprint("models/staging", "macros")


def build_fingerprint(migration: Migration) -> str:
    """Hash of the settings and the code every mart depends on; a change rebuilds them all.

    The dictionary is not among them: of it, what changed is rebuilt (`taxonomy.changes`).
    """
    prints = migration.settings_fingerprint()
    concerns = ("sessions", "identity", "reporting_timezone", "funnels", "surveys")
    return _fingerprint([code_fingerprint("models", "macros"), *(prints[c] for c in concerns)])


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:16]


def buildable(
    migration: Migration, landed: Sequence[Landed], scopes: Sequence[Scope]
) -> list[tuple[str, str]]:
    """Deliveries in scope, each with a hash of what it is built of: its staged rows and dates."""
    ranges = {
        source: merged([s for s in scopes if s.source == source])
        for source in {scope.source for scope in scopes}
    }
    current = [e for e in landed if e.state == "current" and e.manifest.source in ranges]
    return [
        (delivery, _fingerprint([staged, ranges[each.manifest.source]]))
        for each, (delivery, staged) in zip(
            current, staging_fingerprints(migration, current).items(), strict=True
        )
    ]


def _source_row(name: str, config: SourceConfig) -> dict[str, Any]:
    source = REGISTRY[config.vendor]
    return {
        "source": name,
        "vendor": config.vendor,
        "timezone": config.timezone or "UTC",
        "user_namespace": config.identity.namespace,
        "identity_mode": config.identity.mode,
        "dedupe_window_seconds": source.dedupe_window_seconds,
        "keeps_last": source.keeps_last,
        "owns_by_last_user": source.owns_by_last_user,
        "has_session_ids": source.has_session_ids(config),
        "dedupe_columns": config.dedupe,
        "lifted_patch": json.dumps(dict.fromkeys(sorted((config.columns or {}).values()))),
        "user_field": config.identity.user_field,
        "names_pages": bool(config.page_names),
        "loads_extracts": bool(config.extracts),
        "undated_on": config.undated_on,
        "login_column": config.login.lower() if config.login else None,
        "property_names": json.dumps(
            {column.lower(): name for column, name in (config.properties or {}).items()}
        ),
    }


def _landed_select(source: str, files: Sequence[Path]) -> str:
    """One scan of all files of a source, which threads share; one a delivery they would not."""
    listed = ", ".join(literal(str(path)) for path in files)
    return f"""select {literal(source)} as source,
            regexp_extract(landed_in, '/delivery=([0-9a-f]+)/raw_date=[^/]*/[^/]*$', 1)
                as delivery_id, * exclude (landed_in)
        from read_parquet([{listed}], hive_partitioning = false, union_by_name = true,
            filename = 'landed_in')"""


def _counted_files(migration: Migration, landed: Landed) -> list[Path]:
    """A delivery's Parquet files but those of files that have the bytes of another one in it."""
    copies = {number for number, file in enumerate(landed.manifest.files) if file.copy_of}
    files = parquet_files(folder_of(landed.manifest, migration))
    return [path for path in files if _file_number(path) not in copies]


def _file_number(path: Path) -> int:
    return int(path.name.split("_", 1)[0].removeprefix("f"))


def _empty_landing(vendor: str, migration: Migration) -> str:
    source = REGISTRY[vendor]
    columns = [("source", "varchar"), ("delivery_id", "varchar"), *LINEAGE_COLUMNS]
    if source.kind == "objects":
        columns.append((OBJECT_TYPE, "varchar"))
    columns += [(name, "varchar") for name in source.envelope_paths(None)]
    nulls = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in columns)
    return f"select {nulls} where false"


def _footer_counts(folder: Any) -> dict[int, int]:
    """Rows by file number within a delivery, from the footers of its Parquet files."""
    counts: dict[int, int] = {}
    for path in parquet_files(folder):
        number = _file_number(path)
        counts[number] = counts.get(number, 0) + pq.read_metadata(path).num_rows
    return counts


def _next_day(day: date) -> date:
    return day if day == LATEST else day + timedelta(days=1)


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[dict[str, Any]],
    schema: pa.Schema,
) -> None:
    connection.register("rows_to_write", pa.Table.from_pylist(list(rows), schema=schema))
    connection.execute(f"create or replace table control.{quoted(table)} as from rows_to_write")
    connection.unregister("rows_to_write")
