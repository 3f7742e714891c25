"""Figures of each landed delivery: from its manifest and the footers of its Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import Manifest

LANDING_FACTS = pa.schema(
    [
        ("source", pa.string()),
        ("vendor", pa.string()),
        ("delivery_id", pa.string()),
        ("file_name", pa.string()),
        ("bytes", pa.int64()),
        ("state", pa.string()),
        ("torn_reason", pa.string()),
        ("looks_like", pa.string()),
        ("missing_columns", pa.string()),
        ("records", pa.int64()),
        ("rows_written", pa.int64()),
        ("parquet_rows", pa.int64()),
        ("unreadable", pa.int64()),
        ("ends_early", pa.bool_()),
        ("declared_records", pa.int64()),
        ("advice", pa.string()),
        ("shortfall", pa.string()),
        ("doubt", pa.string()),
    ]
)


def landing_facts(migration: Migration, manifests: Sequence[Manifest]) -> pa.Table:
    """One row per delivery, from its manifest and the footers of its Parquet files."""
    rows = []
    for manifest in manifests:
        files = manifest.files
        reasons = [f.torn_reason for f in files if f.torn_reason]
        looks = [f.looks_like for f in files if f.looks_like]
        missing = [c for f in files for c in f.missing_columns]
        footers = (pq.read_metadata(p) for p in parquet_files(folder_of(manifest, migration)))
        # an unrecognised file is one unreadable record by design; it is not a damaged export
        unreadable = sum(sum(f.unreadable.values()) for f in files if f.state != "unrecognised")
        rows.append(
            {
                "source": manifest.source,
                "vendor": manifest.vendor,
                "delivery_id": manifest.delivery_id,
                "file_name": ", ".join(f.name for f in files),
                "bytes": sum(f.size for f in files),
                "state": manifest.state,
                "torn_reason": "; ".join(reasons) or None,
                "looks_like": ", ".join(looks) or None,
                "missing_columns": ", ".join(missing) or None,
                "records": manifest.records,
                "rows_written": sum(f.written for f in files),
                "parquet_rows": sum(footer.num_rows for footer in footers),
                "unreadable": unreadable,
                "ends_early": any("terminated_early" in f.unreadable for f in files),
                "declared_records": manifest.declared_records,
                "advice": "; ".join(f"{f.name}: {f.advice}" for f in files if f.advice) or None,
                "shortfall": "; ".join(manifest.shortfalls) or None,
                "doubt": "; ".join(manifest.doubts) or None,
            }
        )
    return pa.Table.from_pylist(rows, schema=LANDING_FACTS)
