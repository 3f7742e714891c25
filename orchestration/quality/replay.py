"""Replay: land and stage again, from the stored bytes, every delivery with quarantined records."""

from __future__ import annotations

import duckdb

from orchestration.config import Migration
from orchestration.landing.arrivals import ask_again
from orchestration.landing.manifest import manifests
from orchestration.warehouse import has_table, marts_file, open_work


def quarantine_of(migration: Migration, source: str | None = None) -> dict[tuple[str, str], int]:
    """Quarantined records by (source, reason) as of the last build."""
    path = marts_file(migration)
    if not path.exists():
        return {}
    with duckdb.connect(path, read_only=True) as connection:
        rows = connection.execute(
            """select source, reason, count(*) from quality.fct_quarantine
            where source = coalesce(?, source) group by all order by all""",
            [source],
        ).fetchall()
    return {(name, reason): count for name, reason, count in rows}


def prepare_replay(migration: Migration, source: str | None = None) -> int:
    """Ask for every delivery with quarantined records to be landed and staged again; how many."""
    path = marts_file(migration)
    if not path.exists():
        return 0
    with duckdb.connect(path, read_only=True) as connection:
        wanted = {
            row[0]
            for row in connection.execute(
                """select distinct delivery_id from quality.fct_quarantine
                where source = coalesce(?, source)""",
                [source],
            ).fetchall()
        }
    for name in [source] if source else list(migration.sources):
        for manifest in manifests(migration.landing_dir, name):
            if manifest.delivery_id in wanted:
                ask_again(migration, manifest)
    with open_work(migration) as connection:
        if wanted and has_table(connection, "control", "staged"):
            connection.executemany(
                "update control.staged set fingerprint = 'replay' where delivery_id = ?",
                [(each,) for each in wanted],
            )
            # staged anew, so its records are judged anew
            connection.executemany(
                "update control.built set fingerprint = 'replay' where delivery_id = ?",
                [(each,) for each in wanted],
            )
    return len(wanted)
