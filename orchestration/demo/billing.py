"""What the shop was paid, as its billing has it: the orders that really happened, and refunds.

Tracking loses, doubles and renames; billing does not. Its failed attempts and its test payments
are no money, and a right pipeline leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.demo import lines, story
from orchestration.demo.exports import ints
from orchestration.demo.faults import IDENTITY, LOADED
from orchestration.demo.story import HOUR, SECOND, STORY_END
from orchestration.demo.world import People, email_of, stream

FAILED_SHARE = 0.05
TEST_SHARE = 0.01
REFUND_SHARE = 0.04
LONGEST_WAIT = 72 * HOUR  # between an order and its refund

_ID = "left(md5(concat(salt, '|{kind}|', act)), 24)"
_CHARGE = f"""
select concat('{{"id":"ch_', {_ID.format(kind="charge")},
    '","object":"charge","amount":', cents,
    ',"amount_captured":', case when status = 'succeeded' then cents else 0 end,
    ',"amount_refunded":', refunded, ',"captured":', status = 'succeeded',
    ',"created":', at_s, ',"currency":"usd","customer":"', customer,
    '","failure_code":', case when status = 'failed' then '"card_declined"' else 'null' end,
    ',"invoice":null,"livemode":', live, ',"metadata":{{"user_id":', user_json,
    '}},"paid":', status = 'succeeded', ',"refunded":', refunded = cents,
    ',"status":"', status, '"}}', chr(10)) as line
from rows"""
_REFUND = f"""
select concat('{{"id":"re_', {_ID.format(kind="refund")},
    '","object":"refund","amount":', refunded,
    ',"charge":"ch_', {_ID.format(kind="charge")},
    '","created":', refunded_s, ',"currency":"usd","metadata":{{}},"reason":null,',
    '"status":"succeeded"}}', chr(10)) as line
from rows"""
_CUSTOMER = """
select concat('{"id":"', customer, '","object":"customer","created":', at_s,
    ',"currency":"usd","delinquent":false,"email":"', email,
    '","livemode":true,"metadata":{"user_id":', user_json, '}}', chr(10)) as line
from rows"""


@dataclass(frozen=True)
class Billing:
    """The fate of each record, and what they add up to: cents, payments and who paid."""

    fates: npt.NDArray[np.int8]
    revenue_minor: int
    payments: int
    payers: int

    def to_json(self) -> dict[str, Any]:
        """The part of `truth.json` that is about money, in smallest units."""
        return {
            "revenue_minor": {"USD": self.revenue_minor},
            "payments": self.payments,
            "payers": self.payers,
        }


def write_stripe(folder: Path, acts: pd.DataFrame, crowd: People, seed: int) -> Billing:
    """JSON lines of charges, refunds and customers, as a nightly job fetched them from the API."""
    orders = acts[acts["event"].to_numpy() == story.CODES["order_paid"]].sort_values("at_ms")
    rng = stream(seed, "billing")
    count = len(orders)
    person, at_s = ints(orders, "person"), ints(orders, "at_ms") // SECOND
    cents = rng.lognormal(np.log(3500), 0.5, count).astype(np.int64)
    wait_s = rng.integers(HOUR, LONGEST_WAIT, count) // SECOND
    is_refunded = (rng.random(count) < REFUND_SHARE) & (at_s + wait_s < STORY_END // SECOND)
    refunded = np.where(is_refunded, cents // rng.integers(1, 3, count), 0)
    customers = np.unique(person)
    salt = f"{seed}|billing"
    charges = pd.DataFrame(
        {
            "act": ints(orders, "act"),
            "person": person,
            "at_s": at_s,
            "cents": cents,
            "refunded": refunded,
            "refunded_s": at_s + wait_s,
            "status": "succeeded",
            "live": True,
        }
    )
    # the card that was declined a minute before, and what developers tried
    failed = charges[rng.random(count) < FAILED_SHARE].assign(
        act=lambda f: -f["act"] - 1, at_s=lambda f: f["at_s"] - 60, refunded=0, status="failed"
    )
    tests = charges[rng.random(count) < TEST_SHARE].assign(
        act=lambda f: f["act"] + 10**12, refunded=0, live=False
    )
    every = pd.concat([charges, failed, tests], ignore_index=True)
    refunds = charges[is_refunded]
    for name, query, rows in (
        ("charges.jsonl", _CHARGE, every),
        ("refunds.jsonl", _REFUND, refunds),
    ):
        (folder / name).write_bytes(_lines(query, rows, crowd, salt))
    first = charges.groupby("person")["at_s"].min().to_frame().reset_index()
    (folder / "customers.jsonl").write_bytes(_lines(_CUSTOMER, first, crowd, salt))
    fates = [LOADED] * (len(every) + len(refunds)) + [IDENTITY] * len(customers)
    return Billing(
        fates=np.array(fates, np.int8),
        revenue_minor=int(cents.sum() - refunded.sum()),
        payments=count,
        payers=len(customers),
    )


def _lines(query: str, rows: pd.DataFrame, crowd: People, salt: str) -> bytes:
    person = ints(rows, "person")
    columns = {name: rows[name].to_numpy() for name in rows.columns if name != "status"}
    if "status" in rows:
        words = ("succeeded", "failed")
        columns["status"] = lines.pick(words, np.array([words.index(s) for s in rows["status"]]))
    columns |= {
        "salt": lines.pick([salt], np.zeros(len(rows), np.int64)),
        "customer": lines.pick([f"cus_{n:07d}" for n in range(len(crowd))], person),
        "email": lines.pick([email_of(n) for n in range(len(crowd))], person),
        "user_json": lines.pick(lines.quoted(crowd.user_ids), person),
    }
    return lines.join(lines.render(query, columns))
