"""Landing as the tests see it: bytes in, rows and a manifest out, on a real DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing.land import DeliveredFile, Delivery, delivery_folder, land
from orchestration.landing.store import keep
from tests.orchestration.landing.exports import Landing, config_of, read_rows


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
