"""The newest judgement of each delivery, kept as files, and what follows from it.

Layout: `<gates>/<stage>/<source or _all>/<delivery or _all>.json`, one file a judgement, replaced
by atomic rename. A judgement holds every rule's result, so a rule that turned green, or left the
suite, leaves no stale red behind. Nothing here runs a rule; see `expectations.checkpoints`.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from expectations.rules import RuleResult, Stage
from orchestration.errors import CannotFinish
from orchestration.quality.decisions import Accepted, Decision, accepted
from orchestration.whole_files import write_whole

ALL = "_all"
STAGES: tuple[Stage, ...] = ("landing", "staging", "marts")


@dataclass(frozen=True)
class Judgement:
    """All results of one stage for one delivery (or source, or all), and when they were made."""

    stage: str
    source: str | None
    delivery_id: str | None
    run_id: str
    judged_at: str
    results: tuple[RuleResult, ...]


def write_results(
    gates_dir: Path,
    stage: Stage,
    run_id: str,
    results: Sequence[RuleResult],
    judged_at: datetime | None = None,
) -> list[Path]:
    """Replace the judgement of every delivery, source and whole in `results`; returns the files.

    The marts gate is global: what it no longer judges is forgotten. `judged_at` (UTC) is now by
    default. Raises CannotFinish when there are no results or one is of another stage.
    """
    if not results:
        raise CannotFinish(f"the {stage} gate gave no results to keep")
    if strangers := {result.rule for result in results if result.stage != stage}:
        raise CannotFinish(f"not rules of the {stage} gate: {', '.join(sorted(strangers))}")
    at = (judged_at or datetime.now(UTC)).isoformat()
    ordered = sorted(results, key=_place)
    written = [
        _write(gates_dir, stage, run_id, at, list(group))
        for _, group in groupby(ordered, key=_place)
    ]
    if stage == "marts":
        for path in set(_files(gates_dir, stage)) - set(written):
            path.unlink()
    return written


def _place(result: RuleResult) -> tuple[str, str]:
    return (_file_part(result.source), _file_part(result.delivery_id))


def _file_part(name: str | None) -> str:
    """A name as one path component that is neither hidden, nor a parent, nor `_all`."""
    if name is None:
        return ALL
    escaped = quote(name, safe=" ")
    return re.sub(r"^[._]", lambda first: f"%{ord(first[0]):02X}", escaped)


def _write(
    gates_dir: Path, stage: str, run_id: str, judged_at: str, results: list[RuleResult]
) -> Path:
    source, delivery = _place(results[0])
    path = gates_dir / stage / source / f"{delivery}.json"
    judgement = {
        "stage": stage,
        "source": results[0].source,
        "delivery_id": results[0].delivery_id,
        "run_id": run_id,
        "judged_at": judged_at,
        "results": [result.to_json() for result in results],
    }
    write_whole(path, json.dumps(judgement, ensure_ascii=False))
    return path


def _files(gates_dir: Path, stage: str) -> list[Path]:
    return sorted(
        path for path in (gates_dir / stage).glob("*/*.json") if not path.name.startswith(".")
    )


def read_judgements(gates_dir: Path) -> list[Judgement]:
    """Every kept judgement, by stage, source and delivery.

    Raises CannotFinish, naming the file, when one cannot be read.
    """
    return [_read(path) for stage in STAGES for path in _files(gates_dir, stage)]


def _read(path: Path) -> Judgement:
    stat = path.stat()
    return _read_version(path, stat.st_ino, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=50_000)  # a run asks for all of them at every step
def _read_version(path: Path, inode: int, changed_ns: int, size: int) -> Judgement:
    """A judgement as it stands on the disk: whoever replaces the file makes another version."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        results = tuple(RuleResult.from_json(result) for result in fields.pop("results"))
        return Judgement(**fields, results=results)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CannotFinish(
            f"{path} is not a gate's judgement ({error}); remove it and run again"
        ) from error


def read_results(gates_dir: Path, deliveries: Collection[str] | None = None) -> list[RuleResult]:
    """Every kept result; with `deliveries`, none of a delivery that is not among them.

    A delivery that was superseded keeps its last judgement on file, so callers that tell the
    present state name the current deliveries.
    """
    return [
        result
        for judgement in read_judgements(gates_dir)
        for result in judgement.results
        if deliveries is None or result.delivery_id is None or result.delivery_id in deliveries
    ]


def to_rows(judgements: Iterable[Judgement], decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """Flat rows for `quality.fct_gate_results`: a result each, its run and its acceptance."""
    acceptance = accepted(decisions)
    return [
        {"run_id": judgement.run_id, "judged_at": judgement.judged_at}
        | result.to_json()
        | {"runbook": result.runbook}
        | _acceptance_columns(acceptance.of(result))
        for judgement in judgements
        for result in judgement.results
    ]


def _acceptance_columns(decision: Decision | None) -> dict[str, str | None]:
    return {
        "accepted_by": decision.by if decision else None,
        "accepted_why": decision.why if decision else None,
        "accepted_at": decision.at if decision else None,
    }


def blocking(results: Iterable[RuleResult], decisions: Iterable[Decision]) -> list[RuleResult]:
    """The failed blocking results that nobody accepted: what makes a gate red."""
    acceptance = accepted(decisions)
    return [result for result in results if result.blocks and acceptance.of(result) is None]


def held_deliveries(gates_dir: Path, decisions: Iterable[Decision]) -> dict[str, list[RuleResult]]:
    """Deliveries the landing or staging gate holds back, with the rules that hold them.

    Their records stay pending. The marts gate holds no delivery: it holds the snapshot.
    """
    held: dict[str, list[RuleResult]] = {}
    for result in blocking(read_results(gates_dir), decisions):
        if result.delivery_id is not None and result.stage in ("landing", "staging"):
            held.setdefault(result.delivery_id, []).append(result)
    return held


def to_gates_json(
    results: Iterable[RuleResult], decisions: Iterable[Decision]
) -> list[dict[str, Any]]:
    """The `gates` array of `run` and `status`: one entry a stage and source.

    `success` is whether nothing blocks; a red rule that was accepted stands under `failed` with
    its acceptance. Warnings stand apart under `warned`. `source` is `_all` for what is judged
    over all sources.
    """
    acceptance = accepted(decisions)
    ordered = sorted(results, key=lambda r: (STAGES.index(r.stage), r.source or ALL))
    return [
        _entry(stage, source, list(group), acceptance)
        for (stage, source), group in groupby(ordered, key=lambda r: (r.stage, r.source or ALL))
    ]


def _entry(
    stage: str, source: str, results: list[RuleResult], acceptance: Accepted
) -> dict[str, Any]:
    red = [result for result in results if not result.success]
    return {
        "stage": stage,
        "source": source,
        "success": not any(r.blocks and acceptance.of(r) is None for r in red),
        "failed": list(_told((r for r in red if r.severity == "block"), acceptance)),
        "warned": list(_told((r for r in red if r.severity == "warn"), acceptance)),
    }


def _told(results: Iterable[RuleResult], acceptance: Accepted) -> Iterator[dict[str, Any]]:
    for result in results:
        told: dict[str, Any] = {
            "rule": result.rule,
            "delivery_id": result.delivery_id,
            "observed": result.observed,
            "next_step": result.next_step,
            "dimension": result.dimension,
            "runbook": result.runbook,
        }
        if result.records is not None:
            told["records"] = result.records
        if decision := acceptance.of(result):
            told["accepted"] = {"by": decision.by, "why": decision.why, "at": decision.at}
        yield told
