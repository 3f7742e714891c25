"""Events that never arrive, while every file is whole."""

from __future__ import annotations

from functools import partial

from benchmarks.scorecard.faults.base import ALL, Fault, lost, named, platform, version
from benchmarks.scorecard.sources import ADOBE, AMPLITUDE, MIXPANEL, SEGMENT, SHOP

_loss = partial(Fault, family="loss", hour=6)

FAULTS = (
    _loss(
        name="platform_outage",
        sources=(MIXPANEL,),
        what="the tag of one platform stops",
        segment=("ios",),
        sizes=ALL,
        rows=lost(platform("ios")),
    ),
    _loss(
        name="version_outage",
        sources=(AMPLITUDE,),
        what="the newest version sends nothing",
        segment=("5.2.0",),
        sizes=ALL,
        rows=lost(version("5.2.0")),
    ),
    _loss(
        name="event_outage",
        sources=(AMPLITUDE,),
        what="one event is no longer sent",
        segment=("form_uploaded",),
        sizes=ALL,
        rows=lost(named("form_uploaded")),
    ),
    _loss(
        name="source_outage",
        sources=(ADOBE,),
        what="a source sends nothing from an hour on",
        sizes=ALL,
        rows=lost(),
    ),
    _loss(
        name="loss_on_platform",
        sources=(AMPLITUDE,),
        what="a script conflict on one platform",
        segment=("android",),
        rows=lost(platform("android")),
    ),
    _loss(
        name="loss_on_platform_of_few",
        sources=(SEGMENT,),
        what="the same where there are few events",
        segment=("android",),
        rows=lost(platform("android")),
    ),
    _loss(
        name="loss_on_version",
        sources=(AMPLITUDE,),
        what="a bug of the newest version",
        segment=("5.2.0",),
        rows=lost(version("5.2.0")),
    ),
    _loss(
        name="loss_of_event",
        sources=(AMPLITUDE,),
        what="one event is sent less often than it happens",
        segment=("tutorial_started",),
        rows=lost(named("tutorial_started")),
    ),
    _loss(
        name="loss_of_source",
        sources=(MIXPANEL,),
        what="a part of all events of a source is dropped",
        rows=lost(),
    ),
    _loss(
        name="loss_of_source_of_few",
        sources=(SEGMENT,),
        what="the same where there are few events",
        rows=lost(),
    ),
    _loss(
        name="client_loses_server_keeps",
        sources=(SEGMENT,),
        what="clients lose what the server logs",
        segment=("payment_started", "order_paid"),
        rows=lost(named("Payment Started", "Order Paid")),
    ),
    _loss(
        name="funnel_step_broken",
        sources=(SEGMENT, SHOP),
        what="people cannot pay any more, which every tool tells rightly",
        segment=("payment_started", "checkout"),
        rows=lost(named("Payment Started", "Order Paid", "pay_start", "ORDER"), unit="visit"),
    ),
    _loss(
        name="consent_banner",
        sources=(AMPLITUDE, MIXPANEL, ADOBE),
        what="people without an account refuse to be tracked",
        rows=lost(lambda rows: rows["user_id"].isna(), unit="device_id"),
    ),
)
