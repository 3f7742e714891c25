"""What can be written more tidily without any change in what maps, and how to mend it safely.

Names and aliases are never touched for their blanks: they are exact, and a source may send them so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from orchestration.taxonomy.lint_rules import Change, Definition, Remark
from orchestration.taxonomy.model import Alias, Event, Taxonomy
from orchestration.taxonomy.rows import alias_rows, property_rows, rename_rows, value_rows
from orchestration.taxonomy.writing import edit
from orchestration.yaml_documents import YamlPath

_TEXTS = ("description", "display_name", "owner", "stage", "objective", "kpi")


def untidy(taxonomy: Taxonomy, properties: Iterable[Definition], document: Any) -> Iterator[Remark]:
    """Blanks around texts, things listed twice, a single type as a list; each with its fix.

    `document` is the plain value of the file, which still tells a list of one from its item.
    """
    for name, event in taxonomy.events.items():
        yield from _names(name, ("events", name))
        for key in _TEXTS:
            yield from _blanks(getattr(event, key), ("events", name, key))
        yield from _own_and_repeated(name, event)
    for each in properties:
        name, rule = each.name, each.rule
        if name[0].isspace() or name[-1].isspace():
            yield from _names(name, each.at)
        if rule.description != rule.description.strip():
            yield from _blanks(rule.description, (*each.at, "description"))
        if rule.enum is not None:
            yield from _repeated(rule.enum, (*each.at, "enum"))
        for source, names in rule.renames.items():
            yield from _repeated(names, (*each.at, "renames", source))
        if rule.type is not None and len(rule.type) == 1:
            place = (*each.at, "type")
            if isinstance(_at(document, place), list):
                yield Remark(
                    "list-of-one", "warning", f"write type: {rule.type[0]}", place,
                    ((place, rule.type[0]),),
                )  # fmt: skip


def _names(name: str, at: YamlPath) -> Iterator[Remark]:
    if name != name.strip():
        yield Remark("blanks", "warning", f"the name '{name}' begins or ends with blanks", at)


def _blanks(text: str | None, at: YamlPath) -> Iterator[Remark]:
    """A text that is only blanks has no right text to be replaced by."""
    if text is not None and text != text.strip():
        fix = ((at, text.strip()),) if text.strip() else ()
        yield Remark("blanks", "warning", "begins or ends with blanks", at, fix)


def _own_and_repeated(name: str, event: Event) -> Iterator[Remark]:
    for source, aliases in event.aliases.items():
        seen: list[Alias] = []
        for number, alias in enumerate(aliases):
            place = ("events", name, "aliases", source, number)
            if alias == Alias(name=name):
                message = f"'{name}' is its own alias everywhere; remove it"
                yield Remark("own-alias", "warning", message, place, ((place, None),))
            elif alias in seen:
                message = f"'{alias.name}' stands twice; remove one"
                yield Remark("repeated-alias", "warning", message, place, ((place, None),))
            seen.append(alias)


def _repeated(values: Sequence[Any], at: YamlPath) -> Iterator[Remark]:
    seen: set[Hashable] = set()
    for number, value in enumerate(values):
        if repr(value) in seen:
            yield Remark(
                "repeated-value", "warning", f"{value!r} stands twice; remove one", (*at, number),
                (((*at, number), None),),
            )  # fmt: skip
        seen.add(repr(value))


def _at(document: Any, place: YamlPath) -> Any:
    for part in place:
        document = document[part]
    return document


def mended(text: str, changes: Iterable[Change], document: Any) -> str:
    """The text of a dictionary with `changes` made, comments kept.

    `document` is its plain value. Items leave a list from its end, so that the others keep their
    numbers; a list that loses all its items goes with its key.
    """
    made: dict[YamlPath, Any] = {}
    leaving: dict[YamlPath, list[int]] = defaultdict(list)
    for place, value in changes:
        if value is None and isinstance(place[-1], int):
            leaving[place[:-1]].append(place[-1])
        else:
            made[place] = value
    for place, numbers in leaving.items():
        if len(numbers) == len(_at(document, place)):
            made[place] = None
        else:
            made.update({(*place, number): None for number in sorted(numbers, reverse=True)})
    return edit(text, made)


def keys_of(taxonomy: Taxonomy) -> set[str]:
    """The sources and vendors that a dictionary speaks of."""
    keys = {key for event in taxonomy.events.values() for key in event.aliases}
    for rules in (
        *(event.properties for event in taxonomy.events.values()),
        *taxonomy.property_groups.values(),
    ):
        for rule in rules.values():
            keys |= rule.renames.keys() | rule.values.keys()
    return keys


def meaning(taxonomy: Taxonomy, keys: Iterable[str]) -> Hashable:
    """What the dictionary does to records of sources or vendors: equal before and after a fix."""
    # each key once as a source and once as the vendor of a source that has no key of its own
    sources = {name: key for key in keys for name in (key, f"\0{key}")}
    return (
        frozenset(
            (r.source, r.source_event_name, r.event_name, r.valid_from, r.valid_until, r.conditions)
            for r in alias_rows(taxonomy, sources)
        ),
        frozenset(rename_rows(taxonomy, sources)),
        frozenset(value_rows(taxonomy, sources)),
        tuple(
            (r.event_name, r.pointer, r.property_types, r.is_required, r.pattern)
            for r in property_rows(taxonomy)
        ),
    )
