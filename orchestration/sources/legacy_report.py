"""Reports that people saw before: charts saved as CSV, report downloads, extracts of BI tools.

Nobody's form: what a file holds is said by `reports` of the source. Vendors put titles and notes
above the table, and what is above the row with the configured columns is passed over.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePath

from orchestration.landing.report_rows import decoded, find_header
from orchestration.report_config import LegacyReport
from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head
from orchestration.sources.objects import ObjectSource


class LegacyReports(ObjectSource):
    """CSV of figures that `reports` describes, whatever tool it is from."""

    vendor = "legacy_report"
    envelope = {"report": ("report",), "period": ("period",)}
    raw_date = '"period"'
    time_sql = '"period"'
    dedupe_rule = "report, segment, period and figures; of two files with one figure the later name"
    identity_rule = "none: figures are about nobody"
    time_rule = "days of the report's own zone, as written"
    seen = "none: synthetic only, after what vendors' pages show"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the name of the file, and a row with the report's columns."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        report = _report_of(head, config)
        if report is None or find_header(decoded(head.data), report[1]) is None:
            return None
        return Framing("report", object_type="figure", report=report)

    def advice(self, head: Head, config: SourceConfig | None = None) -> str | None:
        """Which columns a report's file should have and has not."""
        if config is None:
            return None
        report = _report_of(head, config)
        if report is None:
            return "no report of the source has a pattern in `files` for it"
        wanted = ", ".join(report[1].columns) or "a day, week or month"
        return f"report {report[0]}: no row within its first 60 has the columns {wanted}"


def _report_of(head: Head, config: SourceConfig | None) -> tuple[str, LegacyReport] | None:
    """The first report whose pattern the file's path, or its name alone, fits."""
    reports = (config.reports if config is not None else None) or {}
    for name, report in reports.items():
        if fnmatch(head.name, report.files) or fnmatch(PurePath(head.name).name, report.files):
            return name, report
    return None
