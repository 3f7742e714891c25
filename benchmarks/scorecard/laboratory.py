"""Many cases on a few processes, resumable: a result is kept as soon as it is known.

Results and homes lie below a folder named by a hash of the code that made them, so a change of the
pipeline or of the laboratory starts anew; how results are scored is no part of it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.scorecard.faults import FAULTS
from benchmarks.scorecard.running import Case, build_base, run_case
from benchmarks.scorecard.world import World, steady

ROOT = Path(__file__).parents[2]
CODE = ("orchestration", "expectations", "dbt_project", "benchmarks/scorecard")
SUFFIXES = (".py", ".sql", ".yml", ".yaml", ".csv")
SCORING = ("scoring.py", "report.py", "causes.py", "__main__.py")
HEAVY = (
    "benchmarks.scorecard.running",
    "orchestration.definitions",
    "orchestration.defs.runs",
    "expectations.checkpoints",
    "dbt.cli.main",
)
"""Loaded once in the process that workers are forked from."""

Result = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to run: cases, on products of so many visits a day and days of history."""

    cases: tuple[Case, ...]
    seeds: tuple[int, ...]
    visits: int
    history_days: int

    def world(self, seed: int) -> World:
        """The product of a seed."""
        return steady(seed, visits=self.visits, history_days=self.history_days)


def cases_of(
    names: Iterable[str],
    sizes: Sequence[str],
    seeds: Sequence[int],
    *,
    small: bool = False,
    at_once: bool = False,
) -> tuple[Case, ...]:
    """A case for each fault and size on the seeds in turn; controls on every seed.

    With `small`, each fault in the largest of its sizes alone. `at_once`: its days in one backfill.
    """
    faults = [FAULTS[name] for name in names]
    sized = [
        (fault.name, size)
        for fault in faults
        if not fault.is_control
        for size in list(fault.shares)[: 1 if small else None]
        if size in sizes
    ]
    return (
        *(
            Case(fault.name, "whole", seed, at_once)
            for fault in faults
            if fault.is_control
            for seed in seeds
        ),
        *(
            Case(name, size, seeds[number % len(seeds)], at_once)
            for number, (name, size) in enumerate(sized)
        ),
    )


def fingerprint(root: Path = ROOT) -> str:
    """A short hash of the code that results depend on."""
    digest = hashlib.sha256()
    for path in sorted(p for part in CODE for p in (root / part).rglob("*")):
        is_built = {"target", "logs", "__pycache__"} & set(path.parts)
        if path.suffix in SUFFIXES and not is_built and path.name not in SCORING:
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def run(plan: Plan, home: Path, *, workers: int, tell: Tell) -> tuple[list[Result], list[Result]]:
    """The base of each seed and every case: what was told of each, kept below `home`.

    Homes that other code built are removed, their results stay. Raises RuntimeError with the name
    of the case when the laboratory itself fails.
    """
    world = f"{plan.visits}x{plan.history_days}"
    folder = home / f"{fingerprint()}-{world}"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (path for path in home.glob("*/base-*") if path.parent != folder):
        shutil.rmtree(stale)
    for scratch in (path for path in folder.glob(".*") if path.is_dir()):
        shutil.rmtree(scratch)
    kept = folder / "results.jsonl"
    known = {result["case"]: result for result in _read(kept)}
    jobs = [
        (f"base/{seed}", build_base, (folder / f"base-{seed}", plan.world(seed)))
        for seed in plan.seeds
        if f"base/{seed}" not in known or not (folder / f"base-{seed}").exists()
    ]
    for name, told in _side_by_side(jobs, workers):
        known[name] = {"case": name, "seed": int(name.split("/")[1]), "runs": [told]}
        _keep(kept, known[name])
        tell(f"{name}: built in {told['seconds']:.0f} s")
    waiting = [case for case in plan.cases if case.name not in known]
    work = [
        (case.name, run_case, (folder / f"base-{case.seed}", plan.world(case.seed), case))
        for case in waiting
    ]
    for done, (name, result) in enumerate(_side_by_side(work, workers), start=1):
        known[name] = result
        _keep(kept, result)
        tell(f"{done} of {len(work)}: {name} in {result['seconds']:.0f} s")
    return (
        [known[f"base/{seed}"] for seed in plan.seeds],
        [known[case.name] for case in plan.cases],
    )


Job = tuple[str, Callable[..., Result], tuple[Any, ...]]


def _side_by_side(jobs: Sequence[Job], workers: int) -> Iterator[tuple[str, Result]]:
    """Each job in a process of its own, forked from one that has loaded what is slow to load."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(HEAVY))
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        names: dict[Future[Result], str] = {
            pool.submit(function, *arguments): name for name, function, arguments in jobs
        }
        try:
            for future in as_completed(names):
                try:
                    yield names[future], future.result()
                except Exception as error:
                    raise RuntimeError(f"{names[future]}: {error}") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _read(path: Path) -> Iterator[Result]:
    """Kept results; a torn last line is of a run that was killed, and its case runs again."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _keep(path: Path, result: Result) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
