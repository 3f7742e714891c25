"""Where a gate runs: an in-memory DuckDB of views, and the Great Expectations project over it.

Great Expectations has no DuckDB source. It is reached through SQLAlchemy with the dialect of
`expectations.custom.duckdb_dialect`, and through *table* assets over views, so every rule is a
count inside DuckDB; a query asset would fetch each row. This module imports Great Expectations only
inside `open_project`, since that takes some ten seconds.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from expectations import custom
from orchestration.errors import CannotFinish

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from sqlalchemy import Connection

RUNS_KEPT = 20
SITE = "local_site"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


class GateDatabase:
    """An in-memory DuckDB, shared under its address by every connection of this process."""

    def __init__(self, address: str, connection: "Connection") -> None:
        self.address = address
        self._connection = connection

    def execute(self, sql: str, failure: str = "a statement of the gate fails") -> None:
        """Run one statement that returns nothing. Raises CannotFinish, opening with `failure`."""
        self.rows(sql, failure)

    def rows(self, sql: str, failure: str = "a query of the gate fails") -> list[tuple[Any, ...]]:
        """The rows of a small result. Raises CannotFinish, opening with `failure`."""
        from sqlalchemy.exc import DBAPIError

        try:
            result = self._connection.exec_driver_sql(sql)
            found = [tuple(row) for row in result] if result.returns_rows else []
            self._connection.commit()
        except DBAPIError as error:
            self._connection.rollback()
            raise CannotFinish(f"{failure}: {error.orig}") from error
        return found

    def columns(self, view: str) -> set[str]:
        """The column names of a view."""
        return {str(row[0]) for row in self.rows(f"describe {identifier(view)}")}


@contextmanager
def open_database(views: Mapping[str, str], attach: Mapping[str, Path]) -> Iterator[GateDatabase]:
    """A database with the given files attached read-only and each view made from its SELECT.

    The files are detached at the end, so that this process may open them for writing again. Raises
    CannotFinish when a file cannot be attached or a view is no valid SQL.
    """
    import sqlalchemy as sa

    from expectations.custom import duckdb_dialect

    duckdb_dialect.register()
    address = f"{duckdb_dialect.NAME}:///:memory:gate_{uuid4().hex}"
    engine = sa.create_engine(address)
    try:
        with engine.connect() as connection:
            database = GateDatabase(address, connection)
            try:
                _fill(database, views, attach)
                yield database
            finally:
                for name in _attached(database, attach):
                    database.execute(f"detach {identifier(name)}")
    finally:
        engine.dispose()


def _fill(database: GateDatabase, views: Mapping[str, str], attach: Mapping[str, Path]) -> None:
    for name, path in attach.items():
        database.execute(
            f"attach {literal(str(path))} as {identifier(name)} (read_only)",
            f"cannot attach {path} to the gate",
        )
    for name, select in views.items():
        database.execute(
            f"create view {identifier(name)} as {select}", f"the gate's view {name} fails"
        )


def _attached(database: GateDatabase, attach: Mapping[str, Path]) -> list[str]:
    present = {row[0] for row in database.rows("select database_name from duckdb_databases()")}
    return [name for name in attach if name in present]


def open_project(docs_dir: Path | None) -> "EphemeralDataContext":
    """A Great Expectations project that lives as long as this gate.

    With `docs_dir`, validations and the Data Docs site are kept under it. It sends no usage
    figures and draws no progress bars, which would spoil a command's standard output.
    """
    # Read once, on import: setting it later has no effect.
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    if docs_dir is not None:
        _keep_docs(config, docs_dir)
    project = gx.get_context(project_config=config, mode="ephemeral")
    assert isinstance(project, EphemeralDataContext)
    return project


def _keep_docs(config: Any, docs_dir: Path) -> None:
    docs_dir.mkdir(parents=True, exist_ok=True)
    config.stores[config.validation_results_store_name]["store_backend"] = {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": str(docs_dir.resolve() / "validations"),
    }
    config.data_docs_sites = {
        SITE: {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs_dir.resolve() / "site"),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
    }


def write_docs(docs_dir: Path) -> int:
    """Write the Data Docs pages of validations that have none yet; how many they were.

    Once a run and for all its gates: each time, the site's index is written from every validation
    that is kept.
    """
    if not docs_dir.exists():
        return 0
    project = open_project(docs_dir)
    from great_expectations.data_context.types.resource_identifiers import (
        ValidationResultIdentifier,
    )

    def has_page(each: Any) -> bool:
        *folders, name = each.to_tuple()
        return Path(docs_dir, "site", "validations", *folders, f"{name}.html").exists()

    without_page = [
        each
        for each in project.validation_results_store.list_keys()
        if isinstance(each, ValidationResultIdentifier) and not has_page(each)
    ]
    if without_page:
        # A page shows an expectation that its class is known for, and the gate may have been
        # another process: a killed run's, or one of several of Dagster's.
        for module in iter_modules(custom.__path__, f"{custom.__name__}."):
            import_module(module.name)
        project.build_data_docs(resource_identifiers=without_page)
    return len(without_page)


def forget_old_runs(docs_dir: Path, stage: str, keep: int) -> None:
    """Remove the validations of all but the `keep` newest runs of a stage, and their pages.

    Both lie under `<suite>/<stage>/<run time>`, a time that sorts as text. Without this the site's
    index, which reads every validation, would make each gate slower than the one before.
    """
    runs = sorted(
        {path.name for path in docs_dir.glob(f"validations/*/{stage}/*") if path.is_dir()}
    )
    for run in runs[: max(0, len(runs) - keep)]:
        for root in (docs_dir / "validations", docs_dir / "site" / "validations"):
            for path in root.glob(f"*/{stage}/{run}"):
                shutil.rmtree(path)
