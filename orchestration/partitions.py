"""How runs are cut: landing by delivery, everything after it by day of the reporting zone."""

from __future__ import annotations

import dagster as dg

# Surveys and CRM exports reach back; a day without events costs nothing.
FIRST_DAY = "2000-01-01"

daily = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, end_offset=1)


def deliveries_of(source: str) -> dg.DynamicPartitionsDefinition:
    """One partition per delivery of a source, added as deliveries arrive."""
    return dg.DynamicPartitionsDefinition(name=f"deliveries_of_{source}")
