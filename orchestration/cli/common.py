"""What every verb shares: configuration, output, progress, and how errors end a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from orchestration.errors import CannotFinish

if TYPE_CHECKING:
    import duckdb

    from orchestration.config import Migration

# Tables go to standard output, everything said on the way to standard error.
out = Console()
err = Console(stderr=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="migration.yaml; else WAYBILL_CONFIG, else orchestration/migration.yaml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def migration_of(config: Path | None) -> Migration:
    """The migration a verb works on. Raises ConfigurationError with every problem of its file."""
    from orchestration.config import load_migration

    return load_migration(config)


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


@contextmanager
def open_snapshot(config: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to what readers see. Raises CannotFinish before a first run."""
    import duckdb

    from orchestration.warehouse import readable_file

    path = readable_file(migration_of(config))
    if not path.exists():
        raise CannotFinish(f"{path} does not exist yet; start with `waybill run`")
    with duckdb.connect(path, read_only=True) as connection:
        yield connection


def thousands(number: int) -> str:
    """12345 as people read it; zero as a dot, so that what is not zero stands out."""
    return f"{number:,}" if number else "·"
