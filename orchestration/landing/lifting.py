"""SQL that lifts a record's envelope: texts at nested keys of one JSON document, as delivered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import Keys
from orchestration.sql import literal, quoted

DOCUMENT = "coalesce(record, raw)"


@dataclass(frozen=True)
class Lifting:
    """`value`: SQL over `frames` for all texts at once. `columns`: each as SQL over that, `e`."""

    value: str
    columns: Mapping[str, str]


def lifting(paths: Mapping[str, Keys]) -> Lifting:
    """How to lift the texts at these keys; absent and null ones are null, objects stay JSON text.

    One pass over the document fills a struct, three times as fast as a list of paths. A struct
    cannot hold two keys that differ in case alone, nor a key and what is below it.
    """
    tree = _tree(set(paths.values()))
    if tree is not None:
        value = f"json_transform({DOCUMENT}, {literal(json.dumps(tree))})"
        return Lifting(value, {c: ".".join(map(quoted, ("e", *p))) for c, p in paths.items()})
    listed = ", ".join(literal(json_path(keys)) for keys in paths.values())
    value = f"json_extract_string({DOCUMENT}, [{listed}])"
    return Lifting(value, {c: f"e[{number}]" for number, c in enumerate(paths, start=1)})


def json_path(keys: Keys) -> str:
    """A DuckDB JSON path to nested keys, safe for any character in a key.

    >>> json_path(("properties", "$os"))
    '$."properties"."$os"'
    """
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def _tree(paths: Iterable[Keys]) -> dict[str, Any] | None:
    """The structure with a text at each path, or None where a struct cannot have it."""
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
            if not isinstance(branch, dict):
                return None
        if path[-1] in branch:
            return None
        branch[path[-1]] = "VARCHAR"
    return tree if tree and _can_be_struct(tree) else None


def _can_be_struct(tree: Mapping[str, Any]) -> bool:
    names = {key.casefold() for key in tree}
    branches = (branch for branch in tree.values() if isinstance(branch, dict))
    return len(names) == len(tree) and all(map(_can_be_struct, branches))
