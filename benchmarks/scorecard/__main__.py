"""`python -m benchmarks.scorecard`: break the product in named ways, and count what is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.scorecard import laboratory
from benchmarks.scorecard.faults import FAULTS, SMALL_FORM
from benchmarks.scorecard.report import Scorecard, lines, markdown, table
from benchmarks.scorecard.scoring import false_alarms, score_all
from benchmarks.scorecard.world import (
    DEV_SEEDS,
    HELD_OUT_SEEDS,
    HISTORY_DAYS,
    SMALL_HISTORY_DAYS,
    SMALL_VISITS,
    VISITS,
)

HOME = laboratory.ROOT / "data" / "scorecard"
PAGE = Path(__file__).parents[1] / "SCORECARD.md"
SIZES = ("whole", "large", "middle", "small")


def main(
    only: Annotated[list[str] | None, typer.Option(help="Only these faults or controls.")] = None,
    sizes: Annotated[str, typer.Option(help="Only these sizes, by commas.")] = ",".join(SIZES),
    seeds: Annotated[str, typer.Option(help="Seeds of the products, by commas.")] = "",
    held_out: Annotated[
        bool, typer.Option("--held-out", help="On the seeds no detector was tuned on; publishes.")
    ] = False,
    small: Annotated[
        bool, typer.Option("--small", help="One fault of each kind on a small product.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option(help="Bring the bad days in one backfill: half the time; so in --small.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Cases at a time.", min=1)] = 2,
    home: Annotated[Path, typer.Option(help="Where homes and results are kept.")] = HOME,
    page: Annotated[
        Path | None, typer.Option(help="Write the page here; with --held-out benchmarks/.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure which of the named faults are found, named and how soon, and what alarms falsely.

    Example: python -m benchmarks.scorecard --only loss_on_platform --sizes middle
    """
    err = Console(stderr=True)
    chosen_sizes = _listed("--sizes", sizes, SIZES)
    names = _listed("--only", ",".join(only or SMALL_FORM if small else only or FAULTS), FAULTS)
    if "clean_week" not in names:
        names.append("clean_week")  # what it tells too is no finding
    default = HELD_OUT_SEEDS if held_out else DEV_SEEDS[:1]
    numbers = tuple(int(seed) for seed in seeds.split(",")) if seeds else default
    cases = laboratory.cases_of(names, chosen_sizes, numbers, small=small, at_once=at_once or small)
    plan = laboratory.Plan(
        cases,
        numbers,
        SMALL_VISITS if small else VISITS,
        SMALL_HISTORY_DAYS if small else HISTORY_DAYS,
    )
    bases, results = laboratory.run(
        plan, home, workers=workers, tell=lambda text: err.print(text, highlight=False)
    )
    worlds = {seed: plan.world(seed) for seed in numbers}
    alarms, days = false_alarms(bases, results, worlds)
    card = Scorecard(
        scores=score_all(bases, results),
        false_alarms=alarms,
        clean_days=days,
        seeds=numbers,
        visits=plan.visits,
        history_days=plan.history_days,
        code=laboratory.fingerprint(),
    )
    target = page or (PAGE if held_out and not only and not small else None)
    if target is not None:
        target.write_text(markdown(card, day=f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")
    if as_json:
        print(json.dumps(card.to_json(), indent=2))
        return
    out = Console()
    out.print(table(card))
    for line in lines(card):
        out.print(line, highlight=False)


def _listed(option: str, text: str, known: object) -> list[str]:
    """Names by commas. Raises typer.BadParameter for one that is not known."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    assert isinstance(known, (dict, tuple))
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"'{name}' is none of: {', '.join(known)}", param_hint=option)
    return names


if __name__ == "__main__":
    typer.run(main)
