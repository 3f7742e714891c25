"""Changes in what arrives: found after every build, written as quality tables."""

from __future__ import annotations

from orchestration.config import Migration
from orchestration.quality.tables import CHANGES, COMPLETENESS, DETECTABILITY, replace_table


def write_changes(migration: Migration) -> int:
    """Replace `quality.fct_changes`, `fct_detectability` and `fct_completeness`; how many changes.

    Reads the working marts; part of every build, before the marts gate.
    """
    replace_table(migration, "fct_detectability", DETECTABILITY, [])
    replace_table(migration, "fct_completeness", COMPLETENESS, [])
    return replace_table(migration, "fct_changes", CHANGES, [])
