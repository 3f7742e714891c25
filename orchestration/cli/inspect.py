"""`waybill inspect`: what an unknown folder of exports holds, before anything is configured."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.cli.common import JsonOption, err, out, print_json, thousands

if TYPE_CHECKING:
    from orchestration.landing.inspection import InspectedFile

EVENTS_SHOWN = 3
FINDINGS_SHOWN = 3
FILES_LISTED = 5
NAME_SHOWN = 40
EARLIEST = "2000"


def inspect(
    path: Annotated[Path, typer.Argument(help="A file or folder of exports, of any vendor.")],
    as_json: JsonOption = False,
) -> None:
    """Tell what exports a folder holds: vendors, records, times, events, and what cannot be read.

    Nothing is written. Example: waybill inspect ~/Downloads/exports
    """
    from orchestration.landing.inspection import inspect as look_into

    with err.status("looking") as progress:
        files = look_into(
            path, lambda file, records: progress.update(Text(f"{printable(file)}: {records:,}"))
        )
    if as_json:
        print_json({"files": [file.to_json() for file in files]})
        return
    out.print(table(files))
    for number, finding in enumerate(findings(files)[:FINDINGS_SHOWN], start=1):
        if number == 1:
            out.print("To notice:")
        out.print(Text(f"  {number}. {printable(finding)}"))
    snippet = sources_snippet(path, files)
    if snippet:
        out.print("\nFor migration.yaml, once each timezone is checked with who made the export:")
        out.print(Text(snippet), soft_wrap=True)


def table(files: Sequence[InspectedFile]) -> Table:
    """One row a file."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    shown.add_column("file", overflow="fold")
    shown.add_column("vendor", no_wrap=True)
    shown.add_column("records", justify="right", no_wrap=True)
    shown.add_column("unreadable", justify="right", no_wrap=True)
    shown.add_column("first")
    shown.add_column("last")
    shown.add_column("events", overflow="fold")
    for file in files:
        shown.add_row(
            Text(printable(file.file)),
            file.vendor or "?",
            thousands(file.records),
            Text(thousands(file.unreadable), style="red" if file.unreadable else ""),
            (file.first or "").replace("T", " "),
            (file.last or "").replace("T", " "),
            Text(_events(file.events)),
        )
    return shown


def _events(events: Mapping[str, int]) -> str:
    named = [f"{_short(name)} {count:,}" for name, count in list(events.items())[:EVENTS_SHOWN]]
    more = len(events) - len(named)
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"


def findings(files: Sequence[InspectedFile]) -> list[str]:
    """What deserves a look first, by the records it concerns."""
    from orchestration.landing.inspection import UNRECOGNISED

    latest = (datetime.now() + timedelta(days=2)).isoformat()
    found: list[tuple[int, str]] = []
    for file in files:
        if file.vendor is None and file.records:
            is_unknown = file.note in (None, UNRECOGNISED)
            told = f"{UNRECOGNISED}; is it an export?" if is_unknown else file.note
            found.append((file.records, f"{file.file}: {told}"))
            continue
        odd_times = (file.first and file.first < EARLIEST) or (file.last and file.last > latest)
        if odd_times:
            times = f"{file.first} to {file.last}"
            found.append((file.records, f"{file.file}: impossible times, {times}; check the clock"))
        if file.note and file.unreadable:
            found.append((file.unreadable, f"{file.file}: {file.note}"))
        elif file.note:
            found.append((0, f"{file.file}: {file.note}"))
    return [text for _, text in sorted(found, key=lambda each: -each[0])]


def sources_snippet(path: Path, files: Sequence[InspectedFile]) -> str:
    """A `sources:` block for what was recognised, ready to be pasted; empty when nothing was."""
    from orchestration.landing.inspection import columns_line

    groups: dict[tuple[str, str], list[InspectedFile]] = {}
    for file in files:
        is_mapped = file.columns is None or {"event", "occurred_at"} <= file.columns.keys()
        if file.vendor is not None and is_mapped:
            key = (file.vendor, columns_line(file.columns) if file.columns else "")
            groups.setdefault(key, []).append(file)
    if not groups:
        return ""
    root = path.resolve()
    lines = ["sources:"]
    taken: set[str] = set()
    for (vendor, columns), members in groups.items():
        folder, is_shared = _folder(root, files, members)
        few = is_shared and len(members) <= FILES_LISTED
        for location in [_place(root, file) for file in members] if few else [folder]:
            if is_shared and not few:
                lines.append("  # this folder holds other exports too: move these into their own")
            name = _free_name(vendor, location, taken)
            lines.append(f"  {name}:")
            lines.append(f"    vendor: {vendor}")
            lines.append(f"    location: {json.dumps(str(location), ensure_ascii=False)}")
            if vendor in ("mixpanel", "tabular", "adobe_analytics"):
                lines.append("    timezone: UTC")
            if columns:
                lines.append(f"    {columns}")
    return "\n".join(lines)


def _place(root: Path, file: InspectedFile) -> Path:
    return root if root.is_file() else root / file.file


def _folder(
    root: Path, files: Iterable[InspectedFile], members: Sequence[InspectedFile]
) -> tuple[Path, bool]:
    """The folder that holds these files, and whether it holds recognised exports of others too."""
    if root.is_file():
        return root, False
    places = [_place(root, file) for file in members]
    common = places[0].parent
    while not all(place.is_relative_to(common) for place in places):
        common = common.parent
    others = (_place(root, file) for file in files if file.vendor and file not in members)
    return common, any(place.is_relative_to(common) for place in others)


def _free_name(vendor: str, location: Path, taken: set[str]) -> str:
    stem = location.name.split(".")[0] if location.is_file() else location.name
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    base = plain if plain[:1].isalpha() else f"{vendor}_{plain}".strip("_")
    name, copy = base, 1
    while name in taken:
        copy += 1
        name = f"{base}_{copy}"
    taken.add(name)
    return name


def printable(text: str) -> str:
    """Text from data as it is safe to show on a terminal: control characters become a mark."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
