"""The manifest: what one landed delivery holds, written beside its Parquet files."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

# Bumped when framing or lifting changes; a delivery landed by another version is landed again.
PARSER_VERSION = 1
MANIFEST = "manifest.json"
UNKNOWN = "unknown"  # the date of records that have none

State = Literal["complete", "torn", "unrecognised"]


class LandedFile(BaseModel):
    """One file: its bytes, and the two counts of its records."""

    name: str
    sha256: str
    size: int
    plain_size: int
    state: State
    torn_reason: str | None = None
    records: int  # counted by the byte pass
    written: int  # counted by the Parquet writer
    blank_lines: int = 0
    unreadable: dict[str, int] = {}  # parse error -> records
    looks_like: str | None = None
    missing_columns: list[str] = []
    advice: str | None = None  # what to configure, where its vendor's file cannot be read
    copy_of: str | None = None  # the file of this delivery that has the same bytes and counts


class Manifest(BaseModel):
    """One delivery. `landed_at` is UTC and kept for ever: it dates the future-date rule."""

    delivery_id: str
    source: str
    vendor: str
    landed_at: datetime
    parser_version: int = PARSER_VERSION
    read_as: str = ""  # fingerprint of the settings that shape the envelope columns
    files: list[LandedFile]
    raw_dates: dict[str, int]
    group: str | None = None  # what the vendor's names say its files belong to
    declared_records: int | None = None  # what the vendor says there is
    shortfalls: list[str] = []  # what the vendor says there is and did not come
    doubts: list[str] = []  # where the vendor's figures differ, and nothing is missing

    @property
    def records(self) -> int:
        """Records by the byte pass."""
        return sum(file.records for file in self.files)

    @property
    def dated(self) -> dict[date, int]:
        """Records by the date that the vendor gave them; those without one are left out."""
        known = {day: n for day, n in self.raw_dates.items() if day != UNKNOWN}
        return {date.fromisoformat(day): n for day, n in known.items()}

    @property
    def version_of(self) -> str:
        """What this delivery is a version of: its group, else the names of its files."""
        return self.group or "\n".join(sorted(file.name for file in self.files))

    @property
    def is_complete(self) -> bool:
        """Neither cut off nor short of what its vendor says there is."""
        is_short = self.shortfalls or any(file.advice for file in self.files)
        return self.state != "torn" and not is_short

    @property
    def state(self) -> State:
        """The worst state of its files."""
        states = {file.state for file in self.files}
        if "torn" in states:
            return "torn"
        return "unrecognised" if states == {"unrecognised"} else "complete"

    def write(self, folder: Path) -> None:
        """Write as the last file of a delivery's folder."""
        (folder / MANIFEST).write_text(self.model_dump_json(indent=1))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a landed delivery's folder."""
    return Manifest.model_validate_json((folder / MANIFEST).read_text())


def manifests(landing_dir: Path, source: str) -> list[Manifest]:
    """All landed deliveries of a source, oldest first."""
    folders = (landing_dir / source).glob(f"delivery=*/{MANIFEST}")
    found = [Manifest.model_validate_json(path.read_text()) for path in folders]
    return sorted(found, key=lambda m: (m.landed_at, m.delivery_id))
