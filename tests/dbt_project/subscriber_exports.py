"""A made-up company's two years of billing, told by Stripe's events: trials, plans, ends, returns.

`life` is what happened to each subscription, as the oracle reads it; `events` is what Stripe says
of it, which the marts read. Nothing of the marts' code is used here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.dbt_project.stripe_exports import charge, event, invoice, lines, price

FIRST, LAST = datetime(2023, 6, 1), datetime(2025, 3, 20, 12)
PLANS = {"basic": 1000, "pro": 3000, "team": 9000}
REASONS = ("cancellation_requested", "payment_failed", "payment_disputed", None)
TRIAL = timedelta(days=14)


@dataclass
class Life:
    """One subscription: from a time on, its state and worth by the month in smallest units."""

    number: int
    customer: int
    currency: str
    plan: str
    start: datetime
    trial_end: datetime | None
    states: list[tuple[datetime, str, int]] = field(default_factory=list)
    reason: str | None = None
    payments: list[tuple[datetime, int]] = field(default_factory=list)
    refunds: list[tuple[datetime, int]] = field(default_factory=list)
    used_in_trial: bool = False


def make_lives(customers: int, seed: int) -> list[Life]:
    """Subscriptions of `customers`, most of whom hold one; times have whole minutes."""
    rng = np.random.default_rng(seed)
    lives: list[Life] = []
    for customer in range(customers):
        start = FIRST + timedelta(minutes=int(rng.integers(0, 640 * 1440)))
        while start < LAST:
            life = _life(rng, len(lives), customer, start)
            lives.append(life)
            over, status, _ = life.states[-1]
            if status != "canceled" or rng.random() > 0.3:
                break
            start = over + timedelta(days=int(rng.integers(10, 120)), minutes=7)
        if rng.random() < 0.05 and start < LAST - timedelta(days=40):  # a second one beside it
            lives.append(_life(rng, len(lives), customer, start + timedelta(days=33)))
    return lives


def _life(rng: np.random.Generator, number: int, customer: int, start: datetime) -> Life:
    plan = str(rng.choice(list(PLANS), p=[0.6, 0.3, 0.1]))
    trial_end = start + TRIAL if rng.random() < 0.5 else None
    currency = "eur" if customer % 7 == 0 else "usd"
    life = Life(number, customer, currency, plan, start, trial_end)
    worth = PLANS[plan]
    at = start
    if trial_end is not None:
        life.used_in_trial = bool(rng.random() < 0.5)
        life.states.append((start, "trialing", 0))
        if rng.random() > (0.7 if life.used_in_trial else 0.4):
            asked = start + timedelta(days=int(rng.integers(1, 13)))
            if asked < LAST:
                life.states.append((asked, "canceled", 0))
                life.reason = "cancellation_requested"
            return life
        at = trial_end
    while at < LAST:
        if not life.states or life.states[-1][1] != "active" or life.states[-1][2] != worth:
            life.states.append((at, "active", worth))
        if trial_end is None or at > trial_end or rng.random() < 0.9:
            life.payments.append((at + timedelta(hours=1), worth))
            if rng.random() < 0.05:
                life.refunds.append((at + timedelta(days=3), worth // 2))
        chance = rng.random()
        after = at + timedelta(days=int(rng.integers(5, 27)))
        if chance < 0.06 and after < LAST:
            life.states.append((after, "canceled", 0))
            life.reason = REASONS[int(rng.integers(0, 4))]
            break
        if chance < 0.09 and after < LAST:  # retries ended; some pay two months later
            life.states.append((after, "unpaid", 0))
            if rng.random() < 0.5:
                break
            at += timedelta(days=60)
            continue
        if chance < 0.14 and after < LAST:
            worth = worth * 2
            life.states.append((after, "active", worth))
        elif chance < 0.17 and worth > 1000 and after < LAST:
            worth = worth // 2
            life.states.append((after, "active", worth))
        at += timedelta(days=30)
    life.states = [state for state in life.states if state[0] < LAST]
    return life


def _subscription(life: Life, at: datetime, status: str, worth: int) -> dict[str, Any]:
    plan = price(worth or PLANS[life.plan]) | {"id": life.plan, "currency": life.currency}
    told: dict[str, Any] = {
        **{"id": f"sub_{life.number}", "object": "subscription", "currency": life.currency},
        **{"customer": f"cus_{life.customer}", "status": status, "livemode": True},
        **{"created": _seconds(life.start), "start_date": _seconds(life.start)},
        **{"metadata": {}, "items": {"data": [{"id": f"si_{life.number}", "price": plan}]}},
    }
    if life.trial_end is not None:
        told |= {"trial_start": _seconds(life.start), "trial_end": _seconds(life.trial_end)}
    if status == "canceled":
        told |= {"canceled_at": _seconds(at), "ended_at": _seconds(at)}
        told |= {"cancellation_details": {"reason": life.reason}}
    return told


def _seconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1)).total_seconds())


def files_of(lives: list[Life]) -> dict[str, str]:
    """The export: events of subscriptions, invoices that are paid, refunds, customers."""
    told, bills, money = [], [], []
    for life in lives:
        for at, status, worth in life.states:
            body = _subscription(life, at, status, worth)
            told.append(event(len(told), "customer.subscription.updated", at.isoformat(), body))
        for at, worth in [each for each in life.payments if each[0] < LAST]:
            number = len(bills)
            paid = {"currency": life.currency, "created": _seconds(at), "charge": f"ch_{number}"}
            paid |= {"subscription": f"sub_{life.number}", "customer": f"cus_{life.customer}"}
            paid |= {"status_transitions": {"paid_at": _seconds(at)}, "total": worth}
            bills.append(invoice(number, "paid", worth, **paid))
            money.append(
                charge(number, worth, currency=life.currency, invoice=f"in_{number}")
                | {"customer": f"cus_{life.customer}", "created": _seconds(at)}
            )
            for back, amount in life.refunds:
                if timedelta(0) < back - at < timedelta(days=4) and back < LAST:
                    money.append(
                        {"id": f"re_{number}", "object": "refund", "charge": f"ch_{number}"}
                        | {"amount": amount, "currency": life.currency, "status": "succeeded"}
                        | {"created": _seconds(back)}
                    )
    people = [
        {"id": f"cus_{customer}", "object": "customer", "created": _seconds(FIRST)}
        | {"livemode": True, "metadata": {"user_id": f"u{customer}"}}
        for customer in sorted({life.customer for life in lives})
    ]
    # the last thing that is heard of: a customer who bought nothing
    people.append(
        {"id": "cus_x", "object": "customer", "created": _seconds(LAST), "livemode": True}
    )
    return {
        "events.jsonl": lines(*told),
        "invoices.jsonl": lines(*bills),
        "money.jsonl": lines(*money),
        "customers.jsonl": lines(*people),
        "heard.jsonl": lines(charge(10**6, 1, livemode=False, created=_seconds(LAST))),
    }


def tracked(lives: list[Life]) -> str:
    """What the product saw: everybody's visit at the start, and who used it in the trial."""
    rows = ["event,at,user,platform"]
    for life in lives:
        platform = ("web", "ios")[life.customer % 2]
        rows.append(f"visited,{life.start.isoformat(' ')},u{life.customer},{platform}")
        if life.used_in_trial:
            at = (life.start + timedelta(hours=5)).isoformat(" ")
            rows.append(f"report_built,{at},u{life.customer},{platform}")
    return "\n".join(rows) + "\n"
