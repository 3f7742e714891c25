"""`taxonomy audit` and the dictionary's page on many events: `python -m benchmarks.audit`.

Makes a snapshot of generated events once, below `data/bench/audit`: 24 names of two sources, some
5 properties each, one in six an object, a tenth of them of two types. Then the inventory is taken
and the page's figures are read, in a process of its own. Prints one JSON object: seconds of wall
clock and of the processors, and the largest resident memory in MB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.exports import BENCH, REPO
from benchmarks.processes import measure
from orchestration.taxonomy.audit import take_inventory
from orchestration.taxonomy.model import Taxonomy, load_taxonomy
from orchestration.taxonomy.traffic import traffic_of

FOLDER = BENCH / "audit"
LIMIT_SECONDS = 1800
_BLOCK = 1_000_000  # events generated at once
# Nested as Amplitude's own fields are; the price is a number from one source, a text from another.
_PROPERTIES = """printf(
    '{"plan":"p%d","price":%s,"note":"%s","flag":%s,%s"vendor":{"id":%d,"os":"ios","data":{}}}',
    n % 9,
    case when n % 10 = 0 then printf('"%d"', n % 9999) else printf('%.2f', (n % 9999) / 100) end,
    md5(n::varchar), case n % 3 when 0 then 'true' when 1 then 'false' else 'null' end,
    case when n % 4 = 0 then '"items":[1,2,3],"count":7,' else '' end, n)"""


def snapshot_of(events: int, taxonomy: Taxonomy) -> Path:
    """A snapshot of generated events over 300 days, made where it is not there yet."""
    path = FOLDER / f"events_{events}.duckdb"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    names = list(taxonomy.events)
    with duckdb.connect(partial) as connection:
        connection.execute(
            """create schema marts; create schema quality;
            create table marts.fct_events (event_id varchar, source varchar,
                source_event_name varchar, event_name varchar, occurred_at timestamp,
                occurred_on date, person_id varchar, properties varchar);
            create table quality.fct_taxonomy_violations (source varchar, event_name varchar,
                property_name varchar, kind varchar, occurred_on date, records bigint)"""
        )
        for first in range(0, events, _BLOCK):
            connection.execute(
                f"""insert into marts.fct_events
                select sha256(n::varchar), 'source_' || n % 2, name || n % 2, name,
                    happened_at, happened_at::date,
                    sha256((hash(n) % 250000)::varchar), {_PROPERTIES}
                from (
                    select n, $names[1 + n % len($names)] as name,
                        timestamp '2025-01-01' + interval 1 second * (n * 25920000 // $events)
                            as happened_at
                    from range($first, $until) as numbers(n))""",
                {
                    "names": names,
                    "events": events,
                    "first": first,
                    "until": min(first + _BLOCK, events),
                },
            )
    partial.rename(path)
    return path


def measured(path: Path, taxonomy: Taxonomy) -> dict[str, Any]:
    """Seconds and memory of both, in this process."""
    figures: dict[str, Any] = {}
    with duckdb.connect(path, read_only=True) as connection:
        for part, work in (("audit", take_inventory), ("page", traffic_of)):
            start, cpu = time.perf_counter(), time.process_time()
            work(connection, taxonomy)
            figures[part] = {
                "seconds": round(time.perf_counter() - start, 1),
                "cpu_seconds": round(time.process_time() - cpu, 1),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
    return figures


def main() -> None:
    """Measure, in a process that has not generated anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--measure", type=Path, help="measure this snapshot, in this process")
    given = parser.parse_args()
    taxonomy = load_taxonomy(REPO / "expectations" / "taxonomy.yaml")
    if given.measure is not None:
        print(json.dumps(measured(given.measure, taxonomy)))
        return
    path = snapshot_of(given.events, taxonomy)
    command = [sys.executable, "-m", "benchmarks.audit", "--measure", path]
    result = measure(command, REPO, limit_seconds=LIMIT_SECONDS).answer()
    print(json.dumps({"events": given.events, "threads": os.cpu_count(), **result}))


if __name__ == "__main__":
    main()
