"""Framing of lines: every byte ends in one record, whatever the bytes and the blocks are."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import pairwise
from textwrap import dedent

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing import framing
from orchestration.landing.framing import Tally, frame_lines


def frame(
    blocks: Iterable[bytes], torn: str | None = None, stop: bytes | None = None
) -> tuple[list[dict], Tally]:
    tally = Tally()
    batches = list(frame_lines(blocks, tally, is_stop_line=stop, torn=iter([torn])))
    rows = pa.Table.from_batches(batches, schema=framing.SCHEMA).to_pylist()
    assert [row["record_number"] for row in rows] == list(range(1, tally.records + 1))
    return rows, tally


def texts(rows: list[dict]) -> list[bytes]:
    return [row["raw"].encode() if row["raw_bytes"] is None else row["raw_bytes"] for row in rows]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "CHUNK", 1)


def test_lone_cr_and_mixed_line_ends() -> None:
    rows, tally = frame([b'{"a":1}\r\n{"b":\r2}\n\n \t\r\n{"c":3}\r\r\n'])
    assert texts(rows) == [b'{"a":1}', b'{"b":\r2}', b'{"c":3}\r']
    assert tally.blank_lines == 2


def test_unicode_line_separators_do_not_end_a_record() -> None:
    line = '{"a":"x\u2028y\u0085z\u000b\u000c"}'.encode()
    assert texts(frame([line + b"\n"])[0]) == [line]


def test_a_line_that_is_not_utf8_is_kept_as_bytes() -> None:
    rows, _ = frame([b'{"a":1}\n{"b":"\xff"}\n{"c":3}\n'])
    assert [row["framing_error"] for row in rows] == [None, "not_utf8", None]
    assert rows[1]["raw"] is None and rows[1]["raw_bytes"] == b'{"b":"\xff"}'


def test_nul_bytes_and_control_bytes_stay() -> None:
    rows, _ = frame([b'{"a":"\x00"}\n\x01\n\x00\n'])
    assert texts(rows) == [b'{"a":"\x00"}', b"\x01", b"\x00"]


def test_byte_order_mark_belongs_to_the_file() -> None:
    assert texts(frame([b"\xef", b'\xbb\xbf{"a":1}\n{"b":2}\n'])[0]) == [b'{"a":1}', b'{"b":2}']


def test_a_cut_last_line_tears_the_file() -> None:
    rows, tally = frame([b'{"a":1}\n{"b":'])
    assert [row["framing_error"] for row in rows] == [None, "torn_tail"]
    assert tally.torn and "no line end" in tally.torn


def test_a_whole_last_line_needs_no_line_end() -> None:
    rows, tally = frame([b'{"a":1}\n{"b":2}'])
    assert (texts(rows), tally.torn) == ([b'{"a":1}', b'{"b":2}'], None)


def test_the_vendors_stop_line_needs_no_line_end() -> None:
    rows, tally = frame([b'{"a":1}\nterminated early'], stop=b"terminated early")
    assert (len(rows), tally.torn) == (2, None)


def test_a_torn_stream_ends_in_one_tail_even_when_nothing_is_left() -> None:
    rows, tally = frame([b'{"a":1}\n'], torn="cut")
    assert [row["framing_error"] for row in rows] == [None, "torn_tail"]
    assert (texts(rows)[-1], tally.torn) == (b"", "cut")


@pytest.mark.parametrize("chunk", [1, 64, 1 << 20])
def test_a_line_over_the_limit_is_one_quarantined_record(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(framing, "CHUNK", chunk)
    monkeypatch.setattr(framing, "MAX_RECORD_BYTES", 100)
    monkeypatch.setattr(framing, "KEPT_BYTES", 10)
    data = b"1\n" + b"x" * 100 + b"\n" + b"y" * 101 + b"\n2\n" + b"z" * 500 + b"\n3\n"
    rows, tally = frame([data[n : n + 7] for n in range(0, len(data), 7)])
    errors = [row["framing_error"] for row in rows]
    assert errors == [None, None, "record_too_long", None, "record_too_long", None]
    assert texts(rows)[2] == b"y" * 10 and texts(rows)[4] == b"z" * 10
    assert tally.torn is None


def test_an_overlong_line_needs_bounded_memory() -> None:
    script = """
        import resource
        from orchestration.landing.framing import MAX_RECORD_BYTES, Tally, frame_lines
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        block = b"x" * (1 << 20)
        def blocks():
            yield b'{"a":1}\\n'
            for _ in range(300):
                yield block
            yield b'\\n{"b":2}\\n'
        found = [b.column("framing_error").to_pylist() for b in frame_lines(blocks(), Tally())]
        assert sum(found, []) == [None, "record_too_long", None], found
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
        assert grown < 250, f"{grown} MB"
    """
    subprocess.run([sys.executable, "-c", dedent(script)], check=True, timeout=60)


def test_a_million_indented_lines_are_quick() -> None:
    started, tally = time.process_time(), Tally()
    rows = sum(len(b) for b in frame_lines([b'  {"a":1}\n   \n' * 500_000], tally))
    assert (rows, tally.blank_lines) == (500_000, 500_000)
    assert time.process_time() - started < 5


LINE = st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"").rstrip(b"\r"))
LINE_END = st.sampled_from([b"\n", b"\r\n"])


@settings(max_examples=150)
@given(st.lists(st.tuples(LINE, LINE_END), max_size=20), st.lists(st.integers(0, 300), max_size=6))
def test_any_lines_come_back_however_they_are_split(
    lines: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    data = b"".join(line + end for line, end in lines)
    cuts = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    chunk, framing.CHUNK = framing.CHUNK, 1
    try:
        rows, tally = frame([data[a:b] for a, b in pairwise(cuts)])
    finally:
        framing.CHUNK = chunk
    first, *rest = [line for line, _ in lines] or [b""]
    expected = [line for line in (first.removeprefix(framing.BOM), *rest) if line.strip()]
    assert texts(rows) == expected
    assert tally.records == len(expected)
    assert tally.blank_lines == len(lines) - len(expected)
    assert tally.plain_bytes == len(data)


@settings(max_examples=50)
@given(st.lists(LINE.filter(lambda b: not b.startswith(framing.BOM)), min_size=1), st.data())
def test_a_file_split_at_a_line_end_gives_the_same_records(
    lines: list[bytes], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines)))
    whole = [line + b"\n" for line in lines]
    first, second = frame([b"".join(whole[:at])])[0], frame([b"".join(whole[at:])])[0]
    assert texts(first) + texts(second) == texts(frame([b"".join(whole)])[0])
