"""Which columns a delivery has, by a look at its first records, against the deliveries before it.

A look is kept as `<gates>/facts/columns/<source>/<delivery>.json`, so a run looks at what came.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import Manifest
from orchestration.whole_files import write_whole

SAMPLE = 200  # records looked at
LEAST_RECORDS = 50  # fewer say nothing about a column
EARLIER, LEAST_EARLIER = 14, 5  # deliveries that a delivery is held against
USUAL_SHARE = 0.5  # of the records in which a column stands, in every earlier delivery
OTHER_SHAPE = 0.5  # share of the usual columns whose absence makes a file one of another kind

SAMPLED = pa.schema([(name, pa.string()) for name in ("record", "raw", "parse_error")])


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
    for manifest in history:
        path = _path(migration, manifest)
        if manifest.delivery_id not in anew and path.exists():
            found[manifest.delivery_id] = Look(**json.loads(path.read_text()))
            continue
        look = _look(parquet_files(folder_of(manifest, migration)))
        write_whole(path, json.dumps(asdict(look), ensure_ascii=False))
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


def _look(files: Sequence[Path]) -> Look:
    sample = _sample(files).to_pylist()
    documents = [row["record"] or row["raw"] for row in sample if row["parse_error"] is None]
    found = [keys for keys in map(_keys, documents) if keys]
    counts = Counter(chain.from_iterable(found))
    return Look(len(found), {name: count / len(found) for name, count in counts.items()})


def _keys(document: str) -> set[str]:
    """The keys of a JSON object, and of the objects in it; none of anything else."""
    try:
        record = json.loads(document)
    except (ValueError, RecursionError):  # Python's limits; landing has read it by DuckDB's
        return set()
    if not isinstance(record, dict):
        return set()
    inner = {
        f"{name}.{key}" for name, part in record.items() if isinstance(part, dict) for key in part
    }
    return inner | record.keys()


def _sample(files: Sequence[Path]) -> pa.Table:
    """The first records. Arrow reads what they need; DuckDB would read whole row groups."""
    batches: list[pa.RecordBatch] = []
    for path in files:
        wanted = SAMPLE - sum(batch.num_rows for batch in batches)
        if wanted <= 0:
            break
        with pq.ParquetFile(path) as file:
            found = file.iter_batches(batch_size=wanted, columns=SAMPLED.names)
            batches.extend(batch.cast(SAMPLED) for batch in islice(found, 1))
    return pa.Table.from_batches(batches, schema=SAMPLED)


def _path(migration: Migration, manifest: Manifest) -> Path:
    folder = migration.gates_dir / "facts" / "columns" / manifest.source
    return folder / f"{manifest.delivery_id}.json"
