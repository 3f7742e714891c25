"""What landing tests share: exports in small, and what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing.land import parquet_files
from orchestration.landing.manifest import LandedFile, Manifest
from orchestration.source_config import SourceConfig

Row = dict[str, Any]


@dataclass(frozen=True)
class Landing:
    """What one file became."""

    manifest: Manifest
    folder: Path
    rows: list[Row]

    @property
    def file(self) -> LandedFile:
        return self.manifest.files[0]

    @property
    def errors(self) -> list[str | None]:
        return [row["parse_error"] for row in self.rows]

    @property
    def raws(self) -> list[str | None]:
        return [row["raw"] for row in self.rows]


def read_rows(folder: Path) -> list[Row]:
    files = [str(path) for path in parquet_files(folder)]
    if not files:
        return []
    with duckdb.connect() as connection:
        relation = connection.execute(
            "select * from read_parquet(?, hive_partitioning = true) order by record_number",
            [files],
        )
        names = [column[0] for column in relation.description or ()]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def config_of(vendor: str, **settings: Any) -> SourceConfig:
    if vendor in ("mixpanel", "tabular"):
        settings.setdefault("timezone", "UTC")
    if vendor == "tabular":
        settings.setdefault("columns", {"event": "event", "occurred_at": "at"})
    return SourceConfig(vendor=vendor, location=Path("exports"), **settings)


def event(name: str = "Viewed", **properties: Any) -> bytes:
    """One line of a Mixpanel export, without its line end."""
    whole = {"time": 1735689600, "distinct_id": "u1", "$insert_id": "i1"} | properties
    return json.dumps({"event": name, "properties": whole}, ensure_ascii=False).encode()
