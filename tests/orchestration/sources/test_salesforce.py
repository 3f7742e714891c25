"""Salesforce: tables, reports and documents are known by content; footers are no rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.sources import Head, recognise
from tests.orchestration.landing.exports import Landing

Landed = Callable[..., Landing]
SAMPLES = Path(__file__).parents[4] / "shared/samples/salesforce"
REPORT = """\
Opportunity ID,Opportunity Name,Stage,Amount,Close Date
006q000000Hddoh,One,Won,"USD 1,200.00",12/19/2018
006q000000Hbmd1,Two,Won,,12/19/2018
"""
FOOTER = """
Won deals
"Copyright (c) 2000-2025 salesforce.com, inc."
Confidential Information - Do Not Distribute"""


def kind_of(data: bytes) -> tuple[str, str | None, str] | None:
    found = recognise(Head("export", data, True))
    return found and (found[0], found[1].object_type, found[1].kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"Id","Name","StageName","CloseDate"\n"1","a","b","2025-01-01"\n', "opportunity"),
        ("Id,Email\n0031G00000rfAvuQAE,a@example.com\n", "contact"),
        ("Id|Email\n00Q1G00000nDnM5UAK|a@example.com\n", "lead"),
        ("Id,Name\n701000000000001,Spring\n", "campaign"),
        ("Id,OpportunityId,ContactId,IsPrimary\n1,2,3,true\n", "opportunity_contact_role"),
        ("Id,OpportunityId,StageName,CreatedDate\n1,2,a,b\n", "opportunity_history"),
        ("Id,Foo__c,CreatedById,CreatedDate\n1,2,3,4\n", "record"),
        (REPORT, "opportunity"),
    ],
)
def test_each_table_is_known_by_its_columns_or_its_first_id(text: str, kind: str) -> None:
    assert kind_of(text.encode()) == ("salesforce", kind, "csv")


@pytest.mark.parametrize("text", ["Id,Email\n7,a@example.com\n", "id,stage\n1,x\n", "Id,Name\n1,x"])
def test_tables_of_others_are_not_taken(text: str) -> None:
    assert kind_of(text.encode()) == ("tabular", None, "csv")


def test_documents_say_their_type() -> None:
    record = {"attributes": {"type": "Opportunity", "url": "/x"}, "Id": "1"}
    page = {"totalSize": 1, "done": True, "records": [record]}
    assert kind_of(json.dumps(page).encode()) == ("salesforce", "opportunity", "json_items")
    lines = b"\n".join([json.dumps(record).encode()] * 2)
    assert kind_of(lines) == ("salesforce", "opportunity", "lines")
    plan = [{"sobject": "Account", "saveRefs": True, "files": ["a.json"]}]
    assert kind_of(json.dumps(plan).encode()) == ("salesforce", None, "nothing")
    other = {"records": [{"attributes": {"type": "x y"}}]}
    found = kind_of(json.dumps(other).encode())
    assert found is None or found[0] != "salesforce"


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_footer_of_a_report_is_told_from_its_rows(landed: Landed, end: str) -> None:
    found = landed((REPORT + FOOTER + end).encode(), vendor="salesforce", name="report.csv")
    assert found.errors == [None, None, "report_footer", "report_footer", "report_footer"]
    assert found.file.torn_reason is None and found.file.unreadable == {}
    assert found.rows[0]["object_id"] == "006q000000Hddoh"


def test_a_table_with_api_names_has_no_footer(landed: Landed) -> None:
    text = "Id,Name,StageName,CloseDate\n006q000000Hddoh,a,b,2025-01-01\nlost\n"
    found = landed(text.encode(), vendor="salesforce", name="Opportunity.csv")
    assert found.errors == [None, "wrong_column_count"]
    assert found.file.unreadable == {"wrong_column_count": 1}


def test_a_table_in_latin_1_with_lines_in_its_cells(landed: Landed) -> None:
    text = (
        'Id,Name,StageName,CloseDate,Größe__c\n006q000000Hddoh,"Caf\xe9\nau lait",b,2025-01-01,1\n'
    )
    found = landed(text.encode("latin-1"), vendor="salesforce", name="Opportunity.csv")
    record = json.loads(str(found.rows[0]["record"]))
    assert record["name"] == "Café\nau lait" and found.errors == [None]
    assert "gr_e_c" in record


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
def test_every_file_written_by_others_is_known() -> None:
    found = {path.name: kind_of(path.read_bytes()) for path in SAMPLES.glob("sf*")}
    assert len(found) == 8
    assert {each and each[0] for each in found.values()} == {"salesforce"}
    assert found["sf_opportunity_history_data.csv"] == ("salesforce", "opportunity", "csv")
    assert found["sf_contact_history_data.csv"] == ("salesforce", "contact", "csv")
    assert found["sfdx_tree_Accounts.json"] == ("salesforce", "account", "json_items")
