"""Which dictionary a verb works on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.common import migration_of

TAXONOMY_VARIABLE = "WAYBILL_TAXONOMY"

TaxonomyOption = Annotated[
    Path | None,
    typer.Option(
        "--taxonomy",
        help="taxonomy.yaml; else WAYBILL_TAXONOMY, else the one that migration.yaml names.",
        show_default=False,
    ),
]


def dictionary_path(taxonomy: Path | None, config: Path | None = None) -> Path:
    """The dictionary's file. Only where no option or variable names it, migration.yaml is read."""
    if taxonomy is not None:
        return taxonomy
    if named := os.environ.get(TAXONOMY_VARIABLE):
        return Path(named).expanduser()
    return migration_of(config).taxonomy
