"""Lifted texts: one pass into a struct gives what a list of paths gives, for any document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, cast

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing.csv_rows import frame_csv
from orchestration.landing.framing import CELLS, Tally, batch
from orchestration.landing.lifting import Lifter, json_path, lifting
from orchestration.sources import REGISTRY
from orchestration.sources.base import Keys, Source

NAMES = st.sampled_from(["a", "A", "b", "$c", 'q"uo', "back\\slash", "dot.ted", "ünï"])
# fractions without an exponent: with one, either way writes another of the number's texts
FRACTIONS = st.integers(-(10**9), 10**9).map(lambda n: n / 1000)
SCALARS = st.none() | st.booleans() | st.integers() | FRACTIONS | st.text()
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=2) | st.dictionaries(NAMES, v, max_size=4), max_leaves=8
)
PATHS = st.lists(st.tuples(NAMES) | st.tuples(NAMES, NAMES), min_size=1, max_size=5)


def lifted(paths: Mapping[str, Keys], documents: list[str]) -> list[tuple[str | None, ...]]:
    framed = batch(Tally(), None, pa.array([d.encode() for d in documents], pa.large_binary()))
    return envelope(framed, paths)


def envelope(framed: pa.RecordBatch, paths: Mapping[str, Keys]) -> list[tuple[str | None, ...]]:
    with duckdb.connect() as connection:
        table = Lifter(connection, None, paths).lift(pa.Table.from_batches([framed]))
    return list(zip(*(table.column(c).to_pylist() for c in paths), strict=True))


def by_path(paths: Mapping[str, Keys], documents: list[str]) -> list[tuple[str | None, ...]]:
    return [
        tuple(
            duckdb.execute("select json_extract_string(?, ?)", [text, json_path(k)]).fetchall()[0][
                0
            ]
            for k in paths.values()
        )
        for text in documents
    ]


@settings(max_examples=60, deadline=None)
@given(PATHS, st.lists(VALUES.map(json.dumps), min_size=1, max_size=4))
def test_any_documents_and_keys(keys: list[Keys], documents: list[str]) -> None:
    documents = [text.replace("\\u0000", " ") for text in documents]
    paths = {f"c{n}": path for n, path in enumerate(keys)}
    assert lifted(paths, documents) == by_path(paths, documents)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1.10, "b": 1e400}',
        '{"a": 12345678901234567890123, "b": -0.0}',
        '{"a": "first", "a": "second"}',
        '{"b": {"a": "inner"}, "b": 2}',
        '{"a": [1, "\\u00e9"], "b": {"a": {"k": "v"}}}',
        "[]",
        '"text"',
        "null",
    ],
)
def test_documents_that_parsers_differ_on(text: str) -> None:
    paths: dict[str, Keys] = {"a": ("a",), "c": ("b", "a")}
    assert lifted(paths, [text]) == by_path(paths, [text])


@pytest.mark.parametrize(
    ("paths", "is_struct"),
    [
        ({"x": ("a",), "y": ("b", "c")}, True),
        ({"x": ("a",), "y": ("a",)}, True),
        ({"x": ("a",), "y": ("A",)}, False),
        ({"x": ("a",), "y": ("a", "b")}, False),
        ({"x": ("a", "b"), "y": ("a",)}, False),
    ],
)
def test_keys_a_struct_cannot_hold_are_lifted_by_path(
    paths: dict[str, Keys], is_struct: bool
) -> None:
    assert ("json_transform" in lifting(paths)[0]) is is_struct
    document = '{"a": {"b": 1}, "A": 2, "b": {"c": 4}}'
    assert lifted(paths, [document]) == by_path(paths, [document])


def test_paths_keep_signs_of_their_own() -> None:
    assert json_path(("a.b", 'c"d')) == '$."a.b"."c\\"d"'


def test_cells_of_a_table_are_what_its_documents_hold() -> None:
    """Columns that the framer had already give the same texts as reading each record's JSON."""
    paths: dict[str, Keys] = {"id": ("Id",), "early": ("ID",), "deep": ("a", "b"), "why": ("why",)}
    text = b'Id,ID,why,a,\n1,,"say ""hi""",x,\n,,,,\n2,old,,y,z\n'
    (framed,) = frame_csv([text], Tally())
    assert CELLS in framed.schema.names
    documents = framed.column("record").to_pylist()
    expected = [("1", None, 'say "hi"'), (None, None, None), ("2", "old", None)]
    got = envelope(framed, paths)
    assert [(row[0], row[1], row[3]) for row in got] == expected
    assert got == by_path(paths, documents) == envelope(framed.drop_columns([CELLS]), paths)


class _OfForms:
    """A vendor whose columns `row_...` only come with the key `received_at`."""

    stop_line = None
    only_with: ClassVar[Mapping[str, tuple[str, ...]]] = {"row_": ("received_at",)}


class _OfMoreForms(_OfForms):
    """One that has them with either of two keys."""

    only_with: ClassVar[Mapping[str, tuple[str, ...]]] = {"row_": ("data", "received_at")}


@pytest.mark.parametrize("vendor", [_OfForms, _OfMoreForms])
@pytest.mark.parametrize(
    "documents",
    [
        ['{"id": "1"}', '{"id": "2", "why": "no row"}'],
        ['{"id": "1"}', '{"id": "2", "received_at": "2025"}'],
        ['{"id": "received_at"}'],
        ['{"id": "1", "deep": {"received_at": 1}}', "not json"],
    ],
)
def test_columns_of_a_form_are_lifted_where_a_record_may_be_of_it(
    documents: list[str], vendor: type[_OfForms]
) -> None:
    """With a record of that form among them nothing is left out; without, nothing was there."""
    paths: dict[str, Keys] = {"own": ("why",), "row_time": ("received_at",)}
    framed = batch(Tally(), None, pa.array([d.encode() for d in documents], pa.large_binary()))
    table = pa.Table.from_batches([framed])
    with duckdb.connect() as connection:
        narrowed = Lifter(connection, cast(Source, vendor()), paths).lift(table)
        whole = Lifter(connection, None, paths).lift(table)
    assert narrowed.equals(whole)


def test_a_document_has_no_cells_of_a_table_whatever_its_keys_are() -> None:
    """Where no columns are mapped, those of a table are looked for by names of our own."""
    source = REGISTRY["zigpoll"]
    document = b'{"_id": "own", "response_id": "of another"}'
    table = b"_id,response_id,response\n,from a table,5\n"
    from_document = batch(Tally(), None, pa.array([document], pa.large_binary()))
    (from_table,) = frame_csv([table], Tally())
    with duckdb.connect() as connection:
        lifter = Lifter(connection, source, source.envelope_paths(None))
        (own,) = lifter.lift(pa.Table.from_batches([from_document])).to_pylist()
        (cells,) = lifter.lift(pa.Table.from_batches([from_table])).to_pylist()
    assert (own["own_id"], own["csv_response_id"]) == ("own", None)
    assert cells["csv_response_id"] == "from a table"
