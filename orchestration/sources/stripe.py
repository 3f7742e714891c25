"""Stripe: API objects and pages, webhook events, dashboard CSV, warehouse tables of connectors.

Vendor pages: API reference, Dashboard exports, Data Pipeline; connectors' table names by Fivetran.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, cut_object
from orchestration.sources.objects import ObjectSource, ObjectType

#: what `object` says in documents of the API; staging decides what each of them is for
API_OBJECTS = {
    *("subscription", "invoice", "charge", "refund", "credit_note", "dispute", "customer"),
    *("checkout.session", "price", "plan", "product", "subscription_item", "line_item"),
    *("invoiceitem", "invoice_payment", "payment_intent", "balance_transaction", "payout"),
    *("coupon", "promotion_code", "discount", "tax_rate", "payment_method", "setup_intent"),
    *("subscription_schedule", "event"),
}
# What the dashboard calls a column, in snake case, by what the tables of connectors call it. Its
# amounts are in major units and get a name of their own.
_DASHBOARD = {
    **dict.fromkeys(("created_date_utc", "created_utc", "date_utc"), "created"),
    **{
        name: f"{name}_major"
        for name in (
            *("amount", "amount_refunded", "amount_due", "amount_paid", "subtotal", "total"),
            *("tax", "total_discount_amount", "fee", "account_balance"),
        )
    },
    **{
        f"{name}_utc": name
        for name in (
            *("start_date", "current_period_start", "current_period_end", "trial_start"),
            *("trial_end", "canceled_at", "ended_at", "due_date", "paid_at", "finalized_at"),
            *("voided_at", "cancel_at"),
        )
    },
    "start_utc": "start_date",
    "customer": "customer_id",
    "subscription": "subscription_id",
    "invoice": "invoice_id",
    "paid_date_utc": "paid_at",
}


class Stripe(ObjectSource):
    """API documents, pages and events (JSON); dashboard CSV; warehouse tables (CSV, Parquet)."""

    vendor = "stripe"
    types = (
        # the dashboard's
        ObjectType(
            "subscription",
            "fact",
            [
                ("id", "current_period_start_utc"),
                ("id", "plan", "interval", "status"),
                ("id", "customer_id", "start_date_utc", "status"),
            ],
            _DASHBOARD,
        ),
        ObjectType(
            "invoice",
            "fact",
            [("id", "amount_due", "date_utc"), ("id", "amount_due", "created_utc")],
            _DASHBOARD,
        ),
        ObjectType(
            "charge",
            "fact",
            [("id", "created_date_utc", "amount", "status"), ("id", "created_utc", "captured")],
            _DASHBOARD,
        ),
        ObjectType("payout", "reference", [("id", "amount", "arrival_date_utc")], _DASHBOARD),
        ObjectType("customer", "person", [("id", "email", "created_utc", "delinquent")]),
        # connectors' and the vendor's own tables
        ObjectType("subscription", "fact", [("id", "customer_id", "cancel_at_period_end")]),
        ObjectType("invoice", "fact", [("id", "amount_due", "amount_paid", "amount_remaining")]),
        ObjectType(
            "invoice_line_item", "reference", [("id", "invoice_id", "proration", "quantity")]
        ),
        ObjectType(
            "subscription_item",
            "reference",
            [("id", "subscription_id", "plan_id"), ("id", "subscription_id", "price_id")],
        ),
        ObjectType("charge", "fact", [("id", "amount_refunded", "captured", "paid")]),
        ObjectType("refund", "fact", [("id", "charge_id", "amount", "failure_reason")]),
        ObjectType("refund", "fact", [("id", "charge_id", "amount", "receipt_number", "reason")]),
        ObjectType("credit_note", "fact", [("id", "invoice_id", "memo", "total", "voided_at")]),
        ObjectType("dispute", "fact", [("id", "charge_id", "amount", "is_charge_refundable")]),
        ObjectType("price", "reference", [("id", "unit_amount", "recurring_interval")]),
        ObjectType("plan", "reference", [("id", "interval", "interval_count", "usage_type")]),
        ObjectType(
            "product", "reference", [("id", "active", "statement_descriptor", "unit_label")]
        ),
        ObjectType("balance_transaction", "reference", [("id", "net", "fee", "available_on")]),
        ObjectType("balance_transaction", "reference", [("balance_transaction_id", "net", "fee")]),
        ObjectType("payment_intent", "reference", [("id", "amount_capturable", "amount_received")]),
        ObjectType("payout", "reference", [("id", "arrival_date", "statement_descriptor")]),
        ObjectType("coupon", "reference", [("id", "percent_off", "duration_in_months")]),
        ObjectType("customer", "person", [("id", "delinquent", "invoice_prefix")]),
    )
    envelope = {
        "object_id": ("id",),
        "object": ("object",),
        "created": ("created",),
        "dated": ("date",),
        "period_end": ("period_end",),
    }
    # seconds since 1970 in the API, text elsewhere
    raw_date = """coalesce(try_cast("created" as timestamp),
        try(make_timestamp(try_cast("created" as bigint) * 1000000)))"""
    event_column = "object"
    time_sql = 'coalesce("created", "dated", "period_end")'
    personal = ("customer_name", "billing_name", "shipping_name")
    dedupe_rule = "object id, time of its state and content; the latest state is current"
    identity_rule = "customer; metadata or `client_reference_id` by the configured user field"
    time_rule = "epoch seconds or UTC text; `created`, of payments `paid_at`"
    seen = "objects of the vendor's API description, warehouse tables, a dashboard export"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """As all sources of objects; `<key> (metadata)` cells keep their case: ids are in them."""
        framing = super().recognise(head, config)
        if framing is None or not framing.renamed:
            return framing
        renamed = tuple(pair for pair in framing.renamed if not pair[0].endswith("(metadata)"))
        return replace(framing, renamed=renamed)

    def recognise_documents(self, head: Head) -> Framing | None:
        """By what `object` says: of a document, of a line, or of the first one of a list."""
        text = head.text.lstrip()
        document: Any = head.document
        if document is None and text.startswith(("{", "[")):
            document = _beginning(text)
        if isinstance(document, list):
            first = next(iter(document), None)
            return Framing("json_items", key="") if _is_api_object(first) else None
        if isinstance(document, Mapping) and _is_page(document):
            return Framing("json_items", key="data")
        if any(map(_is_api_object, head.objects)):
            return Framing("lines")
        return Framing("document") if _is_api_object(document) else None


def _is_api_object(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("object") in API_OBJECTS


def _is_page(document: Mapping[str, Any]) -> bool:
    """A page of the API; one without objects says by its path which ones it would have."""
    items = document.get("data")
    if not isinstance(items, list) or document.get("object", "list") != "list":
        return False
    first = next(iter(items), None)
    return _is_api_object(first) or (
        first is None and str(document.get("url", "")).startswith("/v1/")
    )


def _beginning(text: str) -> Any:
    """A document that is longer than the head, as far as its first object."""
    if opened := re.match(r'\[\s*|\{(?:[^\[{]*,)?\s*"data"\s*:\s*\[\s*', text):
        first = cut_object(text[opened.end() :])
        return first if text.startswith("[") else {"object": "list", "data": first}
    return next(iter(cut_object(text)), None)
