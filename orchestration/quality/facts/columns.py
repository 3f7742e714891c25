"""Which columns a delivery has, by a look at its first records, against the deliveries before it.

A look is kept as `<gates>/facts/columns/<source>/<delivery>.json`, so a run looks at what came.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import Manifest

SAMPLE = 200  # records looked at
LEAST_RECORDS = 50  # fewer say nothing about a column
EARLIER, LEAST_EARLIER = 14, 5  # deliveries that a delivery is held against
USUAL_SHARE = 0.5  # of the records in which a column stands, in every earlier delivery
OTHER_SHAPE = 0.5  # share of the usual columns whose absence makes a file one of another kind


@dataclass(frozen=True)
class Look:
    """Records looked at, and the share of them that each column or key stands in (0 to 1).

    A key within an object is `outer.key`; deeper ones are not looked at.
    """

    records: int
    shares: Mapping[str, float]


def looks(
    migration: Migration, history: Sequence[Manifest], judged: Sequence[Manifest]
) -> dict[str, Look]:
    """A look at each delivery of the history, by its id; taken anew of those that are judged."""
    anew = {manifest.delivery_id for manifest in judged}
    found: dict[str, Look] = {}
    with duckdb.connect() as connection:
        for manifest in history:
            path = _path(migration, manifest)
            if manifest.delivery_id not in anew and path.exists():
                found[manifest.delivery_id] = Look(**json.loads(path.read_text()))
                continue
            look = _look(connection, parquet_files(folder_of(manifest, migration)))
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            partial.write_text(json.dumps(asdict(look), ensure_ascii=False))
            partial.replace(path)
            found[manifest.delivery_id] = look
    return found


def lost_columns(look: Look, earlier: Sequence[Look]) -> list[str] | None:
    """Columns that all of the `EARLIER` latest deliveries had and this one has not, sorted.

    None where that cannot be said: too few records, or too few deliveries before. A file that lacks
    most of them is of another kind (another table, a lookup) and has lost none.
    """
    known = [each for each in earlier if each.records >= LEAST_RECORDS][-EARLIER:]
    if look.records < LEAST_RECORDS or len(known) < LEAST_EARLIER:
        return None
    usual = {
        column
        for column, share in known[0].shares.items()
        if all(each.shares.get(column, 0.0) >= USUAL_SHARE for each in known)
        and share >= USUAL_SHARE
    }
    lost = usual - look.shares.keys()
    return [] if len(lost) > OTHER_SHAPE * len(usual) else sorted(lost)


def _look(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Look:
    if not files:
        return Look(0, {})
    rows = connection.execute(
        f"""
        with documents as materialized (
            select row_number() over () as number, coalesce(record, raw) as document
            from read_parquet(?, hive_partitioning = false)
            where parse_error is null limit {SAMPLE}
        ),
        objects as (
            select number, document::json as document from documents
            where json_valid(document) and json_type(document) = 'OBJECT'
        ),
        outer_keys as (
            select number, part.key as name, part.value, part.type
            from objects, json_each(objects.document) as part
        ),
        names as (
            select number, name from outer_keys
            union
            select number, outer_keys.name || '.' || part.key
            from outer_keys, json_each(outer_keys.value) as part
            where outer_keys.type = 'OBJECT'
        )
        select name, count(*), (select count(*) from objects) from names group by name
        union all select null, null, (select count(*) from objects)
        """,
        [[str(path) for path in files]],
    ).fetchall()
    records = max(count for _, _, count in rows)
    return Look(records, {name: count / records for name, count, _ in rows if name is not None})


def _path(migration: Migration, manifest: Manifest) -> Path:
    folder = migration.gates_dir / "facts" / "columns" / manifest.source
    return folder / f"{manifest.delivery_id}.json"
