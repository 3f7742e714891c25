"""dlt's landing of the same export: filesystem to DuckDB, with dlt's defaults.

`python dlt_landing.py EXPORT_FOLDER OUT_FOLDER`, with the Python of `.venv-bench`: this file
imports nothing of ours. Prints one JSON object: seconds of dlt's run, rows, dlt's version.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import dlt  # type: ignore[import-not-found]
import duckdb
from dlt.sources.filesystem import filesystem, read_jsonl  # type: ignore[import-not-found]


def land(export: Path, out: Path) -> dict[str, float | str]:
    """Extract, normalise and load every file of the export."""
    lines = (
        filesystem(bucket_url=export.as_uri(), file_glob="*.jsonl.gz") | read_jsonl()
    ).with_name("events")
    database = out / "dlt.duckdb"
    pipeline = dlt.pipeline(
        "landing",
        pipelines_dir=str(out / "pipelines"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="landing",
    )
    start = time.perf_counter()
    pipeline.run(lines)
    seconds = time.perf_counter() - start
    with duckdb.connect(database, read_only=True) as connection:
        row = connection.execute("select count(*) from landing.events").fetchone()
    return {"seconds": seconds, "rows": row[0] if row else 0, "version": dlt.__version__}


if __name__ == "__main__":
    print(json.dumps(land(Path(sys.argv[1]), Path(sys.argv[2]))))
