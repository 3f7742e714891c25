"""The event dictionary as YAML: written anew, or edited in place with its comments kept."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from ruamel.yaml import YAML

from orchestration.taxonomy.model import Taxonomy
from orchestration.yaml_models import PLAIN_WORDS


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

    Comments and the order of what is there stay. A path whose parent is missing makes it.
    """
    parser = YAML()
    parser.preserve_quotes = True
    parser.width = 100
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


def write(path: Path, text: str) -> None:
    """Replace a file's text by one rename."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
