"""dbt's own docs as one page: every model with its columns, code and lineage.

They say nothing of the data, so they are made anew only when the project, the settings of its
models or the event dictionary changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil

from orchestration.config import Migration
from orchestration.dbt import PROJECT, dbt_vars, run_dbt
from orchestration.taxonomy import dbt_docs
from orchestration.whole_files import replacing, write_whole

_FOLDERS = ("models", "macros", "analyses")
_STATIC = "static_index.html"


def write_models(migration: Migration) -> bool:
    """Write `migration.models_page`; False where the one that is there still says what is so.

    The caller holds the lock of the warehouse, whose columns and types dbt reads; it must have been
    built. Raises CannotFinish with what dbt says.
    """
    page, note = migration.models_page, migration.dbt_dir / "documented"
    print_now = _fingerprint(migration)
    if page.exists() and note.exists() and note.read_text(encoding="utf-8") == print_now:
        return False
    # Compiling every model would take ten times as long as all the rest, to show the same queries
    # once more with names in them. The dictionary is of this run, the manifest of before it.
    run_dbt(migration, "parse")
    run_dbt(migration, "docs", "generate", "--static", "--no-compile")
    with replacing(page) as partial:
        shutil.copyfile(migration.dbt_dir / "target" / _STATIC, partial)
    write_whole(note, print_now)
    return True


def _fingerprint(migration: Migration) -> str:
    """A hash of all that the page shows."""
    digest = hashlib.sha256(json.dumps(dbt_vars(migration), sort_keys=True).encode())
    files = [path for folder in _FOLDERS for path in sorted((PROJECT / folder).rglob("*"))]
    for path in [*files, PROJECT / "dbt_project.yml", migration.dbt_docs_dir / dbt_docs.FILE]:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
