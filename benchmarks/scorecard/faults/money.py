"""Amounts that are not what was paid."""

from __future__ import annotations

from functools import partial

from benchmarks.scorecard.faults.base import Fault, changed, named
from benchmarks.scorecard.sources import SEGMENT, SHOP

_money = partial(Fault, family="money")

FAULTS = (
    _money(
        name="cents_for_units",
        sources=(SEGMENT,),
        what="amounts in cents instead of dollars",
        segment=("amount",),
        rows=changed(
            "properties",
            lambda old: {**old, "amount": round(old["amount"] * 100)},
            named("Order Paid"),
        ),
    ),
    _money(
        name="order_amounts_null",
        sources=(SHOP,),
        what="orders without an amount",
        segment=("amount",),
        rows=changed(
            "properties",
            lambda old: {key: value for key, value in old.items() if key != "amount"},
            named("ORDER"),
        ),
    ),
)
