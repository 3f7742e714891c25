"""The demo as a whole: a folder of exports and the truth beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from orchestration.demo import (
    billing,
    crm,
    exports,
    records,
    story,
    surveys,
    web_exports,
    world,
)
from orchestration.demo.faults import DEFAULT_PLAN, Plan, Size
from orchestration.demo.truth import Truth, expected, happened

FEWEST_EVENTS = 1_000
FEWEST_PEOPLE = 60


def generate(
    out: Path,
    *,
    events: int = 60_000,
    seed: int = 7,
    faults: bool | Mapping[str, Size] = True,
) -> Truth:
    """Write `out/exports/<source>/...` and `out/truth.json`, replacing an earlier demo there.

    `events` counts the acts that happen; acts of the parallel run are written by both tools, so
    more records than that are written. `faults` is all of them at their usual sizes, none, or a
    mapping of fault names to sizes. All is written beside `out` and renamed into place when whole.

    Raises ValueError for too few events or an unknown fault, and FileExistsError when `out` holds
    anything but an earlier demo.
    """
    if events < FEWEST_EVENTS:
        raise ValueError(f"the demo needs at least {FEWEST_EVENTS} events, got {events}")
    if out.exists() and not (out / "truth.json").is_file() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty and no earlier demo: choose another folder")
    sizes = faults if isinstance(faults, Mapping) else DEFAULT_PLAN if faults else {}
    plan = Plan(seed, sizes)

    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.parent / f".{out.name}.{os.getpid()}.partial"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        truth = _write(draft, events, seed, plan)
        _replace(out, draft)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return truth


def _write(out: Path, events: int, seed: int, plan: Plan) -> Truth:
    folders = {source: out / "exports" / source for source in story.SOURCES}
    for folder in folders.values():
        folder.mkdir(parents=True)
    crowd = world.people(max(FEWEST_PEOPLE, events // world.EVENTS_PER_PERSON), seed)
    acts = world.acts(crowd, events, seed)
    rows = {
        story.MIXPANEL: records.mixpanel(acts, crowd, plan),
        story.AMPLITUDE: records.amplitude(acts, crowd, plan),
        story.SHOP: records.shop(acts, plan),
        story.SEGMENT: records.segment(acts, plan),
        story.ADOBE: records.adobe(acts, crowd, plan),
    }
    exports.write_mixpanel(folders[story.MIXPANEL], rows[story.MIXPANEL], crowd, seed)
    exports.write_amplitude(folders[story.AMPLITUDE], rows[story.AMPLITUDE], crowd, seed)
    exports.write_shop(folders[story.SHOP], rows[story.SHOP], crowd, seed)
    web_exports.write_segment(folders[story.SEGMENT], rows[story.SEGMENT], crowd, seed)
    web_exports.write_adobe(folders[story.ADOBE], rows[story.ADOBE], crowd, seed)
    responses = {
        story.SURVEY: surveys.write_typeform(folders[story.SURVEY], crowd, seed),
        story.FEEDBACK: surveys.write_qualtrics(folders[story.FEEDBACK], crowd, seed),
    }
    money = billing.write_stripe(folders[story.BILLING], acts, crowd, seed)
    sales = crm.write_hubspot(folders[story.CRM], crowd, seed)
    truth = Truth(
        seed=seed,
        events=events,
        happened=happened(acts),
        expected=expected(
            rows,
            {**responses, story.BILLING: money.fates, story.CRM: sales.fates},
            users=len(crowd),
            devices=2 * len(crowd),
        )
        | {"commerce": money.to_json(), "sales": sales.to_json()},
        faults=plan.log,
    )
    (out / "truth.json").write_text(truth.to_json(), encoding="utf-8")
    return truth


def _replace(out: Path, draft: Path) -> None:
    """Swap a whole folder in; a kill between the two renames leaves the old one beside it."""
    old = out.parent / f".{out.name}.{os.getpid()}.old"
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)
