"""Small exports of Stripe made up here, in each form it comes in, and what they add up to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def at(text: str) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def event(number: int, kind: str, when: str, body: dict[str, Any]) -> dict[str, Any]:
    """A webhook event as the API keeps it."""
    return {
        **{"id": f"evt_{number}", "object": "event", "type": kind, "created": at(when)},
        **{"livemode": True, "data": {"object": body}},
    }


def lines(*documents: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in documents)


def page(*documents: dict[str, Any]) -> str:
    """A page of a list, as the API answers."""
    return json.dumps(
        {"object": "list", "url": "/v1/things", "has_more": False, "data": list(documents)},
        indent=1,
    )


def price(amount: int | None, interval: str = "month", count: int = 1, **more: Any) -> dict:
    return {
        **{"id": f"price_{interval}{count}", "object": "price", "currency": "usd"},
        **{"unit_amount": amount, "product": "prod_1"},
        **{"recurring": {"interval": interval, "interval_count": count, **more}},
    }


def subscription(
    number: int, status: str, *prices: dict[str, Any], quantity: int = 1, **more: Any
) -> dict[str, Any]:
    """In the form of current versions: periods on the items."""
    items = [
        {"id": f"si_{number}_{n}", "object": "subscription_item", "price": each}
        | ({"quantity": quantity, "current_period_start": at("2025-01-01")})
        for n, each in enumerate(prices)
    ]
    return {
        **{"id": f"sub_{number}", "object": "subscription", "customer": f"cus_{number}"},
        **{"status": status, "created": at("2025-01-01"), "start_date": at("2025-01-01")},
        **{"currency": "usd", "livemode": True, "metadata": {}, "items": {"data": items}},
        **more,
    }


def invoice(number: int, status: str, paid: int, **more: Any) -> dict[str, Any]:
    """An invoice of customer `number`, with its times by its status."""
    return {
        **{"id": f"in_{number}", "object": "invoice", "customer": f"cus_{number}"},
        **{"created": at("2025-01-03 10:00:00"), "currency": "usd", "livemode": True},
        **{"status": status, "amount_due": 1000, "amount_paid": paid, "total": 1000},
        **{"metadata": {}, "lines": {"object": "list", "has_more": False, "data": []}},
        **more,
    }


def charge(number: int, amount: int, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    """A payment as newer versions have it: nothing in it is called invoice."""
    return {
        **{"id": f"ch_{number}", "object": "charge", "customer": f"cus_{number}"},
        **{"created": at("2025-01-03 11:00:00"), "currency": "usd", "livemode": True},
        **{"amount": amount, "amount_captured": amount, "amount_refunded": 0, "captured": True},
        **{"status": status, "paid": status == "succeeded", "metadata": {}},
        **more,
    }


TRIAL = {"trial_start": at("2025-01-01"), "trial_end": at("2025-01-08")}
MONTHLY = price(2000)

# Events arrive newest first, one of them twice; three of an invoice share a second.
EVENTS = lines(
    event(4, "customer.subscription.deleted", "2025-03-01", subscription(
        1, "canceled", MONTHLY, quantity=3, **TRIAL,
        canceled_at=at("2025-02-20"), ended_at=at("2025-03-01"))),
    event(3, "customer.subscription.updated", "2025-02-01", subscription(
        1, "active", MONTHLY, quantity=3, **TRIAL)),
    event(2, "customer.subscription.updated", "2025-01-08", subscription(
        1, "active", MONTHLY, **TRIAL)),
    event(2, "customer.subscription.updated", "2025-01-08", subscription(
        1, "active", MONTHLY, **TRIAL)),
    event(1, "customer.subscription.created", "2025-01-01", subscription(
        1, "trialing", MONTHLY, **TRIAL)),
    event(7, "invoice.paid", "2025-01-08 00:30:00", invoice(
        1, "paid", 1000, subscription="sub_1", charge="ch_1",
        status_transitions={"paid_at": at("2025-01-08 00:30:00")})),
    event(6, "invoice.finalized", "2025-01-08 00:30:00", invoice(1, "open", 0)),
    event(5, "invoice.created", "2025-01-08 00:30:00", invoice(1, "draft", 0)),
    # what is not known as an object, and an event that tells of none
    {"id": "evt_8", "object": "event", "type": "ping", "created": at("2025-01-08")},
)  # fmt: skip

PAGES = {
    "customers.json": page(
        {"id": "cus_1", "object": "customer", "created": at("2025-01-01"), "livemode": True,
         "email": "Ann@Example.com", "name": "Ann Lee", "metadata": {"user_id": "ann"}},
        {"id": "cus_2", "object": "customer", "created": at("2025-01-01"), "livemode": True,
         "email": "bob@example.com", "metadata": {"user_id": 4826813000009697001}},
        {"id": "cus_9", "object": "customer", "deleted": True},
    ),
    "subscriptions.json": page(
        subscription(2, "active", price(24_000, "year"), price(1000, "month", 3)),
        subscription(3, "active", price(None)),
        subscription(4, "active", MONTHLY, discount={"coupon": {
            "percent_off": 25.0, "duration": "forever"}}),
        subscription(5, "active", price(100, "week"), price(7, usage_type="metered")),
        subscription(6, "past_due", MONTHLY, livemode=False),
        # an old version: one plan, periods and discount on the subscription
        {"id": "sub_7", "object": "subscription", "customer": "cus_7", "status": "active",
         "created": at("2025-01-01"), "start": at("2025-01-01"), "quantity": 2, "livemode": True,
         "current_period_start": at("2025-02-01"), "plan": {
             "id": "gold", "amount": 1200, "currency": "jpy", "interval": "year"}},
    ),
    "invoices.json": page(
        # three days of credit, an open one, one of nothing, and one of a newer version
        invoice(2, "paid", 900, total=1000, subtotal=1100, tax=100, customer="cus_2",
                lines={"has_more": False, "data": [
                    {"amount": 1000, "proration": False}, {"amount": 100, "proration": True}]}),
        invoice(3, "open", 0),
        invoice(4, "paid", 0, total=0),
        invoice(5, "paid", 500, parent={"subscription_details": {"subscription": "sub_5"}},
                status_transitions={"paid_at": at("2025-01-03 11:10:00")}),
        invoice(6, "paid", 700, livemode=False),
        invoice(8, "paid", 800),
    ),
}  # fmt: skip

CHARGES = lines(
    charge(1, 1000),  # of invoice 1, which names it
    charge(2, 900, invoice="in_2", amount_refunded=300),
    charge(5, 500),  # of invoice 5: the same customer, amount and hour
    # another purchase of that customer, of the same amount, in that hour
    charge(16, 500, customer="cus_5", created=at("2025-01-03 11:30:00")),
    charge(8, 800, payment_intent="pi_8"),  # of invoice 8, by an object of its own
    {"id": "inpay_8", "object": "invoice_payment", "invoice": "in_8",
     "payment": {"type": "payment_intent", "payment_intent": "pi_8"}},
    charge(10, 5000, currency="jpy"),
    charge(11, 1234, currency="kwd", customer=None, receipt_email="ann@example.com"),
    charge(12, 600, status="failed", failure_code="card_declined"),
    charge(13, 650, captured=False, amount_captured=0),
    charge(14, 700, livemode=False),
    charge(15, 2500, invoice="in_gone"),
    {"id": "re_2", "object": "refund", "charge": "ch_2", "amount": 200, "currency": "usd",
     "status": "succeeded", "created": at("2025-01-09")},
    {"id": "re_3", "object": "refund", "charge": "ch_14", "amount": 700, "currency": "usd",
     "status": "succeeded", "created": at("2025-01-09")},
    {"id": "re_4", "object": "refund", "charge": "ch_15", "amount": 1, "currency": "usd",
     "status": "failed", "created": at("2025-01-09")},
    {"id": "dp_1", "object": "dispute", "charge": "ch_15", "amount": 2500, "currency": "usd",
     "status": "lost", "created": at("2025-01-10"), "livemode": True},
    {"id": "dp_2", "object": "dispute", "charge": "ch_10", "amount": 5000, "currency": "jpy",
     "status": "won", "created": at("2025-01-10"), "livemode": True},
    {"id": "cn_1", "object": "credit_note", "invoice": "in_2", "amount": 150, "total": 150,
     "currency": "usd", "status": "issued", "created": at("2025-01-10"), "livemode": True,
     "out_of_band_amount": 50, "customer": "cus_2"},
)  # fmt: skip

#: what came in less what went back, by currency in smallest units: by hand, from the list above
API_REVENUE = {
    "USD": 1000 + 900 + 500 + 500 + 800 + 2500 - 200 - 100 - 2500 - 50,
    "JPY": 5000,
    "KWD": 1234,
}

DASHBOARD = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Mode,Status,Customer ID,appUserId (metadata)
py_1,2025-02-01 10:00,"399,00","0,00",eur,Live,Paid,cus_20,Ann-1
py_2,2025-02-01 10:00:07,"1.061,86","61,86",eur,Live,Refunded,cus_20,
py_3,2025-02-02 10:00:01,"1,061.50",0.00,usd,Live,succeeded,cus_21,
py_4,2025-02-02 10:00:07,5000,0,jpy,Live,Paid,cus_21,
py_5,2025-02-02 10:00:07,"12,345",0,kwd,Live,Paid,cus_21,
py_6,2025-02-02 10:00:07,10.00,0.00,usd,Live,Failed,cus_21,
py_7,2025-02-02 10:00:07,10.00,0.00,usd,Test,Paid,cus_21,
py_8,2025-02-02 10:00:07,1.234,0.00,usd,Live,Paid,cus_21,
py_9,2025-02-02 10:00:07,100.50,0.00,isk,Live,Paid,cus_21,
"""
DASHBOARD_REVENUE = {
    "EUR": 39_900 + 106_186 - 6_186,
    "USD": 106_150,
    "JPY": 5000,
    "KWD": 12_345,
    "ISK": 10_050,
}

TABLES = {
    "subscription_history.csv": """\
id,customer_id,status,created,cancel_at_period_end,ended_at,livemode,_fivetran_start,metadata
s1,c1,active,2025-01-01 00:00:00,FALSE,,TRUE,2025-01-01 00:00:00,"{""user_id"":""ann""}"
s1,c1,past_due,2025-01-01 00:00:00,FALSE,,TRUE,2025-02-01 00:00:00,"{""user_id"":""ann""}"
s1,c1,canceled,2025-01-01 00:00:00,FALSE,2025-02-03 12:00:00,TRUE,2025-02-03 12:00:00,
""",
    "subscription_item.csv": """\
id,subscription_id,plan_id,quantity,created,_fivetran_synced
si1,s1,p1,2,2025-01-01 00:00:00,2025-04-01 00:00:00
""",
    "plan.csv": """\
id,amount,currency,interval,interval_count,usage_type,product_id,_fivetran_synced
p1,1500,usd,month,1,licensed,prod,2025-03-01 00:00:00
p1,1500,usd,month,1,licensed,prod,2025-04-01 00:00:00
""",
}
