"""The exports that are measured: made once below `data/bench/exports`, then found there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.demo import generate_mixpanel

REPO = Path(__file__).parent.parent
BENCH = REPO / "data" / "bench"
SOURCE = "mixpanel_app"
SEED = 1
# Of a day's persons, those who show their first user id and so take their past with them.
LINK_SHARE = 0.02


@dataclass(frozen=True)
class Export:
    """A Mixpanel export: `events` rows in `days` files of about 470 bytes of JSON a row."""

    events: int
    days: int
    persons: int
    start: date = date(2025, 1, 1)

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return (
            BENCH / "exports" / f"mixpanel-{self.events}-{self.days}d-{self.persons}p-{self.start}"
        )

    def files(self) -> list[Path]:
        """Its files by date; they are written when they are not all there."""
        found = sorted(self.folder.glob("*.jsonl.gz"))
        if len(found) == self.days:
            return found
        shutil.rmtree(self.folder, ignore_errors=True)
        return generate_mixpanel(
            self.folder,
            events=self.events,
            days=self.days,
            persons=self.persons,
            seed=SEED,
            start=self.start,
            link_share=LINK_SHARE,
        )


def export_of(events: int) -> Export:
    """A month of `events` rows, with a regular person for every 40 of them."""
    return Export(events, days=30, persons=max(100, events // 40))


def write_migration(folder: Path, files: Sequence[Path]) -> Path:
    """A folder with nothing but copies of `files` and the `migration.yaml` that names them."""
    shutil.rmtree(folder, ignore_errors=True)
    deliver(folder, files)
    path = folder / "migration.yaml"
    settings = {
        "home": "home",
        "taxonomy": str(REPO / "expectations" / "taxonomy.yaml"),
        "sources": {SOURCE: {"vendor": "mixpanel", "location": "exports", "timezone": "UTC"}},
    }
    path.write_text(json.dumps(settings, indent=2))  # JSON is YAML
    return path


def deliver(folder: Path, files: Sequence[Path]) -> None:
    """Put files where the migration in `folder` looks for exports; links, where the disk can."""
    exports = folder / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    for file in files:
        try:
            os.link(file, exports / file.name)
        except OSError:
            shutil.copyfile(file, exports / file.name)


def size_of(text: str) -> int:
    """A number of events as people write it: 500, 100k, 10M. Raises ValueError."""
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return round(float(text[:-1] if scale > 1 else text) * scale)
