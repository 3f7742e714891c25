"""Qualtrics files: which are known, and how they are framed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.sources import Framing, Head, recognise
from orchestration.sources.qualtrics import LEGACY_NAMES
from tests.orchestration.landing.exports import Landing

SAMPLES = Path(__file__).parents[4] / "shared/samples/qualtrics"
Landed = Callable[..., Landing]

V = ",".join(f"V{n}" for n in range(1, 11))
RESPONSE = {"responseId": "R_1", "values": {"endDate": "2024-03-01T10:00:00Z", "QID1": 2}}


def known(data: bytes, name: str = "export", *, is_whole: bool = True) -> tuple | None:
    return recognise(Head(name, data, is_whole))


@pytest.mark.parametrize(
    ("data", "framing"),
    [
        (b"StartDate,EndDate,ResponseId,Q1\n", Framing("csv")),
        (b"ResponseID,StartDate,EndDate\n", Framing("csv")),
        (b"StartDate;EndDate;ResponseId;Q1\n", Framing("csv", delimiter=";")),
        (b"StartDate\tEndDate\tResponseId\n", Framing("csv", delimiter="\t")),
        (b"contact_id,distribution_id,sent_at,status\n", Framing("csv")),
        (json.dumps({"responses": [RESPONSE]}).encode(), Framing("json_items", key="responses")),
        (b'{"responses":[]}', Framing("json_items", key="responses")),
        (json.dumps(RESPONSE).encode() + b"\n", Framing("lines")),
        ((json.dumps(RESPONSE) + "\n").encode() * 2, Framing("lines")),
        (b'{"result":{"id":"SV_1","questions":{"QID1":{}}}}', Framing("document")),
        (b'{"SurveyEntry":{"SurveyID":"SV_1"},"SurveyElements":[]}', Framing("document")),
        (
            b'{"result":{"elements":[{"contactId":"CID_1","sentAt":null}],"nextPage":null}}',
            Framing("json_items", key="elements"),
        ),
    ],
)
def test_each_form_is_known(data: bytes, framing: Framing) -> None:
    assert known(data) == ("qualtrics", framing)


@pytest.mark.parametrize(
    "data", [f"{V},x\n1,2,3,4,5,6,7,8,9,10,11\n".encode(), b"ResponseId,Score\nR_1,3\n"]
)
def test_a_table_of_another_tool_is_not_taken(data: bytes) -> None:
    found = known(data)
    assert found is None or found[0] == "tabular"


def test_the_second_legacy_row_names_the_first_columns(landed: Landed) -> None:
    shuffled = [*LEGACY_NAMES[1:], LEGACY_NAMES[0]]
    cells = [f"c{n}" for n in range(10)]
    data = f"\ufeff{V},Q1,\n{','.join(shuffled)},Text,\n{','.join(cells)},so,\n".encode()
    found = landed(data, vendor="qualtrics", name="legacy.csv")
    record = json.loads(found.rows[1]["record"])
    named = zip(shuffled, cells, strict=True)
    expected = {"RecipientName" if name == "Name" else name: cell for name, cell in named}
    assert record == expected | {"Q1": "so"}
    assert found.rows[1]["early_id"] == "c9"


def test_a_legacy_header_longer_than_the_head_has_the_usual_names() -> None:
    head = (V.encode() + b",Question" * (32 << 10))[: 256 << 10]
    found = known(head, is_whole=False)
    assert found is not None and dict(found[1].renamed)["V1"] == "ResponseID"


def test_line_breaks_in_header_cells_cost_no_record(landed: Landed) -> None:
    data = (
        b'StartDate,EndDate,ResponseId,Q1\nStart,End,Id,"two\nor\nmore lines"\n'
        b'"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}",'
        b'"{""ImportId"":""_recordId""}","{""ImportId"":""QID1_TEXT""}"\n'
        b"2024-03-01 10:00:00,2024-03-01 10:01:00,R_1,so\n"
    )
    found = landed(data, vendor="qualtrics", name="current.csv")
    assert [row["current_id"] for row in found.rows] == ["Id", '{"ImportId":"_recordId"}', "R_1"]
    assert str(found.rows[2]["raw_date"]) == "2024-03-01"


def test_a_survey_without_responses_has_header_rows_only(landed: Landed) -> None:
    data = b"StartDate,EndDate,ResponseId\nStart,End,Id\n"
    assert landed(data, vendor="qualtrics", name="empty.csv").errors == [None]


def test_a_page_cut_in_its_responses(landed: Landed) -> None:
    page = json.dumps({"responses": [RESPONSE, RESPONSE]}).encode()
    found = landed(page[:-20], vendor="qualtrics")
    assert found.errors == [None, "torn_tail"] and found.manifest.state == "torn"


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
def test_real_exports() -> None:
    found = {
        path.name: known(path.read_bytes(), path.name)
        for path in SAMPLES.iterdir()
        if path.suffix in (".csv", ".json", ".qsf") and not path.name.startswith("fivetran")
    }
    assert len(found) == 10
    assert {guess[0] for guess in found.values() if guess} == {"qualtrics"} and all(found.values())
