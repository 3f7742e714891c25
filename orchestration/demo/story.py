"""The story the demo tells: one app, one promotion, four tools, a script, two surveys, billing.

A communication tool runs a tax-deadline promotion from 2025-03-01 to 2025-04-15 and moves off
Mixpanel to Amplitude on the way. Its website is in Adobe too until the end of March, and the shop's
script gives way to Segment. Dates are those of the reporting time zone, America/New_York;
the clocks move forward on 2025-03-09, inside the promotion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

Kind = Literal["micro", "macro", "system"]
SECOND: Final = 1_000
HOUR: Final = 3_600 * SECOND
DAY: Final = 24 * HOUR

MIXPANEL: Final = "mixpanel_app"
AMPLITUDE: Final = "amplitude_app"
SHOP: Final = "shop_log"
SEGMENT: Final = "segment_shop"
ADOBE: Final = "adobe_web"
SURVEY: Final = "typeform_survey"
FEEDBACK: Final = "qualtrics_survey"
BILLING: Final = "stripe_billing"
CRM: Final = "hubspot_crm"
EVENT_SOURCES: Final = (MIXPANEL, AMPLITUDE, SHOP, SEGMENT, ADOBE)
SURVEY_SOURCES: Final = (SURVEY, FEEDBACK)
SOURCES: Final = (*EVENT_SOURCES, *SURVEY_SOURCES, BILLING, CRM)

REPORTING_ZONE: Final = "America/New_York"
MIXPANEL_ZONE: Final = "US/Pacific"
AMPLITUDE_PROJECT: Final = 434_900


@dataclass(frozen=True)
class Event:
    """One canonical event and the name each source gives it; None where a source never sends it."""

    name: str
    kind: Kind
    mixpanel: str | None = None
    amplitude: str | None = None
    shop: str | None = None
    segment: str | None = None
    property_name: str | None = None
    property_values: tuple[str, str, str] | None = None


EVENTS: Final = (
    Event("session_start", "system", "App Session Started", "session_start"),
    Event(
        "tax_form_uploaded",
        "micro",
        "Clicked Tax Form Upload",
        "tax_form_upload",
        property_name="form_type",
        property_values=("1040", "W2", "1099"),
    ),
    Event(
        "video_tutorial_started",
        "micro",
        "Started Video Tutorial",
        "video_tutorial_start",
        property_name="topic",
        property_values=("deductions", "e-filing", "refunds"),
    ),
    Event(
        "tax_reminder_enabled",
        "micro",
        "Enabled Tax Reminder",
        "tax_reminder_on",
        property_name="channel",
        property_values=("push", "email", "sms"),
    ),
    Event("message_shared", "micro", "Shared Message", "message_share"),
    Event(
        "feature_toggled",
        "micro",
        "Toggled Feature",
        "feature_toggle",
        property_name="feature",
        property_values=("dark_mode", "read_receipts", "quiet_hours"),
    ),
    Event("notification_opted_in", "micro", "Opted In To Notifications", "notification_opt_in"),
    Event("feature_tutorial_opened", "micro", "Opened Feature Tutorial", "feature_tutorial_open"),
    Event("chat_feature_tried", "micro", "Tried Chat Feature", "chat_feature_try"),
    Event("cart_opened", "micro", shop="basket_open", segment="Cart Opened"),
    Event("payment_started", "micro", shop="pay_start", segment="Payment Started"),
    Event("order_paid", "macro", shop="ORDER", segment="Order Paid"),
)
CODES: Final[Mapping[str, int]] = {event.name: code for code, event in enumerate(EVENTS)}
UNMAPPED: Final = len(EVENTS)
"""Code of an event whose name drifted: `Tax_Reminder_On`, which no alias knows."""
IDENTIFY: Final = len(EVENTS) + 1
GROUP_IDENTIFY: Final = len(EVENTS) + 2
MIXPANEL_NAMES: Final = (*((e.mixpanel or "") for e in EVENTS), "", "$identify", "")
AMPLITUDE_NAMES: Final = (
    *((e.amplitude or "") for e in EVENTS),
    "Tax_Reminder_On",
    "$identify",
    "$groupidentify",
)
SHOP_NAMES: Final = (*((e.shop or "") for e in EVENTS), "", "", "")
SEGMENT_NAMES: Final = (*((e.segment or "") for e in EVENTS), "", "", "")
ADOBE_SUITE: Final = "examplesuite"
ADOBE_EVENTS: Final = tuple(e.name for e in EVENTS if e.mixpanel)
"""Custom events of the suite by their number: the first is event1, whose id in a hit is 200."""
ADOBE_EVARS: Final = tuple(dict.fromkeys(e.property_name for e in EVENTS if e.property_name))
"""Properties by their variable: the first is eVar11."""
CANONICAL: Final = (*(e.name for e in EVENTS), "(unmapped)")

# share of an app visit's events after its session_start, before and after the onboarding fix
APP_EVENTS: Final = tuple(e.name for e in EVENTS if e.mixpanel and e.kind == "micro")
WEIGHTS_BEFORE: Final = (0.10, 0.14, 0.02, 0.30, 0.17, 0.05, 0.10, 0.12)
WEIGHTS_AFTER: Final = (0.14, 0.15, 0.11, 0.24, 0.12, 0.07, 0.09, 0.08)


@dataclass(frozen=True)
class Funnel:
    """Ordered canonical steps, counted per person inside a window of whole days."""

    name: str
    steps: Sequence[str]
    within_days: int


FUNNELS: Final = (
    Funnel("checkout", ("cart_opened", "payment_started", "order_paid"), 7),
    Funnel(
        "reminder_onboarding",
        ("video_tutorial_started", "tax_form_uploaded", "tax_reminder_enabled"),
        14,
    ),
)
SESSION_GAP: Final = 30 * 60 * SECOND
SESSION_CAP: Final = DAY


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


# the first instant of 1 March in Los Angeles and the last of 15 April in New York: inside both,
# no record has a date outside the promotion, whichever of the two zones it is written in
STORY_START: Final = int(datetime(2025, 3, 1, 8, tzinfo=UTC).timestamp()) * SECOND
STORY_END: Final = int(datetime(2025, 4, 16, 4, tzinfo=UTC).timestamp()) * SECOND
FIRST_DAY: Final = date(2025, 3, 1)
LAST_DAY: Final = date(2025, 4, 15)
ONBOARDING_FIXED: Final = date(2025, 3, 20)
PARALLEL_FROM: Final = date(2025, 3, 25)
PRIMARY_SWITCH: Final = date(2025, 4, 1)
MIXPANEL_UNTIL: Final = date(2025, 4, 5)
ADOBE_UNTIL: Final = date(2025, 4, 1)

PLATFORMS: Final = ("ios", "android", "web")
MIXPANEL_OS: Final = ("iOS", "Android", "Mac OS X")
AMPLITUDE_PLATFORM: Final = ("iOS", "Android", "Web")
AMPLITUDE_OS: Final = ("ios", "android", "Chrome")
CITIES: Final = (
    ("New York", "New York"),
    ("Austin", "Texas"),
    ("Seattle", "Washington"),
    ("Chicago", "Illinois"),
    ("Denver", "Colorado"),
    ("Miami", "Florida"),
    ("Portland", "Oregon"),
    ("Boston", "Massachusetts"),
)
CAMPAIGNS: Final = ("", "tax_deadline_2025", "spring_refund")
VERSIONS: Final = ("5.0.9", "5.1.3", "5.2.0")
VERSION_DAYS: Final = (date(2025, 3, 20), date(2025, 4, 8))

HOSTILE_IDS: Final = (
    'o\'brien "bob"',
    "semi;colon, comma",
    "receipt-\U0001f9fe-\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u65e5\u672c\u8a9e-\u00df-\u00fc",
    "back\\slash\\n",
    "'; drop table users;--",
    "<b onclick=alert(1)>x</b>",
    "=cmd|' /C calc'!A0",
    "line\u2028separator",
    "caf\u00e9",
    "cafe\u0301",
    '{"id": [1, 2]}',
)
"""Ids that break careless quoting; the two cafes differ in Unicode form only and are two users."""
