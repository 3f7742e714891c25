"""A document with several lists: every element is a record of its kind, or the file is torn."""

import json

import pytest

from orchestration.landing.framing import OBJECT_TYPE, Tally
from orchestration.landing.json_lists import frame_json_lists

LISTS = {"tickets": "ticket", "users": "user"}


def framed(data: bytes) -> tuple[Tally, list[tuple[str | None, str | None, str | None]]]:
    tally = Tally()
    rows = [
        (row["raw"], row.get(OBJECT_TYPE), row["framing_error"])
        for batch in frame_json_lists([data], tally, lists=LISTS)
        for row in batch.to_pylist()
    ]
    return tally, rows


def test_every_list_is_read_verbatim_and_the_rest_is_passed_over() -> None:
    text = (
        '\ufeff{"count": 2, "other": [{"id": 9}], "tickets": [ {"id": 1.50} , {"a":"]}"}],\n'
        '"next_page": null, "users": [{"id": 2}]}\n'
    )
    tally, rows = framed(text.encode())
    assert tally.torn is None and tally.records == 3
    assert rows == [
        ('{"id": 1.50}', "ticket", None),
        ('{"a":"]}"}', "ticket", None),
        ('{"id": 2}', "user", None),
    ]


def test_a_list_that_is_none_holds_nothing() -> None:
    assert framed(b'{"tickets": null, "users": []}')[1] == []


@pytest.mark.parametrize(
    "cut", [b'{"tickets": [{"id": 1}, {"id"', b'{"tickets": [{"id": 1}]', b"{"]
)
def test_a_document_that_breaks_off_is_torn_and_keeps_what_came_before(cut: bytes) -> None:
    tally, rows = framed(cut)
    assert tally.torn is not None
    assert rows[-1][2] == "torn_tail"
    assert len(rows) == 1 + cut.count(b'{"id": 1}')


def test_nothing_is_lost_between_two_elements() -> None:
    items = [{"id": n, "text": "x" * n} for n in range(50)]
    tally, rows = framed(json.dumps({"tickets": items}).encode())
    assert [json.loads(raw or "") for raw, _, _ in rows] == items and tally.records == 50
