"""CSV framing: any well-formed table comes back whole, and garbage costs itself alone."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing import csv_rows, framing
from orchestration.landing.csv_columns import read_columns
from orchestration.landing.csv_rows import column_names, frame_csv
from orchestration.landing.framing import Tally


def frame(
    blocks: Iterable[bytes], delimiter: str = ",", torn: str | None = None
) -> tuple[list[dict], Tally]:
    tally = Tally()
    batches = list(frame_csv(blocks, tally, delimiter=delimiter, torn=iter([torn])))
    rows = [row for each in batches for row in each.select(framing.SCHEMA.names).to_pylist()]
    assert tally.records == len(rows)
    return rows, tally


def records(data: bytes, **options: str) -> list[dict | str]:
    """Each record as its cells, or as its error."""
    return [
        row["framing_error"] or json.loads(row["record"]) for row in frame([data], **options)[0]
    ]


def test_cells_are_named_by_the_header_and_empty_ones_are_left_out() -> None:
    assert records(b'b,a,c\n1,"x, y",\n2,"say ""hi""",3\n') == [
        {"a": "x, y", "b": "1"},
        {"a": 'say "hi"', "b": "2", "c": "3"},
    ]


def test_duplicate_headers_get_numbers() -> None:
    assert column_names(["Other", "Other", "", "Other#2"]) == [
        "Other",
        "Other#2",
        "column#3",
        "Other#2#2",
    ]
    assert records(b"Other,Other,\n1,2,3\n") == [{"Other": "1", "Other#2": "2", "column#3": "3"}]


def test_headers_that_differ_by_case_stay_apart() -> None:
    assert records(b"a,A\n1,2\n") == [{"a": "1", "A": "2"}]


def test_newlines_in_cells_are_one_record() -> None:
    rows, _ = frame([b'id,text\n1,"two\nlines"\n2,"three\r\n\r\nlines"\r\n'])
    assert [row["raw"] for row in rows] == ['1,"two\nlines"', '2,"three\r\n\r\nlines"']
    assert json.loads(rows[1]["record"]) == {"id": "2", "text": "three\r\n\r\nlines"}


def test_lone_cr_and_mixed_line_ends() -> None:
    rows, _ = frame([b"id,t\r\n1,a\rb\r\n2,c\n3,d\r\n"])
    assert [row["raw"] for row in rows] == ["1,a\rb", "2,c", "3,d"]


def test_byte_order_mark_belongs_to_the_file() -> None:
    assert records(b"\xef\xbb\xbfid,t\n1,a\n") == [{"id": "1", "t": "a"}]


def test_a_row_of_the_wrong_width_costs_itself() -> None:
    data = b"id,t\n1,a\n2\n3,b,c\n4,d\n"
    assert records(data) == [
        {"id": "1", "t": "a"},
        "wrong_column_count",
        "wrong_column_count",
        {"id": "4", "t": "d"},
    ]


def test_a_row_that_is_not_utf8_is_kept_as_bytes() -> None:
    rows, _ = frame([b"id,t\n1,a\n2,\xff\xfe\n3,b\n"])
    assert [row["framing_error"] for row in rows] == [None, "not_utf8", None]
    assert rows[1]["raw"] is None and rows[1]["raw_bytes"] == b"2,\xff\xfe"


def quoted_rows(first: int, last: int) -> bytes:
    return b"".join(b'%d,"n%d","two\nlines"\n' % (n, n) for n in range(first, last))


@pytest.mark.parametrize("rows_after", [3, 30, 3000])
@pytest.mark.parametrize("stray", [b'9,"abc,d\n', b'9,a"bc",d\n', b'9,abc,d"\n', b'9,"a"bc,"d\n'])
def test_a_stray_quote_costs_exactly_that_record(stray: bytes, rows_after: int) -> None:
    data = b"id,name,text\n" + quoted_rows(0, 9) + stray + quoted_rows(10, 10 + rows_after)
    rows, tally = frame([data])
    assert tally.torn is None
    assert len(rows) == 9 + 1 + rows_after
    bad = [n for n, row in enumerate(rows) if row["framing_error"]]
    # a quote inside a cell that does not begin with one is text
    is_text = not stray.startswith(b'9,"')
    assert bad == ([] if is_text else [9])
    assert rows[9]["raw"].encode() + b"\n" == stray
    assert json.loads(rows[-1]["record"])["text"] == "two\nlines"


