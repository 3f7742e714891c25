"""Vendors by name. Adding a vendor is one module here, one staging model, and fixtures."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.source_config import SourceConfig
from orchestration.sources.adobe_analytics import AdobeAnalytics
from orchestration.sources.amplitude import Amplitude
from orchestration.sources.base import Framing, Head, Source
from orchestration.sources.failed_events import FailedEvents
from orchestration.sources.ga4 import Ga4
from orchestration.sources.hubspot import HubSpot
from orchestration.sources.legacy_report import LegacyReports
from orchestration.sources.marketing_automation import MarketingAutomation
from orchestration.sources.mixpanel import Mixpanel
from orchestration.sources.posthog import Posthog
from orchestration.sources.qualtrics import Qualtrics
from orchestration.sources.rudderstack import RudderStack
from orchestration.sources.salesforce import Salesforce
from orchestration.sources.segment import Segment
from orchestration.sources.snowplow import Snowplow
from orchestration.sources.stripe import Stripe
from orchestration.sources.surveymonkey import SurveyMonkey
from orchestration.sources.tabular import Tabular
from orchestration.sources.typeform import Typeform
from orchestration.sources.zendesk import Zendesk
from orchestration.sources.zigpoll import Zigpoll

REGISTRY: dict[str, Source] = {
    source.vendor: source
    for source in (
        # their records have `properties`, by which Mixpanel knows its own; violations are calls
        *(RudderStack(), FailedEvents(), Segment(), Posthog(), HubSpot()),
        *(Mixpanel(), Amplitude(), Ga4(), Snowplow()),
        *(Typeform(), Qualtrics(), SurveyMonkey(), Zigpoll()),
        *(Stripe(), Salesforce(), Zendesk(), MarketingAutomation()),
        LegacyReports(),
        *(AdobeAnalytics(), Tabular()),
    )
}
EVENT_VENDORS = tuple(vendor for vendor, source in REGISTRY.items() if source.kind == "events")
SURVEY_VENDORS = tuple(vendor for vendor, source in REGISTRY.items() if source.kind == "survey")
OBJECT_VENDORS = tuple(vendor for vendor, source in REGISTRY.items() if source.kind == "objects")
#: what objects are loaded into: a kind of object is in one of these marts
OBJECT_MARTS = (
    "fct_subscriptions",
    "fct_invoices",
    "fct_opportunities",
    "fct_support_tickets",
    "fct_ticket_changes",
    "fct_campaign_touches",
    "fct_legacy_figures",
    "fct_failed_events",
)
#: what the staging model of a vendor is called after: `stg_<vendor>__<this>`
STAGED_AS = {"events": "events", "survey": "responses", "objects": "objects"}


def recognise(head: Head, sources: Mapping[str, Source] = REGISTRY) -> tuple[str, Framing] | None:
    """The first vendor whose form this file has. `tabular` takes what no vendor claims."""
    for vendor, source in sources.items():
        if vendor == "tabular" and advice(head, sources):
            return None
        framing = source.recognise(head)
        if framing is not None:
            return vendor, framing
    return None


def advice(head: Head, sources: Mapping[str, Source] = REGISTRY) -> str | None:
    """What a vendor says of a file that is its own by name, and cannot be read as it is."""
    for vendor, source in sources.items():
        if told := source.advice(head):
            return f"{vendor}: {told}"
    return None


__all__ = [
    "EVENT_VENDORS",
    "OBJECT_MARTS",
    "OBJECT_VENDORS",
    "REGISTRY",
    "STAGED_AS",
    "SURVEY_VENDORS",
    "Framing",
    "Head",
    "Source",
    "SourceConfig",
    "advice",
    "recognise",
]
