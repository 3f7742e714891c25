"""Past runs: a small JSON file beside each page, and the index made from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from orchestration.config import Migration
from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.pages import render
from orchestration.quality.report.model import Figures, PastRun
from orchestration.quality.report.verdict import TITLES, verdict_of
from orchestration.whole_files import write_whole
from orchestration.yaml_models import unknown

KEPT = 400


def reports_dir(migration: Migration) -> Path:
    """The folder of all pages."""
    return migration.home / "reports"


def page_of(migration: Migration, run_id: str) -> Path:
    """Where the page of a run is, or would be; the id is made safe for a file's name."""
    return reports_dir(migration) / "runs" / f"{quote(run_id, safe='')}.html"


def keep(migration: Migration, run: PastRun) -> Path:
    """Write the JSON of a run beside its page; pages beyond the last `KEPT` are removed."""
    path = page_of(migration, run.run_id).with_suffix(".json")
    fields = asdict(run) | {"finished_at": run.finished_at.isoformat()}
    write_whole(path, json.dumps(fields, ensure_ascii=False))
    for old in past_runs(migration)[KEPT:]:
        page = page_of(migration, old.run_id)
        page.unlink(missing_ok=True)
        page.with_suffix(".json").unlink()
    return path


def past_runs(migration: Migration) -> list[PastRun]:
    """Every kept run, the latest first. Raises CannotFinish, naming the file, on a broken one."""
    return sorted(
        (_read(path) for path in (reports_dir(migration) / "runs").glob("*.json")),
        key=lambda run: (run.finished_at, run.run_id),
        reverse=True,
    )


def find_run(migration: Migration, run_id: str) -> PastRun:
    """The kept run of that id, or of the only one that begins so.

    Raises ConfigurationError, with the nearest right id, where there is none or several.
    """
    runs = past_runs(migration)
    found = [run for run in runs if run.run_id == run_id] or [
        run for run in runs if run.run_id.startswith(run_id)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(run.run_id for run in found[:3])
        raise ConfigurationError(f"--run: {run_id} begins several runs: {several}; give more of it")
    if not runs:
        raise ConfigurationError("--run: no run has a report yet; start with `waybill run`")
    raise ConfigurationError(f"--run: {unknown('run', run_id, [run.run_id for run in runs])}")


def _read(path: Path) -> PastRun:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        finished_at = datetime.fromisoformat(fields.pop("finished_at"))
        red = tuple(fields.pop("red"))
        return PastRun(**fields, finished_at=finished_at, red=red)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CannotFinish(
            f"{path} does not tell of a run ({error}); remove it and run again"
        ) from error


def past_run_of(figures: Figures) -> PastRun:
    """What is kept of a run for the index."""
    verdict = verdict_of(figures)
    return PastRun(
        run_id=figures.run_id,
        finished_at=figures.written_at,
        verdict=verdict.kind,
        sentence=verdict.sentence,
        read=sum(flow.read for flow in figures.flows),
        pending=sum(flow.fates.get("pending", 0) for flow in figures.flows),
        red=tuple(
            sorted({f.rule for f in figures.facts if f.severity == "block" and f.accepted is None})
        ),
        open_incidents=sum(each.is_open for each in figures.incidents or ()),
    )


def index_html(runs: Sequence[PastRun], zone: str) -> str:
    """The list of past runs, the latest first."""
    return render(
        "index.html.j2",
        title="Runs",
        root="",
        runs=[(run, f"runs/{quote(quote(run.run_id, safe=''))}.html") for run in runs],
        titles=TITLES,
        zone=zone,
        kept=KEPT,
    )
