"""A record's envelope: texts at nested keys of its JSON document, or cells by name, as delivered.

Cells that the framer had in columns are taken from there; else SQL reads the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.errors import CannotFinish
from orchestration.landing.framing import CELLS, text_of
from orchestration.sources.base import CELL, Keys, Source
from orchestration.sql import literal, quoted

DOCUMENT = "coalesce(record, raw)"
TEXT = pa.large_string()
# Results grow in memory that doubles; small pieces are not copied as often, nor to fresh pages.
PIECE_ROWS = 16_384


class Lifter:
    """Lifts the texts at `paths` from frames; absent and null ones are null, objects JSON text.

    `computed` are further columns, each as SQL over the lifted ones. Valid JSON is assumed first,
    and checked only where it is not. `source` says what is no record of its vendor.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source | None,
        paths: Mapping[str, Keys],
        computed: Mapping[str, str] | None = None,
    ) -> None:
        self._connection = connection.cursor()
        self._connection.execute("set arrow_large_buffer_size = true")  # texts are `TEXT`
        self._source = source
        self._paths = paths
        self._computed = computed or {}

    def lift(self, frames: pa.Table) -> pa.Table:
        """parse_error (null where the record can be read), the paths and the computed columns.

        One row for each of `frames` (see `framing.SCHEMA`), in their order.
        """
        if CELLS in frames.schema.names and not frames.column(CELLS).null_count:
            return self._from_cells(frames)
        try:
            return self._from_documents(frames, guarded=False)
        except duckdb.InvalidInputException as error:
            if "Malformed JSON" not in str(error):
                raise
        return self._from_documents(frames, guarded=True)

    def _from_cells(self, frames: pa.Table) -> pa.Table:
        cells = frames.column(CELLS)
        names = {field.name for field in cells.type}
        texts: dict[str, Any] = {
            column: pa.chunked_array([chunk.field(keys[0]) for chunk in cells.chunks])
            for column, keys in self._paths.items()
            if len(keys) == 1 and keys[0] in names
        }
        error = frames.column("framing_error")
        lifted = pa.table({"parse_error": error, **texts})
        if self._computed:
            numbered = lifted.append_column("record_number", frames.column("record_number"))
            absent = {c: "null::varchar" for c in self._paths if c not in texts}
            found = self._select(f"*{_listed(absent)}", "frames", numbered, self._computed)
            for column in self._computed:
                lifted = lifted.append_column(column, found.column(column))
        return self._whole(lifted)

    def _from_documents(self, frames: pa.Table, *, guarded: bool) -> pa.Table:
        paths = self._paths_of(frames)
        absent = {c: "null::varchar" for c in self._paths if c not in paths}
        value, columns = lifting(paths) if paths else ("null", {})
        error = parse_error_sql(self._source) if guarded else "framing_error"
        readable = f"framing_error is null and json_valid({DOCUMENT})"
        lifted = f"case when {readable if guarded else 'framing_error is null'} then {value} end"
        inner = f"record_number, parse_error{_listed(columns | absent)}"
        origin = f"(select *, {error} as parse_error, {lifted} as e from frames)"
        outer = {"parse_error": "parse_error"} | {c: quoted(c) for c in paths}
        documents = frames.drop_columns([CELLS]) if CELLS in frames.schema.names else frames
        found = self._select(inner, origin, documents, outer | dict(self._computed))
        return self._whole(found.drop_columns(["record_number"]))

    def _select(
        self, inner: str, origin: str, frames: pa.Table, columns: Mapping[str, str]
    ) -> pa.Table:
        """record_number and `columns`, which are SQL over the `inner` columns of `origin`."""
        self._connection.register("frames", frames)
        try:
            found = self._connection.execute(
                f"""select record_number{_listed(columns)}
                from (select {inner} from {origin})"""
            ).to_arrow_table(PIECE_ROWS)
        finally:
            self._connection.unregister("frames")
        if not found.column("record_number").equals(frames.column("record_number")):
            raise CannotFinish("records came back from lifting in another order: a bug, report it")
        return found

    def _paths_of(self, frames: pa.Table) -> Mapping[str, Keys]:
        """The paths that these frames can have: not those of forms that none of them is of."""
        if self._source is None or not _is_null(frames.column("record")):
            return self._paths
        forms = self._source.only_with
        keys = {key for each in forms.values() for key in each}
        absent = (CELL, *forms) if keys and not _mentions(frames.column("raw"), keys) else CELL
        return {c: p for c, p in self._paths.items() if not c.startswith(absent)}

    def _whole(self, lifted: pa.Table) -> pa.Table:
        """All columns in their order; those that were left out are null."""
        names = lifted.schema.names
        empty = pa.nulls(lifted.num_rows, TEXT)
        texts = ["parse_error", *self._paths]
        return pa.table(
            {c: lifted.column(c).cast(TEXT) if c in names else empty for c in texts}
            | {c: lifted.column(c) for c in self._computed}
        )


def _mentions(column: pa.ChunkedArray, keys: Collection[str]) -> bool:
    """Whether any text has one of these in quotes. One alone is found faster in all bytes."""
    if len(keys) > 1:
        pattern = "|".join(map(re.escape, keys))
        return bool(pc.any(pc.match_substring_regex(column, f'"({pattern})"')).as_py())
    wanted = re.compile(re.escape(f'"{next(iter(keys))}"'.encode()))
    return any(wanted.search(text_of(chunk)) for chunk in column.chunks)


def _listed(columns: Mapping[str, str]) -> str:
    return "".join(f",\n {sql} as {quoted(c)}" for c, sql in columns.items())


def _is_null(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


def parse_error_sql(source: Source | None) -> str:
    """SQL over `frames`: why a record cannot be read, or null."""
    stops = "false"
    if source is not None and source.stop_line:
        stops = f"length(raw) < 200 and contains(raw, {literal(source.stop_line.decode())})"
    return f"""case when framing_error is not null then framing_error
        when json_valid({DOCUMENT}) then null
        when {stops} then 'terminated_early'
        else 'not_json' end"""


def lifting(paths: Mapping[str, Keys]) -> tuple[str, dict[str, str]]:
    """SQL for all texts of a document at once, and for each column as SQL over that, `e`.

    One pass over the document fills a struct, three times as fast as a list of paths. A struct
    cannot hold two keys that differ in case alone, nor a key and what is below it.
    """
    tree = _tree(set(paths.values()))
    if tree is not None:
        value = f"json_transform({DOCUMENT}, {literal(json.dumps(tree))})"
        return value, {c: ".".join(map(quoted, ("e", *p))) for c, p in paths.items()}
    listed = ", ".join(literal(json_path(keys)) for keys in paths.values())
    value = f"json_extract_string({DOCUMENT}, [{listed}])"
    return value, {c: f"e[{number}]" for number, c in enumerate(paths, start=1)}


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
