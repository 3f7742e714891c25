"""Stripe: its forms are known by content, whatever the file is called, and nothing else is."""

import json
from pathlib import Path

import pytest

from orchestration.sources import REGISTRY, Framing, Head, recognise

BESIDE = [parent / "shared/samples" for parent in Path(__file__).parents[3:]]
SAMPLES = next((each for each in BESIDE if each.exists()), BESIDE[0])
CHARGE = {"id": "ch_1", "object": "charge", "amount": 1}


def known(text: str | bytes, *, is_whole: bool = True) -> Framing | None:
    data = text.encode() if isinstance(text, str) else text
    found = recognise(Head("export", data[: 256 << 10], is_whole))
    assert found is None or found[0] in ("stripe", "tabular")
    return found[1] if found and found[0] == "stripe" else None


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        (json.dumps(CHARGE), "lines", "items"),
        (json.dumps(CHARGE, indent=1), "document", "items"),
        (json.dumps(CHARGE) + "\n" + json.dumps(CHARGE) + "\n", "lines", "items"),
        (json.dumps([CHARGE, CHARGE]), "json_items", ""),
        (json.dumps([CHARGE], indent=2), "json_items", ""),
        (json.dumps({"object": "list", "data": [CHARGE]}), "json_items", "data"),
        (json.dumps({"data": [CHARGE], "has_more": False, "object": "list"}), "json_items", "data"),
        (json.dumps({"object": "list", "data": [], "url": "/v1/charges"}), "json_items", "data"),
    ],
)
def test_documents(text: str, kind: str, key: str) -> None:
    framing = known(text)
    assert framing is not None
    assert (framing.kind, framing.key, framing.object_type) == (kind, key, None)


@pytest.mark.parametrize(
    "document",
    [
        {"object": "list", "url": "/v1/charges", "has_more": True, "data": [CHARGE] * 9000},
        {"data": [CHARGE] * 9000, "has_more": True, "object": "list"},
        [CHARGE] * 9000,
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_documents_longer_than_the_head(document: object, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    framing = known(text, is_whole=len(text) < 256 << 10)
    assert framing is not None and framing.kind == "json_items"


@pytest.mark.parametrize(
    "text",
    [
        '{"object": "page", "results": []}',
        '{"object": "list", "data": [{"id": "model-1", "object": "model"}]}',
        '{"object": "list", "data": []}',
        '{"id": "1", "name": "charge"}',
        "id,amount,currency\n1,2,usd\n",
        "id,status,created\n1,open,2025-01-01\n",
    ],
)
def test_what_others_write_is_not_taken(text: str) -> None:
    assert known(text) is None


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("id,Created date (UTC),Amount,Currency,Status", "charge"),
        ("id,Customer ID,Plan,Quantity,Interval,Amount,Status,Created (UTC)", "subscription"),
        ("id,Amount Due,Customer,Date (UTC),Paid,Subscription,Total,Status", "invoice"),
        ("id,Description,Email,Name,Created (UTC),Delinquent,Currency", "customer"),
        ("id,Amount,Arrival Date (UTC),Currency,Status", "payout"),
        ("balance_transaction_id,created_utc,currency,gross,fee,net", "balance_transaction"),
    ],
)
def test_tables_of_the_dashboard(header: str, kind: str) -> None:
    framing = known(header + "\n" + ",".join("x" for _ in header.split(",")) + "\n")
    assert framing is not None
    assert framing.object_type == kind


def test_amounts_in_major_units_get_a_name_of_their_own_and_metadata_keep_theirs() -> None:
    framing = known("id,Created (UTC),Captured,Amount,appUserId (metadata)\n1,2,3,4,5\n")
    assert framing is not None
    assert dict(framing.renamed) == {
        "Created (UTC)": "created",
        "Captured": "captured",
        "Amount": "amount_major",
    }


KINDS = {
    "balance_transaction_data.csv": "balance_transaction",
    "charge_data.csv": "charge",
    "customer_data.csv": "customer",
    "dashboard_payments_restated.csv": "charge",
    "invoice_data.csv": "invoice",
    "invoice_line_item_data.csv": "invoice_line_item",
    "plan_data.csv": "plan",
    "price_data.csv": "price",
    "product_data.csv": "product",
    "refund_data.csv": "refund",
    "subscription_data.csv": "subscription",
    "subscription_history_data.csv": "subscription",
    "subscription_item_data.csv": "subscription_item",
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
def test_exports_written_by_others() -> None:
    found: dict[str, str | None] = {}
    for path in sorted((SAMPLES / "stripe").iterdir()):
        guess = recognise(Head(path.name, path.read_bytes()[: 256 << 10], True))
        if path.suffix == ".csv":
            assert guess is not None and guess[0] == "stripe", path.name
            found[path.name] = guess[1].object_type
        elif path.suffix == ".json":
            assert guess is not None and (guess[0], guess[1].kind) == ("stripe", "document")
    assert found == KINDS


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
def test_no_export_of_another_vendor_is_taken() -> None:
    taken = [
        path
        for path in SAMPLES.rglob("*")
        if path.is_file() and path.parent.name != "stripe" and path.suffix in (".csv", ".json")
        if REGISTRY["stripe"].recognise(Head(path.name, path.read_bytes()[: 256 << 10], True))
    ]
    assert taken == []
