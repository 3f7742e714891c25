"""One module a vendor: its intervals, its requests, and what a whole answer is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from orchestration.fetch.http import Client
from orchestration.fetch.parts import Fetcher
from orchestration.fetch.vendors.amplitude import AmplitudeExport
from orchestration.fetch.vendors.hubspot import HubSpotObjects
from orchestration.fetch.vendors.mixpanel import MixpanelExport
from orchestration.fetch.vendors.qualtrics import QualtricsExport
from orchestration.fetch.vendors.stripe import StripeLists
from orchestration.fetch.vendors.surveymonkey import SurveyMonkeyResponses
from orchestration.fetch.vendors.typeform import TypeformResponses
from orchestration.fetch.vendors.zigpoll import ZigpollResponses
from orchestration.source_config import SourceConfig

#: by vendor, from its settings, a client and the present time (UTC)
APIS: Mapping[str, Callable[[SourceConfig, Client, datetime], Fetcher]] = {
    "mixpanel": MixpanelExport,
    "amplitude": AmplitudeExport,
    "typeform": TypeformResponses,
    "qualtrics": QualtricsExport,
    "surveymonkey": SurveyMonkeyResponses,
    "zigpoll": ZigpollResponses,
    "hubspot": HubSpotObjects,
    "stripe": StripeLists,
}
