"""SurveyMonkey files: which are known, how they are framed and in which encoding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.sources import Framing, Head, recognise
from orchestration.sources.surveymonkey import encoding_of
from tests.orchestration.landing.exports import Landing

SAMPLES = Path(__file__).parents[4] / "shared/samples/surveymonkey"
Landed = Callable[..., Landing]

RESPONSE = {"id": "1", "response_status": "completed", "collector_id": "2", "pages": []}
TABLE = Framing("csv", fill_header=True, encoding="cp1252")


def known(data: bytes, name: str = "export") -> tuple | None:
    return recognise(Head(name, data, True))


@pytest.mark.parametrize(
    ("data", "framing"),
    [
        (b"Respondent ID,Collector ID,Q,\n,,A,B\n", TABLE),
        (b"\xef\xbb\xbfRespondentID,Q\n1,a\n", TABLE),
        (b'"Respondent ID";"Q"\n', Framing("csv", ";", fill_header=True, encoding="cp1252")),
        (json.dumps({"data": [RESPONSE], "page": 1}).encode(), Framing("json_items", key="data")),
        (json.dumps(RESPONSE).encode(), Framing("document")),
        (json.dumps(RESPONSE).encode() + b"\n" + json.dumps(RESPONSE).encode(), Framing("lines")),
        (b'{"id":"9","title":"t","pages":[],"question_count":0}', Framing("document")),
    ],
)
def test_each_form_is_known(data: bytes, framing: Framing) -> None:
    assert known(data) == ("surveymonkey", framing)


@pytest.mark.parametrize(
    "data", [b"Respondent,Q\n1,a\n", b'{"data":[{"id":"1","title":"list of surveys"}]}']
)
def test_what_is_no_export_of_responses_is_not_taken(data: bytes) -> None:
    found = known(data)
    assert found is None or found[0] == "tabular"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain", "cp1252"),
        ("Grüße".encode(), "cp1252"),
        (b"caf\xe9, na\xefve", "cp1252"),
        ("\u201cquoted\u201d isn\u2019t".encode("cp1252"), "cp1252"),
        ("\u201cquoted\u201d isn\u2019t".encode("mac_roman"), "mac_roman"),
        (b"seen it?\xca,Response", "mac_roman"),
        (b"two\xca\xcaspaces", "mac_roman"),
        ("Ångström é".encode("mac_roman"), "mac_roman"),
        (b"\xcatre ou ne pas", "cp1252"),
    ],
)
def test_mac_roman_is_told_by_its_bytes(data: bytes, encoding: str) -> None:
    assert encoding_of(data) == encoding


def test_a_file_saved_on_a_mac_is_read(landed: Landed) -> None:
    text = "RespondentID,Which?\xa0,\n,Tea\xa0,Café\n1,Tea\xa0,\n"
    found = landed(text.encode("mac_roman"), vendor="surveymonkey", name="mac.csv")
    assert found.errors == [None, None]
    assert json.loads(found.rows[0]["record"]) == {"Which?\xa0": "Tea\xa0", "Which?\xa0#2": "Café"}


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
@pytest.mark.parametrize(
    ("name", "records", "encoding"),
    [
        ("starwars_2header_expanded.csv", 1187, "mac_roman"),
        ("weather_check_1header.csv", 928, "cp1252"),
        ("api_responses_bulk.json", 2, None),
    ],
)
def test_real_exports(landed: Landed, name: str, records: int, encoding: str | None) -> None:
    content = (SAMPLES / name).read_bytes()
    found = known(content, name)
    assert found is not None and (found[0], found[1].encoding) == ("surveymonkey", encoding)
    landing = landed(content, vendor="surveymonkey", name=name)
    assert len(landing.rows) == records and set(landing.errors) == {None}
