"""HubSpot's exports, tables and pages are known by content. Exports and pages are synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, Framing, Head, recognise
from tests.orchestration.landing.exports import Landing, config_of

Landed = Callable[..., Landing]
SAMPLES = Path(__file__).parents[4] / "shared/samples/hubspot"
DEAL = {"id": "1", "properties": {"dealname": "A", "amount": None}, "createdAt": "2025-01-01"}
CONTACT = {"id": "1", "properties": {"email": "a@example.com"}, "archived": False}
OLD_CONTACT = {"vid": 1, "properties": {"firstname": {"value": "A"}}, "portal-id": 7}
EVENT = {"id": "e", "emailCampaignId": 7, "recipient": "a@example.com", "type": "OPEN"}
PIPELINE = {"id": "p", "label": "P", "stages": [], "displayOrder": 0}


def known(data: bytes, *, is_whole: bool = True) -> tuple[str, Framing] | None:
    return recognise(Head("export", data, is_whole))


def kind_of(data: bytes) -> tuple[str, str | None] | None:
    found = known(data)
    return found and (found[0], found[1].object_type)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Record ID,First Name,Last Name,Email", "contact"),
        ("Record ID,Deal Name,Amount,Deal Stage", "deal"),
        ("Record ID,dealname,amount,dealstage", "deal"),
        ("Record ID,Company name,Company Domain Name", "company"),
        ("id,property_email,_fivetran_synced", "contact"),
        ("deal_id,property_dealname,property_amount", "deal"),
        ("contact_id,deal_id,type_id,category", "deal_contact"),
        ("id,email_campaign_id,recipient,portal_id,type", "email_event"),
        ("canonical_vid,vid_to_merge", "contact_merge"),
    ],
)
def test_each_table_is_known_by_its_columns(header: str, kind: str) -> None:
    row = ",".join("1" for _ in header.split(","))
    assert kind_of(f"{header}\n{row}\n".encode()) == ("hubspot", kind)


@pytest.mark.parametrize(
    ("document", "kind", "framing"),
    [
        ({"results": [DEAL], "paging": {}}, "deal", "json_items"),
        ({"results": [CONTACT]}, "contact", "json_items"),
        ({"results": [PIPELINE]}, "deal_pipeline", "json_items"),
        ({"contacts": [OLD_CONTACT], "has-more": False}, "contact", "json_items"),
        ({"hasMore": False, "events": [EVENT]}, "email_event", "json_items"),
        (DEAL, "deal", "document"),
    ],
)
def test_pages_and_objects_of_the_api(document: dict, kind: str, framing: str) -> None:
    for data in (json.dumps(document).encode(), json.dumps(document, indent=2).encode()):
        found = known(data)
        assert found is not None
        assert (found[0], found[1].object_type, found[1].kind) == ("hubspot", kind, framing)


def test_a_page_longer_than_the_head_and_lines_of_objects() -> None:
    page = json.dumps({"results": [DEAL] * 3}).encode()
    found = known(page[:-40], is_whole=False)
    assert found == ("hubspot", Framing("json_items", key="results", object_type="deal"))
    lines = b"\n".join([json.dumps(DEAL).encode()] * 2)
    assert known(lines) == ("hubspot", Framing("lines", object_type="deal"))


@pytest.mark.parametrize(
    ("data", "vendor"),
    [
        (b'{"event":"a","properties":{"email":"b"}}\n', "mixpanel"),
        (b'{"results":[{"id":1,"name":"x"}]}', None),
        (b"id,email\n1,a@example.com\n", "tabular"),
        (b"contact_id,deal_id\n1,2\n", "tabular"),
    ],
)
def test_exports_of_others_are_not_taken(data: bytes, vendor: str | None) -> None:
    found = known(data)
    assert (found and found[0]) in (vendor, "tabular" if vendor is None else vendor)


def test_an_empty_page_is_hubspots_only_where_it_is_configured() -> None:
    head = Head("page.json", b'{"results": []}', True)
    source = REGISTRY["hubspot"]
    assert source.recognise(head) is None
    assert source.recognise(head, config_of("hubspot")) == Framing("json_items", key="results")


def test_columns_name_what_is_in_another_language(landed: Landed) -> None:
    data = "取引ID,取引名,ステージ,金額\n7,大,済,1500\n".encode()
    columns = {"record_id": "取引ID", "dealname": "取引名", "amount": "金額"}
    found = landed(data, vendor="hubspot", name="deals.csv", columns=columns)
    assert json.loads(str(found.rows[0]["record"])) == {
        "id": "7",
        "dealname": "大",
        "ステージ": "済",
        "amount": "1500",
    }
    assert found.rows[0]["object_type"] == "deal" and found.rows[0]["object_id"] == "7"
    unread = landed(data, vendor="hubspot", name="deals.csv")
    assert unread.errors == ["unrecognised_file"]


@pytest.mark.parametrize(
    "settings",
    [
        {"vendor": "hubspot", "currency": "eur"},
        {"vendor": "stripe", "won_stages": ["x"]},
        {"vendor": "amplitude", "day_first": True},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"refused|pattern"):
        SourceConfig(location=Path("x"), **settings)


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
def test_every_table_written_by_others_is_known() -> None:
    names = {path.name: kind_of(path.read_bytes()) for path in SAMPLES.glob("*.csv")}
    assert len(names) == 23
    assert {found and found[0] for found in names.values()} == {"hubspot"}
    assert names["deal_data.csv"] == ("hubspot", "deal")
    assert names["crm_ui_contacts_restated.csv"] == ("hubspot", "contact")
    assert names["engagement_data.csv"] == ("hubspot", "engagement")
