"""`make bench`: everything that README.md names, in one run.

Example: python -m benchmarks.run --sizes 1M --skip-dlt
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.exports import BENCH, size_of
from benchmarks.incremental import EVENTS_A_DAY, HISTORIES, add_a_day, feed_of
from benchmarks.processes import ProcessFailed
from benchmarks.report import print_comparison, print_new_days, print_vendors
from benchmarks.sizes import DLT_PYTHON, compare
from benchmarks.vendors import measure_vendors

DLT_EVENTS = 1_000_000
RESULTS = BENCH / "results.json"
out, err = Console(), Console(stderr=True)


def main(
    sizes: Annotated[str, typer.Option(help="Sizes of the export, in events.")] = "1M,10M",
    skip_dlt: Annotated[bool, typer.Option("--skip-dlt", help="Do not land with dlt.")] = False,
    skip_incremental: Annotated[
        bool, typer.Option("--skip-incremental", help="Do not measure a new day.")
    ] = False,
    skip_vendors: Annotated[
        bool, typer.Option("--skip-vendors", help="Do not land every vendor's form.")
    ] = False,
    histories: Annotated[str, typer.Option(help="Days before the new day.")] = HISTORIES,
    events_a_day: Annotated[
        int, typer.Option(help="Size of a day of the feed that grows.")
    ] = EVENTS_A_DAY,
) -> None:
    """Measure, print tables, and write all figures to data/bench/results.json.

    dlt lands sizes up to 1M only. Exit codes: 0 measured, whatever the figures; 2 wrong usage;
    3 one of the measured processes failed.
    """
    events = _numbers("--sizes", sizes)
    lengths = _numbers("--histories", histories)
    if events and not skip_dlt and not DLT_PYTHON.exists():
        raise typer.BadParameter(f"{DLT_PYTHON} is not there: `make bench` makes it, or --skip-dlt")
    results: dict[str, Any] = {"machine": _machine(), "sizes": [], "vendors": [], "new_days": []}
    try:
        for size in events:
            with_dlt = not skip_dlt and size <= DLT_EVENTS
            found = compare(size, with_dlt=with_dlt, tell=_tell)
            results["sizes"].append(asdict(found) | {"ratios": found.ratios()})
            _write(results)
            print_comparison(found, out)
        if not skip_vendors:
            landings = measure_vendors(_tell)
            results["vendors"] = [asdict(each) | {"ratio": each.ratio} for each in landings]
            _write(results)
            print_vendors(landings, out)
        if not skip_incremental:
            feed = feed_of(events_a_day, lengths)
            days = []
            for history in lengths:
                days.append(add_a_day(history, feed, _tell))
                results["new_days"].append(asdict(days[-1]))
                _write(results)
            print_new_days(days, out)
    except ProcessFailed as error:
        err.print(str(error), markup=False)
        raise typer.Exit(3) from error
    out.print(f"All figures: {RESULTS}", soft_wrap=True)


def _numbers(option: str, text: str) -> list[int]:
    try:
        return [size_of(part) for part in text.split(",")] if text else []
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text}: write numbers like 100,20k,1M") from error


def _tell(text: str) -> None:
    err.print(f"{datetime.now(UTC):%H:%M:%S} {text}", markup=False, highlight=False)


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "python": sys.version.split()[0],
        # above the number of cores, others' work is in the wall times
        "load_at_start": os.getloadavg()[0],
    }


def _write(results: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    typer.run(main)
