"""How long `waybill taxonomy lint` takes on a large dictionary: `python -m benchmarks.dictionary`.

Writes a dictionary of EVENTS events with PROPERTIES properties each (defaults 2000 and 20) into a
temporary folder, lints it RUNS times as a command of its own, and prints one JSON object: seconds
of each run from start to end of the process, the least of them, and the size of the file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory

THINGS = (
    *("account", "album", "banner", "cart", "chat", "comment", "coupon", "device", "feature"),
    *("filter", "form", "invoice", "message", "order", "page", "payment", "plan", "playlist"),
    *("profile", "refund", "reminder", "report", "search", "shipment", "ticket", "video"),
)
ACTIONS = ("opened", "closed", "started", "viewed", "clicked", "created", "deleted", "shared")
SIDES = ("kind", "count", "origin", "position", "language", "label", "value")


def dictionary(events: int, properties: int) -> str:
    """A dictionary as people write them; names differ, and properties are shared by events."""
    names = islice(map("_".join, product(THINGS, THINGS, ACTIONS)), events)
    shared = [f"{thing}_{side}" for thing, side in product(THINGS, SIDES)]
    lines = ["version: 1", "events:"]
    for number, name in enumerate(names):
        lines += [
            f"  {name}:",
            f"    description: A person did {name.replace('_', ' ')}.",
            "    kind: micro",
            "    owner: product",
            f"    aliases: {{mixpanel: [{name.title()}]}}",
            "    properties:",
        ]
        for place in range(properties):
            key = shared[(number + place) % len(shared)]
            lines.append(
                f"      {key}: {{type: string, description: What {key} is, "
                f"required: {'true' if place == 0 else 'false'}}}"
            )
    return "\n".join((*lines, ""))


def measure(events: int, properties: int, runs: int) -> dict[str, object]:
    """Seconds of wall time of each run, with the size of what was linted."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "taxonomy.yaml"
        path.write_text(dictionary(events, properties), encoding="utf-8")
        command = [sys.executable, "-c", "from orchestration.cli import main; main()"]
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            subprocess.run(
                [*command, "taxonomy", "lint", "--taxonomy", str(path), "--json"],
                stdout=subprocess.DEVNULL,
                check=False,  # what it finds is not what is measured
            )
            seconds.append(round(time.perf_counter() - start, 3))
        return {
            "events": events,
            "properties": properties,
            "bytes": path.stat().st_size,
            "seconds": seconds,
            "least": min(seconds),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("events", 2000), ("properties", 20), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(measure(**vars(parser.parse_args()))))