def test_a_stray_quote_with_plain_rows_after_it() -> None:
    plain = b"".join(b"%d,n,t\n" % n for n in range(5000))
    rows, tally = frame([b"id,name,text\n" + plain + b'x,"stray,t\n' + plain])
    assert tally.torn is None and len(rows) == 10_001
    assert [row["raw"] for row in rows if row["framing_error"]] == ['x,"stray,t']


def test_two_stray_quotes_do_not_hide_the_rows_between_them() -> None:
    data = b'a,b,c\n1,"x,y\n2,x,y\n3,x,y\n4,"x,y\n5,x,y\n'
    assert [r if isinstance(r, str) else r["a"] for r in records(data)] == [
        "stray_quote",
        "2",
        "3",
        "stray_quote",
        "5",
    ]


def test_inch_marks_in_a_tab_separated_file_are_text() -> None:
    data = b'id\tsize\n1\t5"\n2\t3" bolt\n3\tx\n'
    assert records(data, delimiter="\t") == [
        {"id": "1", "size": '5"'},
        {"id": "2", "size": '3" bolt'},
        {"id": "3", "size": "x"},
    ]


def test_a_row_of_empty_cells_is_a_record_and_a_blank_line_is_not() -> None:
    rows, tally = frame([b"id\tt\n1\ta\n\t\n\n  \n2\tb\n"], delimiter="\t")
    assert [row["raw"] for row in rows] == ["1\ta", "\t", "2\tb"]
    assert tally.blank_lines == 2


def test_the_last_row_needs_no_line_end() -> None:
    assert records(b"id,t\n1,a\n2,b") == [{"id": "1", "t": "a"}, {"id": "2", "t": "b"}]


def test_a_cut_last_row_tears_the_file() -> None:
    rows, tally = frame([b'id,t\n1,a\n2,"b'])
    assert [row["framing_error"] for row in rows] == [None, "torn_tail"]
    assert tally.torn


def test_a_torn_stream_ends_in_one_tail_even_when_nothing_is_left() -> None:
    for data, tail in ((b"id,t\n1,a\n", ""), (b"id,t\n1,a\n2", "2"), (b'id,t\n1,a\n2,"x\ny', None)):
        rows, tally = frame([data], torn="cut")
        assert [row["framing_error"] for row in rows] == [None, "torn_tail"]
        assert tally.torn == "cut" and (tail is None or rows[-1]["raw"] == tail)


def test_a_header_alone_holds_no_records() -> None:
    for data in (b"id,t\n", b"id,t", b""):
        rows, tally = frame([data])
        assert (rows, tally.torn) == ([], None)


def test_an_endless_line_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (framing, csv_rows):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", 1000)
    monkeypatch.setattr(framing, "CHUNK", 100)
    blocks = [b"id,t\n1,a\n2,", *([b"x" * 100] * 50), b"\n3,b\n"]
    rows, _ = frame(blocks)
    assert [row["framing_error"] for row in rows] == [None, "record_too_long", None]


def test_many_bad_rows_cost_little() -> None:
    row = b'%d,"quoted ""cell""",text\n'
    data = b"id,name,text\n" + b"".join(
        b"%d,short\n" % n if n % 10 == 0 else row % n for n in range(100_000)
    )
    started = time.process_time()
    rows, _ = frame([data])
    assert sum(row["framing_error"] is not None for row in rows) == 10_000
    assert time.process_time() - started < 10


CELL = st.text(alphabet='ab",\n\r é\x00\x01\u2028\u0085', max_size=6)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12)


