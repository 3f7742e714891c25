"""The event dictionary as YAML: written anew, or edited in place with its comments kept."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

import yaml
from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from orchestration.taxonomy.model import Taxonomy
from orchestration.yaml_documents import PLAIN_WORDS

_LISTED = re.compile(r"^(?P<key> *)[^\s#-][^\n]*:[ ]*\n(?P<dash>(?P=key) *)- ", re.MULTILINE)
"""A list below its key: how far its items are indented."""


class _Dumper(yaml.CSafeDumper):
    """Quotes what `yaml_models` would not read back as text, and nothing else."""

    yaml_implicit_resolvers = PLAIN_WORDS

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Text; in quotes that escape where it has a line break that YAML would read as another."""
    style = '"' if {"\x85", "\u2028", "\u2029", "\r"} & {*text} else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_document(part: BaseModel) -> dict[str, Any]:
    """A part of the dictionary as it stands in the file: what is at its default is left out."""
    document: dict[str, Any] = _short(
        part.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    if isinstance(part, Taxonomy):
        document = {"version": part.version, **document}
    return document


def _short(value: Any) -> Any:
    """Aliases that are only a name as text, and a single type without its list."""
    if isinstance(value, list):
        return [_short(each) for each in value]
    if not isinstance(value, dict):
        return value
    short = {key: _short(each) for key, each in value.items()}
    if isinstance(short.get("aliases"), dict):
        short["aliases"] = {
            key: [a["name"] if isinstance(a, dict) and set(a) == {"name"} else a for a in aliases]
            for key, aliases in short["aliases"].items()
            if isinstance(aliases, list)
        }
    kinds = short.get("type")
    if isinstance(kinds, list) and len(kinds) == 1:
        short["type"] = kinds[0]
    return short


def to_yaml(taxonomy: Taxonomy) -> str:
    """The whole dictionary as the text of a file."""
    return dump(to_document(taxonomy))


def dump(document: Mapping[str, Any]) -> str:
    """YAML text that `yaml_models` reads back as the same document."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def edit(text: str, changes: Mapping[tuple[str | int, ...], Any]) -> str:
    """The text of a dictionary with the values at these paths set; None takes a key out.

    Comments, the order of what is there, and the lines that say nothing new stay as they are. A
    path whose parent is missing makes it.
    """
    before, after = _dumped(text, {}), _dumped(text, changes)
    merged = _carried_over(text, before, after)
    return merged if _means_the_same(merged, after) else after


def _means_the_same(one: str, other: str) -> bool:
    plain = YAML(typ="safe", pure=True)
    try:
        return bool(plain.load(one) == plain.load(other))
    except YAMLError:  # lines of two ways to indent do not always fit together
        return False


def _dumped(text: str, changes: Mapping[tuple[str | int, ...], Any]) -> str:
    parser = YAML()
    parser.preserve_quotes = True
    if (indents := _LISTED.search(text)) is not None:
        offset = len(indents["dash"]) - len(indents["key"])
        parser.indent(sequence=offset + 2, offset=offset)
    # A line that is changed stays one line.
    parser.width = max(100, 2 * max(map(len, text.splitlines()), default=0))
    document = parser.load(text)
    for path, value in changes.items():
        parent = document
        for key in path[:-1]:
            if isinstance(parent, dict) and parent.get(key) is None:
                parent[key] = {}
            parent = parent[key]
        if value is None:
            del parent[path[-1]]
        elif isinstance(parent, list) and path[-1] == len(parent):
            parent.append(value)
        else:
            parent[path[-1]] = value
    out = io.StringIO()
    parser.dump(document, out)
    return out.getvalue()


def _carried_over(text: str, before: str, after: str) -> str:
    """`text` with the lines replaced in which its dump `before` differs from the dump `after`."""
    old = before.splitlines(keepends=True)
    ours, ours_at = _aligned(old, text)
    new, new_at = _aligned(old, after)
    points = sorted(ours_at.keys() & new_at.keys())
    lines: list[str] = []
    for place, point in enumerate(points):
        begin, end = new_at[point]
        lines += new[begin:end] or ours[slice(*ours_at[point])]
        if place + 1 < len(points):
            following = points[place + 1]
            replaced = new[end : new_at[following][0]]
            kept = ours[ours_at[point][1] : ours_at[following][0]]
            lines += kept if replaced == old[point:following] else replaced
    return "".join(lines)


def _aligned(old: list[str], other: str) -> tuple[list[str], dict[int, tuple[int, int]]]:
    """The lines of `other`; and where lines of `old` meet it, what it has put in between there."""
    lines = other.splitlines(keepends=True)
    places = {0: (0, 0), len(old): (len(lines), len(lines))}
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, lines, autojunk=False).get_opcodes():
        if tag == "equal":
            for step in range(i2 - i1 + 1):
                places.setdefault(i1 + step, (j1 + step, j1 + step))
        elif tag == "insert":
            places[i1] = (j1, j2)
    return lines, places
