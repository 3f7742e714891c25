"""Vendors by name. Adding a vendor is one module here, one staging model, and fixtures."""

from __future__ import annotations

from orchestration.config import SourceConfig
from orchestration.sources.amplitude import Amplitude
from orchestration.sources.base import Framing, Head, Source
from orchestration.sources.mixpanel import Mixpanel
from orchestration.sources.tabular import Tabular
from orchestration.sources.typeform import Typeform

REGISTRY: dict[str, Source] = {
    source.vendor: source for source in (Mixpanel(), Amplitude(), Typeform(), Tabular())
}


def recognise(head: Head) -> tuple[str, Framing] | None:
    """The first vendor whose form this file has. `tabular` takes what no vendor claims."""
    for vendor, source in REGISTRY.items():
        framing = source.recognise(head)
        if framing is not None:
            return vendor, framing
    return None


__all__ = ["REGISTRY", "Framing", "Head", "Source", "SourceConfig", "recognise"]
