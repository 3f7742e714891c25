"""The runbooks: a place for every rule and cause, and commands that work as they stand."""

import re
import shlex
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from expectations.suites import all_rules
from orchestration.cli import app, main
from orchestration.quality import change_words
from orchestration.quality.conclusion import conclude
from orchestration.quality.runbooks import (
    ROLES,
    anchors,
    entries,
    runbooks_html,
    sections,
    source_of,
)
from orchestration.quality.runbooks.causes import CAUSES
from tests.orchestration.quality.report.warehouses import build, judged, migration_in, result

WRITTEN = [re.findall(r"`(waybill [^`]+)`", source_of(role)) for role in ROLES]
TOLD = [re.findall(r"<code>(waybill [^<]+)</code>", entry.first) for entry in entries()]
COMMANDS = sorted({command for commands in (*WRITTEN, *TOLD) for command in commands})


def words(command: str) -> list[str]:
    return shlex.split(command.replace("&quot;", '"'))[1:]


def group_of(typed: list[str]) -> tuple[Any, list[str]]:
    """The verb that is typed and its arguments; None where the command line has none such."""
    found: Any = typer.main.get_command(app)
    while isinstance(found, TyperGroup) and typed and typed[0] in found.commands:
        found, typed = found.commands[typed[0]], typed[1:]
    return (None if isinstance(found, TyperGroup) and typed else found), typed


def test_every_rule_and_cause_has_a_place() -> None:
    ids = re.findall(r' id="([^"]+)"', runbooks_html())
    assert len(ids) == len(set(ids))
    assert {rule.name for rule in all_rules()} | set(CAUSES) <= set(ids)
    assert anchors() <= set(ids)


def test_every_role_has_a_page_and_every_section_is_for_something_known() -> None:
    assert {section.role for section in sections()} == set(ROLES)
    stale = [
        pattern
        for section in sections()
        for pattern in section.names
        if not any(fnmatchcase(name, pattern) for name in anchors())
    ]
    assert stale == []


def test_every_cause_of_a_change_is_explained() -> None:
    assert change_words.NEXT_STEPS.keys() <= CAUSES.keys()


def test_every_rule_that_blocks_has_a_procedure() -> None:
    bare = [e.name for e in entries() if " blocks" in e.kind and not e.sections]
    assert bare == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_parses(command: str) -> None:
    typed = words(command)
    verb, arguments = group_of(typed)
    assert verb is not None, command
    if isinstance(verb, TyperGroup):
        return
    known = {option for parameter in verb.params for option in parameter.opts}
    assert {each for each in arguments if each.startswith("--")} <= known
    values = [each for each in arguments if not each.startswith("--")]
    assert len(values) <= len(verb.params)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    migration = migration_in(tmp_path)
    for source in migration.sources.values():
        source.location.mkdir(parents=True)
    build(migration)
    judged(migration, result())
    conclude(migration, "run-1")
    path = tmp_path / "migration.yaml"
    sources = "".join(
        f"  {name}: {{vendor: {each.vendor}, location: {each.location}, timezone: UTC}}\n"
        for name, each in migration.sources.items()
    )
    path.write_text(f"home: {migration.home}\ntaxonomy: {migration.taxonomy}\nsources:\n{sources}")
    return path


@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if c.removeprefix("waybill ").startswith(("status", "plan", "report"))],
)
def test_a_command_that_only_reads_runs(
    command: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["waybill", *words(command), "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code


@pytest.mark.parametrize("command", COMMANDS)
def test_any_other_command_shows_its_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = words(command)
    monkeypatch.setattr(sys, "argv", ["waybill", *typed, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "Usage:" in capsys.readouterr().out
