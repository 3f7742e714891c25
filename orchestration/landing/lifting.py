"""A record's envelope: texts at nested keys of its JSON document, or cells by name, as delivered.

Cells that the framer had in columns are taken from there; else SQL reads the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from orchestration.landing.framing import CELLS, SCHEMA
from orchestration.sources.base import Keys
from orchestration.sql import literal, quoted

DOCUMENT = "coalesce(record, raw)"


@dataclass(frozen=True)
class Lifting:
    """How to lift from frames: `value` is SQL for all texts at once, over `frames`.

    `columns` are each as SQL over that, `e`, and over the rows of `frames`.
    """

    frames: pa.RecordBatchReader
    value: str
    columns: Mapping[str, str]


def lifting(frames: Iterable[pa.RecordBatch], paths: Mapping[str, Keys]) -> Lifting:
    """How to lift the texts at these keys; absent and null ones are null, objects stay JSON text.

    One pass over the document fills a struct, three times as fast as a list of paths. A struct
    cannot hold two keys that differ in case alone, nor a key and what is below it.
    """
    tree = _tree(set(paths.values()))
    if tree is not None:
        value = f"json_transform({DOCUMENT}, {literal(json.dumps(tree))})"
        found = {c: ".".join(map(quoted, ("e", *p))) for c, p in paths.items()}
    else:
        listed = ", ".join(literal(json_path(keys)) for keys in paths.values())
        value = f"json_extract_string({DOCUMENT}, [{listed}])"
        found = {c: f"e[{number}]" for number, c in enumerate(paths, start=1)}
    rest = iter(frames)
    first = list(islice(rest, 1))  # a file that begins without cells is read without them
    if not paths or not first or CELLS not in first[0].schema.names:
        plain = (frame.select(SCHEMA.names) for frame in chain(first, rest))
        return Lifting(pa.RecordBatchReader.from_batches(SCHEMA, plain), value, found)
    return Lifting(
        _with_envelope(chain(first, rest), paths),
        f"case when {CELLS} is null then {value} end",
        {c: f"coalesce({CELLS}.{quoted(c)}, {sql})" for c, sql in found.items()},
    )


def _with_envelope(
    frames: Iterable[pa.RecordBatch], paths: Mapping[str, Keys]
) -> pa.RecordBatchReader:
    """The frames with the cells at these keys, by envelope column; null where there are none."""
    envelope = pa.struct([(column, pa.large_string()) for column in paths])

    def chosen(frame: pa.RecordBatch) -> pa.Array:
        if CELLS not in frame.schema.names:
            return pa.nulls(frame.num_rows, envelope)
        cells = frame.column(CELLS)
        absent = pa.nulls(frame.num_rows, pa.large_string())
        by_name = {field.name: cells.field(n) for n, field in enumerate(cells.type)}
        found = [by_name.get(k[0], absent) if len(k) == 1 else absent for k in paths.values()]
        return pa.StructArray.from_arrays(found, fields=list(envelope))

    schema = SCHEMA.append(pa.field(CELLS, envelope))
    batches = (
        pa.RecordBatch.from_arrays(
            [*(frame.column(name) for name in SCHEMA.names), chosen(frame)], schema=schema
        )
        for frame in frames
    )
    return pa.RecordBatchReader.from_batches(schema, batches)


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
