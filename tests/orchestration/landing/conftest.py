"""Landing as the tests see it: bytes in, rows and a manifest out, on a real DuckDB."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import SourceConfig
from orchestration.landing.land import (
    DeliveredFile,
    Delivery,
    delivery_folder,
    land,
    parquet_files,
)
from orchestration.landing.manifest import LandedFile, Manifest
from orchestration.landing.store import keep

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


@pytest.fixture
def landed(tmp_path: Path) -> Callable[..., Landing]:
    """Keep and land one file of these bytes."""

    def _landed(
        content: bytes,
        *,
        vendor: str = "mixpanel",
        name: str = "export.json",
        landed_at: datetime | None = None,
        **settings: Any,
    ) -> Landing:
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        delivery = Delivery(vendor, (DeliveredFile(name, keep(path, tmp_path / "store")),))
        home = tmp_path / "landing"
        manifest = land(delivery, config_of(vendor, **settings), home, landed_at)
        folder = delivery_folder(home, vendor, delivery.id)
        rows = read_rows(folder)
        # the two counts and the numbering hold whatever the file was
        file = manifest.files[0]
        assert file.records == file.written == len(rows) == sum(manifest.raw_dates.values())
        assert [row["record_number"] for row in rows] == list(range(1, len(rows) + 1))
        return Landing(manifest, folder, rows)

    return _landed


def event(name: str = "Viewed", **properties: Any) -> bytes:
    """One line of a Mixpanel export, without its line end."""
    whole = {"time": 1735689600, "distinct_id": "u1", "$insert_id": "i1"} | properties
    return json.dumps({"event": name, "properties": whole}, ensure_ascii=False).encode()
