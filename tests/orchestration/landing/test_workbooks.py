"""Workbooks and UTF-16 are read like the CSV they were saved beside."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from orchestration.landing.workbooks import plain_number
from tests.orchestration.landing.exports import Landing

Landed = Callable[..., Landing]
SPACE = "http://schemas.openxmlformats.org/"
MAIN = f'xmlns="{SPACE}spreadsheetml/2006/main"'
SHARED = ("ResponseId", "StartDate", "EndDate", "Status", "Q1", "R_1", "line\nbreak")


def shared(*numbers: int | None) -> str:
    return "".join(
        f'<c r="{chr(65 + at)}1" t="s"><v>{n}</v></c>'
        for at, n in enumerate(numbers)
        if n is not None
    )


ROWS = (
    shared(0, 1, 2, 3, 4),
    f'{shared(5)}<c r="B2" s="1"><v>45352.4375</v></c><c r="C2" s="1"><v>45352.5</v></c>'
    '<c r="D2"><v>0</v></c><c r="E2" t="inlineStr"><is><r><t>so</t></r><r><t> so</t></r></is></c>',
    "",
    '<c r="A4" t="str"><v>R_2</v></c><c r="C4" t="str"><v>2024-03-01 12:00:00</v></c>'
    '<c r="E4" t="s"><v>6</v></c>',
    '<c r="A5"><v>1.2706126725E10</v></c><c r="D5" t="b"><v>1</v></c>',
)


def workbook(rows: tuple[str, ...] = ROWS) -> bytes:
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{SPACE}officeDocument/2006/relationships">'
        '<sheets><sheet name="Data" sheetId="7" r:id="rId3"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId3" '
        'Target="worksheets/sheet9.xml"/></Relationships>',
        "xl/worksheets/sheet9.xml": f"<worksheet {MAIN}><sheetData>"
        + "".join(f"<row>{row}</row>" for row in rows)
        + "</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {MAIN}>"
        + "".join(f"<si><t>{text}</t><rPh><t>x</t></rPh></si>" for text in SHARED)
        + "</sst>",
        "xl/styles.xml": f'<styleSheet {MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/>'
        "</cellXfs></styleSheet>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


EXPECTED = [
    {
        "ResponseId": "R_1",
        "StartDate": "2024-03-01 10:30:00",
        "EndDate": "2024-03-01 12:00:00",
        "Status": "0",
        "Q1": "so so",
    },
    {"ResponseId": "R_2", "EndDate": "2024-03-01 12:00:00", "Q1": "line\nbreak"},
    {"ResponseId": "12706126725", "Status": "TRUE"},
]


@pytest.mark.parametrize("in_archive", [False, True])
def test_the_first_sheet_is_rows(landed: Landed, in_archive: bool) -> None:
    content = zipped("My survey.xlsx", workbook()) if in_archive else workbook()
    found = landed(content, vendor="qualtrics", name="export")
    assert [json.loads(row["record"]) for row in found.rows] == EXPECTED
    assert found.manifest.state == "complete"
    assert found.rows[0]["member"] == ("My survey.xlsx" if in_archive else None)


def test_a_damaged_workbook_is_torn_and_not_quiet(landed: Landed) -> None:
    rows = (*ROWS[:2], '<c r="A3" t="s"><v>99</v></c>')
    found = landed(workbook(rows), vendor="qualtrics", name="export.xlsx")
    assert found.manifest.state == "torn" and found.errors == [None, "torn_tail"]


def test_a_cut_workbook_is_a_torn_archive(landed: Landed) -> None:
    found = landed(workbook()[:-30], vendor="qualtrics", name="export.xlsx")
    assert found.errors == ["torn_archive"]


def test_numbers_are_written_as_they_count() -> None:
    assert [plain_number(n) for n in ("3.0", "1.27E10", "-0.5", "0")] == [
        "3",
        "12700000000",
        "-0.5",
        "0",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_read_as_what_it_says(landed: Landed, encoding: str) -> None:
    text = "ResponseId\tStartDate\tEndDate\tQ1\nR_1\t2024-03-01\t2024-03-01\tGrüße\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    found = landed((mark + text).encode(encoding), vendor="qualtrics", name="export.tsv")
    assert json.loads(found.rows[0]["record"])["Q1"] == "Grüße"
    assert found.manifest.state == "complete"


def test_half_a_character_of_utf16_tears_the_file(landed: Landed) -> None:
    text = "ResponseId\tStartDate\tEndDate\nR_1\t2024-03-01\t2024-03-01\n"
    found = landed(text.encode("utf-16")[:-1], vendor="qualtrics", name="export.tsv")
    assert found.manifest.state == "torn"
