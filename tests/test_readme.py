"""The README says what the code says: vendors, verbs, settings and the rules that block."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from expectations.rules import Limits
from expectations.suites import rules_for
from orchestration.cli import app
from orchestration.config import Migration
from orchestration.sources import REGISTRY
from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.naming import NameRules
from orchestration.taxonomy.properties import PropertyRule

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text()


def coverage() -> str:
    """The vendors' own words on their files and rules, as a table."""
    rows = [
        (
            f"`{vendor}`",
            (inspect.getdoc(type(source)) or "").splitlines()[0],
            source.dedupe_rule,
            source.identity_rule,
            source.time_rule,
            source.api,
            source.seen,
        )
        for vendor, source in REGISTRY.items()
    ]
    heads = ("vendor", "files", "dedupe", "identity", "time", "fetched", "read on")
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *rows))


def settings(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key of a file, as the README writes it: `sources.<name>.vendor`."""
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        part, is_mapping = _model_in(field.annotation)
        if part is None or part in DESCRIBED_APART:
            yield key
        else:
            yield from settings(
                part, f"{key}.{_LABELS.get(key, '<name>')}." if is_mapping else f"{key}."
            )


_LABELS = {"events.<name>.properties": "<property>", "events.<name>.primary": "<source>"}


DESCRIBED_APART = (PropertyRule, NameRules)


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    values = [
        value
        for value in get_args(annotation)
        if isinstance(value, type) and issubclass(value, BaseModel)
    ]
    return (values[0] if values else None), get_origin(annotation) is dict


def test_coverage_is_what_the_sources_say() -> None:
    shown = re.search(r"<!-- coverage -->\n(.*)\n<!-- /coverage -->", TEXT, re.DOTALL)
    assert shown is not None
    assert shown[1] == coverage()


def test_every_verb_is_shown() -> None:
    verbs = [
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    ]
    assert verbs
    assert [verb for verb in verbs if f"`waybill {verb}" not in TEXT] == []


@pytest.mark.parametrize("model", [Migration, Taxonomy, *DESCRIBED_APART])
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    keys = list(settings(model))
    assert keys
    assert [key for key in keys if f"`{key}`" not in TEXT] == []


@pytest.mark.parametrize("stage", ["landing", "staging", "marts"])
def test_every_blocking_rule_is_named(stage: Any) -> None:
    blocking = {rule.name for rule in rules_for(stage, Limits()) if rule.severity == "block"}
    row = re.search(rf"^\| {stage} \| (`\w+`(?:, `\w+`)*) \|$", TEXT, re.MULTILINE)
    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) == blocking


def test_links_inside_the_page_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= heads
    files = re.findall(r"\]\(([\w./]+)\)", TEXT)
    assert [file for file in files if not (README.parent / file).exists()] == []
