"""A story as files: its log, its dictionary, its context, its migration, and its truth."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from orchestration.demo.stories.product import Story

MARKER = "truth.json"


def write_story(story: Story, out: Path) -> Path:
    """Write `out/migration.yaml` and all it points at, replacing the same story written before.

    The log is one CSV a week, as a company's own script leaves it. Returns the migration's path.
    Raises FileExistsError when `out` holds anything but a story.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise FileExistsError(f"{out} is not empty and no earlier story: choose another folder")
    for part in ("exports", "context"):
        if (out / part).exists():  # what stayed would be read as part of this story
            shutil.rmtree(out / part)
        (out / part).mkdir(parents=True)
    folder = out / "exports" / "product_log"
    folder.mkdir()
    weeks = pd.to_datetime(story.rows["occurred_at"]).dt.to_period("W").dt.start_time
    for week, rows in story.rows.groupby(weeks):
        rows.to_csv(folder / f"{week:%Y-%m-%d}.csv", index=False)
    if story.survey is not None:
        _write_survey(out / "exports" / "new_user_survey", story.survey)
    for kind, lines in story.context.items():
        _write_csv(out / "context" / f"{kind}.csv", lines)
    _write_yaml(out / "taxonomy.yaml", _taxonomy(story))
    _write_yaml(out / "migration.yaml", _migration(story))
    truth = json.dumps({"story": story.name, **story.truth}, indent=2)
    (out / MARKER).write_text(truth + "\n", encoding="utf-8")
    return out / "migration.yaml"


def _write_survey(folder: Path, survey: pd.DataFrame) -> None:
    """The responses as Typeform exports them."""
    folder.mkdir()
    questions = survey.drop(columns=["user", "submitted_at"])
    tokens = [f"{n:032x}" for n in range(len(survey))]
    rows = pd.DataFrame({"#": tokens}, index=survey.index).join(questions)
    rows["user_id"] = survey["user"]
    rows["Response Type"] = "completed"
    rows["Start Date (UTC)"] = rows["Submit Date (UTC)"] = survey["submitted_at"]
    rows["Network ID"] = [token[-10:] for token in tokens]
    rows["Tags"] = ""
    rows.to_csv(folder / "new_user_survey.csv", index=False)


def _taxonomy(story: Story) -> dict[str, Any]:
    return {
        "version": 1,
        "events": {
            event.name: {"description": event.description, "kind": event.kind, "owner": "product"}
            for event in story.events
        },
    }


def _migration(story: Story) -> dict[str, Any]:
    days = story.rows["occurred_at"].str.slice(0, 10)
    sources, last = ["product_log"], days.max()
    surveys: dict[str, Any] = {}
    if story.survey is not None:
        sources.append("new_user_survey")
        last = max(last, story.survey["submitted_at"].max()[:10])
        surveys["new_user_survey"] = {
            "vendor": "typeform",
            "location": "exports/new_user_survey",
            "identity": {"user_field": "user_id"},
            "score_types": story.score_types,
        }
    return {
        "home": "home",
        "taxonomy": "taxonomy.yaml",
        "sources": {
            "product_log": {
                "vendor": "tabular",
                "location": "exports/product_log",
                "timezone": "UTC",
                "columns": {
                    "event_id": "event_id",
                    "event": "event",
                    "occurred_at": "occurred_at",
                    "user_id": "user",
                    "platform": "platform",
                    "country": "country",
                    "product_line": "product_line",
                    "campaign": "campaign",
                    "experiment_id": "experiment",
                    "variant_id": "variant",
                },
            },
            **surveys,
        },
        **({"funnels": story.funnels} if story.funnels else {}),
        "waves": {
            "all": {"sources": sources, "from": days.min(), "to": last},
        },
        "context": {kind: f"context/{kind}.csv" for kind in story.context},
    }


def _write_csv(path: Path, lines: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(column for line in lines for column in line))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def _write_yaml(path: Path, value: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
