"""The runbooks: a page a role, written by people, and what each rule and cause says of itself.

A section of a role's page begins with `## Title`; the line `For: a, b_*` under it names the rules
and causes it is for, or patterns of them. Each rule and cause has an anchor of its own name,
whether a section is for it or not, so that a link from a report or an alert leads somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import get_args

from markdown_it import MarkdownIt
from markupsafe import Markup

from expectations.rules import Limits, Rule, accept_command
from expectations.suites import all_rules
from orchestration.pages import render
from orchestration.quality.runbooks.causes import CAUSES
from orchestration.taxonomy.properties import DefinitionKind

FOLDER = Path(__file__).parent
ROLES = {
    "on_call": "On call",
    "data_engineer": "Data engineer",
    "analyst": "Analyst",
    "change_manager": "Change manager",
}
_DOES = {"block": "blocks", "warn": "warns"}
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Section:
    """A procedure of a role, as HTML, and the rules and causes it is for."""

    role: str
    title: str
    names: tuple[str, ...]
    body: Markup

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"{self.role}-{re.sub(r'[^a-z0-9]+', '-', self.title.lower()).strip('-')}"


@dataclass(frozen=True)
class Entry:
    """A rule or a cause: what it says, what to do first, and the procedures for it."""

    name: str
    kind: str
    meaning: str
    first: Markup
    sections: tuple[Section, ...]


@cache
def sections() -> tuple[Section, ...]:
    """Every section of every role, in their order."""
    return tuple(section for role in ROLES for section in _sections(role))


def _sections(role: str) -> Iterator[Section]:
    _, *parts = re.split(r"^## ", source_of(role), flags=re.MULTILINE)
    for part in parts:
        title, _, body = part.partition("\n")
        named = re.match(r"\s*^For: (.+)$", body, re.MULTILINE)
        names = tuple(re.findall(r"[\w*]+", named[1])) if named else ()
        text = body[named.end() :] if named else body
        yield Section(role, title.strip(), names, _html(text))


def source_of(role: str) -> str:
    """A role's page as written."""
    return (FOLDER / f"{role}.md").read_text(encoding="utf-8")


def _introduction(role: str) -> Markup:
    head = re.split(r"^## ", source_of(role), maxsplit=1, flags=re.MULTILINE)[0]
    return _html(re.sub(r"^# .*$", "", head, count=1, flags=re.MULTILINE))


def _html(text: str) -> Markup:
    # Markdown's own HTML is off: what the texts hold is escaped by the renderer
    return Markup(_MARKDOWN.render(text))


def entries(rules: Iterable[Rule] | None = None) -> tuple[Entry, ...]:
    """Every rule, stage by stage, then every cause."""
    told = [
        Entry(
            rule.name,
            f"{rule.stage} gate, {rule.dimension}, {_DOES[rule.severity]}",
            rule.description,
            _html(_first_step(rule)),
            _sections_for(rule.name),
        )
        for rule in (every_rule() if rules is None else rules)
    ]
    return tuple(told) + tuple(
        Entry(name, "cause", cause.meaning, _html(cause.first), _sections_for(name))
        for name, cause in CAUSES.items()
    )


def _sections_for(name: str) -> tuple[Section, ...]:
    return tuple(
        section
        for section in sections()
        if any(fnmatchcase(name, pattern) for pattern in section.names)
    )


@cache
def anchors() -> frozenset[str]:
    """Every name that the runbooks' page has a place for."""
    return frozenset(rule.name for rule in every_rule()) | frozenset(CAUSES)


def every_rule() -> tuple[Rule, ...]:
    """The rules of every gate, those too that only a limit of the settings brings about."""
    kinds = get_args(DefinitionKind)
    return all_rules(Limits(violations=dict.fromkeys(kinds, 0.0)))


def _first_step(rule: Rule) -> str:
    accept = accept_command(rule.name, None, "ID" if rule.stage != "marts" else None)
    return rule.next_step.format(
        rule=rule.name, source="the source", delivery="the delivery", accept=f"`{accept}`"
    )


def runbooks_html() -> str:
    """The page: four roles, then every rule and cause."""
    return render(
        "runbooks.html.j2",
        title="Runbooks",
        root="",
        roles=[
            (role, title, _introduction(role), [s for s in sections() if s.role == role])
            for role, title in ROLES.items()
        ],
        entries=entries(),
        anchors=anchors(),
    )
