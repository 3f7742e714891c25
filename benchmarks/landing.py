"""Our landing alone: `python -m benchmarks.landing MIGRATION.YAML` on a fresh home.

Keeps the bytes and lands every delivery, as a run does before its first gate. Prints one JSON
object: seconds of both parts and the records landed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.exports import SOURCE
from orchestration.config import load_migration
from orchestration.landing.arrivals import arrive, land_arrivals


def land_all(config: Path) -> dict[str, float]:
    """Land what waits; seconds of keeping the bytes and of landing, and the records written."""
    migration = load_migration(config)
    start = time.perf_counter()
    waiting = arrive(migration, SOURCE)
    kept = time.perf_counter()
    records = sum(manifest.records for manifest in land_arrivals(migration, SOURCE, waiting))
    return {"keep": kept - start, "land": time.perf_counter() - kept, "records": records}


if __name__ == "__main__":
    print(json.dumps(land_all(Path(sys.argv[1]))))
