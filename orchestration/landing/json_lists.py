"""Framing of a JSON document that holds several lists, such as a page with side-loaded objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from orchestration.landing.framing import BOM, OBJECT_TYPE, Tally, batch, one_record
from orchestration.landing.tables import whole_document

WHITE = " \t\r\n"


def frame_json_lists(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    lists: Mapping[str, str],
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame the elements of the arrays under the keys of `lists`, each as its exact text.

    The column `object_type` says of each what `lists` has for its key. What else the document says
    holds no records. Where it breaks off, the elements before are records and the rest is one more.
    """
    document = whole_document(blocks, tally)
    tally.torn = next(iter(torn), None)
    text = document.removeprefix(BOM).decode("utf-8", errors="surrogateescape")
    position = _after(text, _skip(text, 0, WHITE), "{")
    decoder = json.JSONDecoder()
    items: list[bytes] = []
    kinds: list[str] = []
    try:
        while text[position := _skip(text, position, WHITE + ",")] != "}":
            key, position = decoder.raw_decode(text, position)
            position = _skip(text, _after(text, _skip(text, position, WHITE), ":"), WHITE)
            if key not in lists or text[position] != "[":
                _, position = decoder.raw_decode(text, position)
                continue
            position += 1
            while text[position := _skip(text, position, WHITE + ",")] != "]":
                _, end = decoder.raw_decode(text, position)
                items.append(text[position:end].encode("utf-8", errors="surrogateescape"))
                kinds.append(lists[key])
                position = end
            position += 1
    except (ValueError, IndexError, RecursionError):
        tally.torn = tally.torn or "the JSON document breaks off"
    if items:
        records = batch(tally, member, pa.array(items, pa.large_binary()))
        yield records.append_column(OBJECT_TYPE, pa.array(kinds, pa.string()))
    if tally.torn is not None:
        rest = text[position:].encode("utf-8", errors="surrogateescape")
        yield one_record(tally, member, rest, "torn_tail")


def _after(text: str, position: int, sign: str) -> int:
    if text[position : position + 1] != sign:
        raise ValueError(f"no {sign} at {position}")
    return position + 1


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position
