"""What the tests of single vendors share: a migration of one source, and questions to it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.config import Migration
from orchestration.warehouse import marts_file, work_file
from tests.end_to_end import steps

TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""


def lines(*records: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def migrated(folder: Path, vendor: str, files: Mapping[str, bytes]) -> Migration:
    """The migration of one source, named `app`, after a run over these files."""
    (folder / "exports").mkdir()
    for name, content in files.items():
        (folder / "exports" / name).write_bytes(content)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    config = folder / "migration.yaml"
    config.write_text(
        "home: home\ntaxonomy: taxonomy.yaml\n"
        f"sources: {{app: {{vendor: {vendor}, location: exports}}}}\n"
    )
    return steps.run(config)


def fates(migration: Migration) -> dict[str, int]:
    return {fate: count for fate, count in steps.ledger(migration)["app"].items() if count}


def ask(migration: Migration, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over both warehouse files: `work.<schema>.` and `warehouse.<schema>.`."""
    with duckdb.connect() as connection:
        for name, path in (("work", work_file(migration)), ("warehouse", marts_file(migration))):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        return connection.execute(query).fetchall()
