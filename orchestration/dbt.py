"""How dbt is told about a migration: variables and environment. Running it is the caller's."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.config import Migration

PROJECT = Path(__file__).parent.parent / "dbt_project"


def code_fingerprint(*folders: str) -> str:
    """Hash of the SQL below some folders of the project: changed models are built anew."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.sql")):
            digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def dbt_vars(migration: Migration) -> dict[str, Any]:
    """Variables of the models. `today` is the open date in the reporting zone."""
    today = datetime.now(UTC).astimezone(ZoneInfo(migration.reporting_timezone)).date()
    return {
        "reporting_timezone": migration.reporting_timezone,
        "session_timeout_seconds": round(migration.sessions.timeout_minutes * 60),
        "sessions_use_vendor": migration.sessions.use_vendor,
        "today": today.isoformat(),
        "funnels": {
            name: {
                "steps": funnel.steps,
                "within_seconds": None
                if funnel.within is None
                else int(funnel.within.total_seconds()),
                "per": funnel.per,
            }
            for name, funnel in migration.funnels.items()
        },
    }


def dbt_environment(migration: Migration) -> dict[str, str]:
    """Environment of a dbt process: where the warehouse and dbt's own output are; telemetry off."""
    return {
        "WAYBILL_WAREHOUSE_DIR": str(migration.warehouse_dir.absolute()),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str((migration.dbt_dir / "target").absolute()),
        "DBT_LOG_PATH": str((migration.dbt_dir / "logs").absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
