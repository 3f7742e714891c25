"""How dbt is told about a migration, and run: in this process, since a start costs ten seconds.

A build that is killed takes its dbt with it, so nothing goes on writing the warehouse unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.config import Migration
from orchestration.errors import CannotFinish
from orchestration.privacy import key_of, personal_pattern
from orchestration.whole_files import replacing

PROJECT = Path(__file__).parent.parent / "dbt_project"


def code_fingerprint(*folders: str) -> str:
    """Hash of the SQL below some folders of the project: changed models are built anew."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.sql")):
            digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def dbt_vars(migration: Migration) -> dict[str, Any]:
    """Variables of the models: settings alone, since a change has dbt parse all anew."""
    return {
        "reporting_timezone": migration.reporting_timezone,
        "session_timeout_seconds": round(migration.sessions.timeout_minutes * 60),
        "sessions_use_vendor": migration.sessions.use_vendor,
        "funnels": {name: funnel.variables() for name, funnel in migration.funnels.items()},
        **migration.mart_variables,
    }


def dbt_environment(migration: Migration) -> dict[str, str]:
    """Environment of dbt: where the warehouse and dbt's own output are; telemetry off.

    WAYBILL_TODAY is the open date in the reporting zone.
    """
    today = datetime.now(UTC).astimezone(ZoneInfo(migration.reporting_timezone)).date()
    return {
        "WAYBILL_TODAY": today.isoformat(),
        "WAYBILL_PERSONAL_PATTERN": personal_pattern(migration),
        "DBT_ENV_SECRET_WAYBILL_KEY": key_of(migration),  # dbt keeps such names out of its logs
        "WAYBILL_WAREHOUSE_DIR": str(migration.warehouse_dir.absolute()),
        "WAYBILL_DOCS_DIR": str(migration.dbt_docs_dir.absolute()),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str((migration.dbt_dir / "target").absolute()),
        "DBT_LOG_PATH": str((migration.dbt_dir / "logs").absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


@dataclass(frozen=True)
class BuiltModel:
    """A model that dbt built, and the seconds it took."""

    stage: str
    name: str
    seconds: float


def run_dbt(
    migration: Migration, *arguments: str, tell: Callable[[str], None] = lambda _: None
) -> Sequence[BuiltModel]:
    """Run a dbt command on a migration's warehouse; the models it built, in their order.

    `tell` hears of every model as it ends. Raises CannotFinish with what dbt says of the first
    failure. dbt holds the warehouse's files open until the end of the call, not longer.
    """
    # writing dbt's files takes seconds, and of a run nobody reads them
    quiet = ["--no-write-json"] if arguments[0] == "run" else []
    done = _invoke(migration, *quiet, *arguments, tell=tell)
    results = getattr(done, "results", ())
    return [BuiltModel(r.node.schema, r.node.name, r.execution_time) for r in results]


def parsed_manifest(migration: Migration) -> Path:
    """dbt's manifest for Dagster, made anew when a file of the project is newer.

    dbt writes its own in place, where a killed parse leaves half of one; this one is there whole
    or not at all. Raises CannotFinish with what dbt says.
    """
    path = migration.dbt_dir / "manifest.json"
    files = (file for folder in ("models", "macros") for file in (PROJECT / folder).rglob("*"))
    newest = max(file.stat().st_mtime for file in [*files, PROJECT / "dbt_project.yml"])
    if not path.exists() or path.stat().st_mtime <= newest:
        manifest = _invoke(migration, "parse")
        with replacing(path) as partial:
            manifest.write(str(partial))
    return path


def _invoke(
    migration: Migration, *arguments: str, tell: Callable[[str], None] = lambda _: None
) -> Any:
    """What dbt gives as the result of a command. Raises CannotFinish."""
    # dbt takes seconds to import, and most commands need none of it
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        if event.info.name == "LogModelResult":
            tell(event.info.msg.strip())

    os.environ.update(dbt_environment(migration))
    command = ["--quiet", *arguments, "--project-dir", str(PROJECT)]
    try:
        done = dbtRunner(callbacks=[on_event]).invoke(
            [*command, "--vars", json.dumps(dbt_vars(migration))]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    verb = next(argument for argument in arguments if not argument.startswith("-"))
    if done.exception is not None:
        raise CannotFinish(f"dbt {verb}: {done.exception}") from done.exception
    results = getattr(done.result, "results", ())
    failed = [r for r in results if r.status in ("error", "fail")]
    if failed or not done.success:
        told = f"{failed[0].node.name}: {failed[0].message}" if failed else "dbt gave no reason"
        raise CannotFinish(f"dbt {verb}: {told}")
    return done.result
