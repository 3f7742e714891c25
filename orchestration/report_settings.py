"""What configuration says of legacy reports, as a control table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from orchestration.config import Migration

COLUMNS = ("source", "report", "metric", "definition", "unit", "grain", "timezone")


def report_table(migration: Migration) -> tuple[str, list[dict[str, Any]], pa.Schema]:
    """Name, rows (one per source, report and metric) and schema of the table of metrics."""
    rows = [
        {
            "source": source,
            "report": name,
            "metric": metric,
            "definition": each.definition,
            "unit": each.unit,
            "grain": report.grain,
            "timezone": config.timezone or "UTC",
        }
        for source, config in migration.sources.items()
        for name, report in (config.reports or {}).items()
        for metric, each in report.metrics.items()
    ]
    return "legacy_metrics", rows, pa.schema([(column, pa.string()) for column in COLUMNS])
