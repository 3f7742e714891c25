"""Zigpoll pages and mapped tables. All of it is synthetic: no export of the vendor is public."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, Framing, Head, recognise
from tests.orchestration.landing.exports import Landing, config_of

Landed = Callable[..., Landing]

ANSWER = {
    "_id": "a",
    "createdAt": "2024-06-01T10:00:00Z",
    "pollId": "p",
    "slideId": "s",
    "participantId": "x",
    "response": "so",
}
SLIDE = {"_id": "s", "pollId": "p", "answers": [], "title": "t"}
POLL = {"_id": "p", "renderCount": 1, "submissionCount": 0}
PARTICIPANT = {"_id": "x", "ipDetails": {}, "responses": []}
EMAIL = {"_id": "e", "slideId": "s", "participantId": "x", "email": "ann@example.com"}
COLUMNS = {"response_id": "Id", "created_at": "Date", "response": "Answer"}


def known(data: bytes) -> tuple | None:
    return recognise(Head("export.json", data, True))


@pytest.mark.parametrize("item", [ANSWER, SLIDE, POLL, PARTICIPANT, EMAIL])
def test_each_kind_of_object_is_known(item: dict) -> None:
    page = {"data": [item], "hasNextPage": False, "endCursor": None}
    assert known(json.dumps(page).encode()) == ("zigpoll", Framing("json_items", key="data"))
    assert known(json.dumps([item]).encode()) == ("zigpoll", Framing("json_items", key=""))


def test_lines_of_answers_and_an_empty_page() -> None:
    lines = (json.dumps(ANSWER) + "\n").encode() * 3
    assert known(lines) == ("zigpoll", Framing("lines"))
    page = b'{"data":[],"hasNextPage":false,"endCursor":null}'
    assert known(page) == ("zigpoll", Framing("json_items", key="data"))


@pytest.mark.parametrize("data", [b'{"data":[{"id":1}]}', b'[{"_id":"a","name":"n"}]'])
def test_a_page_of_another_tool_is_not_taken(data: bytes) -> None:
    found = known(data)
    assert found is None or found[0] != "zigpoll"


def test_a_table_is_read_only_where_its_columns_are_mapped(landed: Landed) -> None:
    data = b"Id,Date,Answer,Extra\n1,2024-06-01 10:00:00,so,x\n"
    head = Head("export.csv", data, True)
    source = REGISTRY["zigpoll"]
    assert source.recognise(head) is None
    assert source.recognise(head, config_of("zigpoll")) is None
    assert source.recognise(head, config_of("zigpoll", columns=COLUMNS)) == Framing("csv")
    found = landed(data, vendor="zigpoll", name="export.csv", columns=COLUMNS)
    assert found.rows[0]["csv_response"] == "so" and found.rows[0]["csv_response_id"] == "1"
    assert str(found.rows[0]["raw_date"]) == "2024-06-01"


def test_mapped_columns_that_a_table_does_not_have_are_named(landed: Landed) -> None:
    found = landed(b"Id,When\n1,2024\n", vendor="zigpoll", name="export.csv", columns=COLUMNS)
    assert found.file.missing_columns == ["Date", "Answer"]


def test_the_three_columns_of_an_answer_must_be_mapped() -> None:
    with pytest.raises(ValueError, match="refused"):
        SourceConfig(vendor="zigpoll", location=Path("x"), columns={"response_id": "Id"})
    with pytest.raises(ValueError, match="refused"):
        SourceConfig(vendor="zigpoll", location=Path("x"), columns=COLUMNS | {"answr": "A"})


@pytest.mark.parametrize(
    "settings", [{"score_types": {"Q": "nps"}}, {"unanswered": ["-"]}, {"undated_on": "2024-01-01"}]
)
def test_settings_of_surveys_are_refused_elsewhere(settings: dict) -> None:
    with pytest.raises(ValueError, match="refused"):
        SourceConfig(vendor="amplitude", location=Path("x"), **settings)
    SourceConfig(vendor="qualtrics", location=Path("x"), **settings)
