"""`lint`: what is worth saying about a dictionary, with lines; also where it cannot be loaded.

The parts: `lint_naming` (the convention), `lint_likeness` (names that differ in spelling only),
`lint_checks` (gaps, clashes, what can never be met), `lint_tidiness` (what mends itself safely).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestration.errors import CannotFinish
from orchestration.taxonomy import lint_checks
from orchestration.taxonomy.lint_checks import Arrivals
from orchestration.taxonomy.lint_likeness import near_duplicates
from orchestration.taxonomy.lint_naming import naming
from orchestration.taxonomy.lint_rules import Change, Remark, Severity, definitions
from orchestration.taxonomy.lint_tidiness import keys_of, meaning, mended, untidy
from orchestration.taxonomy.model import Event, Taxonomy, alias_clashes, primary_overlaps
from orchestration.taxonomy.naming import Naming
from orchestration.taxonomy.properties import PropertyRule
from orchestration.yaml_documents import Fault, FaultyFile, Problem, YamlDocument, dotted
from orchestration.yaml_models import Model, read_as, uncollected


@dataclass(frozen=True)
class Finding:
    """One remark where it stands: `line` counts from 1, `path` is the place in dots."""

    rule: str
    severity: Severity
    line: int
    path: str
    message: str
    fix: tuple[Change, ...] = ()

    def to_json(self, file: Path) -> dict[str, Any]:
        """As `--json` shows it."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "file": str(file),
            "line": self.line,
            "path": self.path,
            "message": self.message,
            "fixable": bool(self.fix),
        }


@dataclass(frozen=True)
class Surroundings:
    """What is around a dictionary; None where it is not known, and its rules are left out.

    `sources` are those of migration.yaml, `vendors` all known ones. `arrivals` are what came of
    deprecated and retired events. `unreadable` says why the warehouse cannot read a pattern.
    """

    sources: Sequence[str] | None = None
    vendors: Sequence[str] = ()
    arrivals: Callable[[Sequence[str]], Sequence[Arrivals]] | None = None
    unreadable: Callable[[str], str | None] = lambda _: None


def lint(path: Path, around: Surroundings) -> list[Finding]:
    """What is to be said of the dictionary at `path`, in the order of the file.

    Where it cannot be loaded, every reason is a finding, and what can be read of it is linted.
    Raises ConfigurationError where there is no such file.
    """
    # all that was read is gone when collection begins again: it has little to go through
    with uncollected():
        return _lint(path, around)


def _lint(path: Path, around: Surroundings) -> list[Finding]:
    try:
        document = YamlDocument(path)
    except FaultyFile as error:
        return _invalid(error.faults)
    faults: list[Fault] = []
    try:
        taxonomy = read_as(document, Taxonomy)
    except FaultyFile as error:
        taxonomy = _salvaged(document.value)
        crossed = document.error([*_between_events(taxonomy)]).faults
        faults = list(dict.fromkeys((*error.faults, *crossed)))
    remarks = remarks_on(taxonomy, document.value, around)
    found = [*_invalid(faults), *(_placed(each, document) for each in remarks)]
    return sorted(found, key=lambda each: each.line)


def remarks_on(
    taxonomy: Taxonomy, document: Mapping[str, Any], around: Surroundings
) -> Iterator[Remark]:
    """The remarks of every rule on a dictionary; `document` is the plain value of its file."""
    properties = list(definitions(taxonomy))
    yield from naming(taxonomy, properties)
    yield from lint_checks.gaps(taxonomy, properties)
    yield from lint_checks.lifecycle(taxonomy)
    yield from lint_checks.clashes(properties)
    yield from near_duplicates(taxonomy)
    yield from lint_checks.rules(properties, around.unreadable)
    yield from lint_checks.focus(taxonomy)
    yield from untidy(taxonomy, properties, document)
    if around.sources is not None:
        yield from lint_checks.sources(taxonomy, around.sources, around.vendors)
    ending = [n for n, e in taxonomy.events.items() if e.status in ("deprecated", "retired")]
    if around.arrivals is not None and ending:
        yield from lint_checks.still_arriving(taxonomy, around.arrivals(ending))


def fixed(path: Path, findings: Sequence[Finding]) -> str | None:
    """The text of the file with every safe fix made; None where there is nothing to mend.

    Raises FaultyFile where the dictionary cannot be loaded: what it means must be known before and
    after, and be the same. Raises CannotFinish where it would not be.
    """
    changes = [change for each in findings for change in each.fix]
    if not changes:
        return None
    document = YamlDocument(path)
    before = read_as(document, Taxonomy)
    text = mended(path.read_text(encoding="utf-8-sig"), changes, document.value)
    after = read_as(YamlDocument(path, text.encode()), Taxonomy)
    keys = keys_of(before)
    if meaning(before, keys) != meaning(after, keys):
        raise CannotFinish(f"{path}: a fix would change what maps; nothing was written")
    return text


def counts(findings: Sequence[Finding]) -> Counter[str]:
    """How many findings of each severity."""
    return Counter(each.severity for each in findings)


def _invalid(faults: Sequence[Fault]) -> list[Finding]:
    return [
        Finding("invalid", "error", each.line, dotted(each.at), each.message) for each in faults
    ]


def _placed(remark: Remark, document: YamlDocument) -> Finding:
    also = f" (see line {document.line(remark.also)})" if remark.also is not None else ""
    return Finding(
        remark.rule,
        remark.severity,
        document.line(remark.at),
        dotted(remark.at),
        f"{remark.message}{also}",
        remark.fix,
    )


def _between_events(taxonomy: Taxonomy) -> Iterator[Problem]:
    """What the model says of events together, and does not reach while one of them is wrong."""
    yield from alias_clashes(taxonomy.events)
    yield from primary_overlaps(taxonomy.events)


def _salvaged(value: Mapping[str, Any]) -> Taxonomy:
    """The events, groups and convention of a dictionary that are right by themselves."""
    groups = {
        group: _right(PropertyRule, rules) for group, rules in _entries(value, "property_groups")
    }
    events = {
        name: event.model_copy(
            update={"property_groups": [each for each in event.property_groups if each in groups]}
        )
        for name, event in _right(Event, value.get("events")).items()
    }
    convention = _right(Naming, {"naming": value.get("naming", {})}).get("naming", Naming())
    return Taxonomy.model_construct(
        version="1.0.0", events=events, property_groups=groups, naming=convention
    )


def _entries(value: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    found = value.get(key)
    return list(found.items()) if isinstance(found, dict) else []


def _right(model: type[Model], values: Any) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for name, value in values.items() if isinstance(values, dict) else ():
        try:
            found[name] = model.model_validate(value)
        except ValidationError:
            continue  # told by the fault of the whole file
    return found
