"""Figures of each landed delivery: from its manifest and the footers of its Parquet files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config import Migration
from orchestration.landing.catalog import folder_of
from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import Manifest
from orchestration.quality.facts.columns import looks, lost_columns

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
        ("known_deliveries", pa.int64()),
        ("lost_columns", pa.string()),
        ("is_usually_empty", pa.bool_()),
    ]
)


# An empty delivery is usual where one in ten before it was empty, of five or more.
EMPTY_SHARE, LEAST_DELIVERIES = 0.1, 5


def landing_facts(
    migration: Migration, manifests: Sequence[Manifest], history: Sequence[Manifest] | None = None
) -> pa.Table:
    """One row per delivery, from its manifest, its first records and the footers of its Parquet.

    `history` is every landed delivery of the same sources; a delivery is held against those that
    lie before it in time. Left out, it is the deliveries themselves.
    """
    known = _Known(migration, manifests, manifests if history is None else history)
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
                **known.before(manifest),
            }
        )
    return pa.Table.from_pylist(rows, schema=LANDING_FACTS)


class _Known:
    """The deliveries of each source in the order of their days, and what was seen of each."""

    def __init__(
        self, migration: Migration, judged: Sequence[Manifest], history: Sequence[Manifest]
    ) -> None:
        self._looks = looks(migration, history, judged)
        self._by_source: dict[str, list[Manifest]] = {}
        for manifest in sorted(history, key=_day):
            self._by_source.setdefault(manifest.source, []).append(manifest)

    def before(self, manifest: Manifest) -> dict[str, Any]:
        """What the earlier deliveries say of this one, as columns of `LANDING_FACTS`."""
        ours = self._by_source[manifest.source]
        earlier = ours[: bisect_left(ours, _day(manifest), key=_day)]
        seen = [self._looks[each.delivery_id] for each in earlier]
        lost = lost_columns(self._looks[manifest.delivery_id], seen)
        empty = sum(not each.records for each in earlier)
        return {
            "known_deliveries": None if lost is None else len(earlier),
            "lost_columns": ", ".join(lost or ()) or None,
            "is_usually_empty": len(earlier) >= LEAST_DELIVERIES
            and empty >= EMPTY_SHARE * len(earlier),
        }


def _day(manifest: Manifest) -> tuple[date, datetime, str]:
    """Where a delivery lies in time: by its last day, else by when it was landed."""
    last = max(manifest.dated, default=manifest.landed_at.date())
    return last, manifest.landed_at, manifest.delivery_id
