"""Which mart answers which question: pages for readers, made of what the models say themselves.

Readers and questions stand in the `meta` of each mart, metrics in the semantic models, and the
example queries in `dbt_project/analyses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.analysis.queries import Example, examples
from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.evidence.schemas import MODELS as EVIDENCE
from orchestration.pages import render
from orchestration.pages.keys import entities, keys_html
from orchestration.whole_files import write_whole

FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times so where libyaml is there
MARTS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts"


@dataclass(frozen=True)
class Mart:
    """A mart: who reads it, the one question it answers, and how to ask it."""

    name: str
    subject: str
    reader: str
    question: str
    description: str
    columns: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Metric:
    """A metric of the semantic layer."""

    name: str
    label: str
    description: str
    owner: str


def mart_models() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each mart as its yml describes it, with its subject: the folder that it lies in."""
    for path in [*sorted(MARTS.rglob("*.yml")), EVIDENCE]:
        for model in _documents(path).get("models", ()):
            yield path.parent.name, model


def marts() -> list[Mart]:
    """Every mart, by reader and name.

    Raises CannotFinish for one without reader or question: then its reason to be is not written.
    """
    queries = examples()
    found = []
    for subject, model in mart_models():
        meta = model.get("config", {}).get("meta", {})
        if not meta.get("reader") or not meta.get("question"):
            raise CannotFinish(
                f"{subject}: {model['name']} names no reader or no question; add both to its meta"
            )
        uses = re.compile(rf"\b{re.escape(model['name'])}\b")
        found.append(
            Mart(
                model["name"],
                subject,
                meta["reader"],
                meta["question"],
                " ".join(model["description"].split()),
                tuple((c["name"], c["description"]) for c in model["columns"]),
                tuple(each for each in queries if uses.search(each.sql)),
            )
        )
    return sorted(found, key=lambda mart: (mart.reader, mart.name))


def metrics() -> list[Metric]:
    """Every metric of the semantic layer, by label."""
    found = [
        Metric(each["name"], each["label"], each["description"], each["config"]["meta"]["owner"])
        for path in sorted(MARTS.rglob("*.yml"))
        for each in _documents(path).get("metrics", ())
    ]
    return sorted(found, key=lambda metric: metric.label)


def write_questions(migration: Migration) -> int:
    """Write the page of questions and the picture of keys; how many marts they show.

    Raises CannotFinish for a mart that says too little of itself.
    """
    found = marts()
    write_whole(migration.questions_page, questions_html(found, metrics()))
    write_whole(migration.keys_page, keys_html(entities(mart_models())))
    return len(found)


def questions_html(found: Iterable[Mart], measured: Iterable[Metric]) -> str:
    """The page; what comes from files is escaped."""
    by_reader: dict[str, list[Mart]] = {}
    for mart in found:
        by_reader.setdefault(mart.reader, []).append(mart)
    return render("questions.html.j2", readers=by_reader, metrics=list(measured))


def _documents(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=FAST) or {}