def as_csv(table: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(table)
    return text.getvalue().encode()


def split(data: bytes, places: list[int]) -> list[bytes]:
    cuts = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(cuts)]


@settings(max_examples=60)
@given(TABLE, st.lists(st.integers(0, 500), max_size=5))
def test_any_table_comes_back_cell_by_cell_however_it_is_split(
    table: list[list[str]], places: list[int]
) -> None:
    whole, chunk = as_csv([["x", "y", "z"], *table]), framing.CHUNK
    framing.CHUNK = 1  # blocks as they come
    try:
        rows, tally = frame(split(whole, places))
    finally:
        framing.CHUNK = chunk
    expected = [{n: c for n, c in zip("xyz", row, strict=True) if c} for row in table]
    assert [json.loads(row["record"]) for row in rows] == expected
    assert tally.torn is None


@settings(max_examples=60)
@given(
    st.text(alphabet='ab",\n\r', max_size=60).map(str.encode),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_garbage_gives_the_same_records_however_it_is_split(
    garbage: bytes, places: list[int]
) -> None:
    data, chunk = b"x,y\n1,2\n" + garbage + b"\n8,9\n", framing.CHUNK
    whole, _ = frame([data])
    framing.CHUNK = 1
    try:
        parts, _ = frame(split(data, places))
    finally:
        framing.CHUNK = chunk
    assert parts == whole
    kept = b"".join((row["raw"] or "").encode() for row in whole)
    dropped = b"\r\n \t"
    assert kept.translate(None, dropped) == data[4:].translate(None, dropped)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab",\n\r\ufeffé', max_size=40).map(str.encode))
def test_reading_by_columns_changes_nothing(text: bytes) -> None:
    """Whatever is read as columns gives the records that judging one by one gives."""
    data = b"x,y\n" + text + b"\n8,9\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "read_columns", lambda *_: None)
        one_by_one = frame([data])
    assert frame([data]) == one_by_one


def test_well_formed_text_is_read_by_columns() -> None:
    whole = b'1,"a, ""b""\nc"\r\n,\r\n'
    read = read_columns(whole + b'2,"open\n', ["x", "y"], ",", 1000)
    assert read is not None
    assert read.length == len(whole)
    assert read.raw.to_pylist() == [b'1,"a, ""b""\nc"', b","]
    assert [json.loads(text) for text in read.as_json().to_pylist()] == [
        {"x": "1", "y": 'a, "b"\nc'},
        {},
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"same,1,same\nsame,2,same\n",
        b"1,same,\n2,same,x\n",
        b"same,1,\nsame,,x\n",
        b'"a ""b""\n\\",same,x\n"a ""b""\n\\",same,x\n',
        b"1,a,x\n1,b,x\n1,a,x\n",
    ],
)
def test_cells_that_are_all_the_same_are_in_every_record(text: bytes) -> None:
    """Such a column is no column of what is joined; the documents are those of single records."""
    names = ["k", "a", "z"]
    read = read_columns(text, names, ",", 1000)
    assert read is not None
    rows = csv.reader(io.StringIO(text.decode(), newline=""))
    assert read.as_json().to_pylist() == [
        json.dumps(
            {n: row[i] for i, n in sorted(enumerate(names), key=lambda e: e[1]) if row[i]},
            separators=(",", ":"),
            ensure_ascii=False,
        )
        for row in rows
    ]


@pytest.mark.parametrize(
    "text",
    [
        b'1,5" nail\n',
        b'1,"a"b\n',
        b"1\n",
        b"1,2\n\n3,4\n",
        b"1,2,3\n",
        b"1,lone\rCR\n",
        b"1,\xff\n",
        b"\xef\xbb\xbf1,2\n",
        b'1,"never closed\n',
        b'1,"' + b"\n" * 1001 + b'"\n',
        b"",
    ],
)
def test_what_has_to_be_judged_is_not_read_by_columns(text: bytes) -> None:
    assert read_columns(text, ["x", "y"], ",", 1000) is None
