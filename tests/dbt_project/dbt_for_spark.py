"""dbt with a target of type spark and no Spark: a program that takes dbt's arguments.

dbt picks a dispatched macro by the type of the adapter. The one below is called spark, quotes as
Spark does and finds every relation missing, so `compile` renders each model as a first build on
Spark would. Nothing is ever executed.
"""

import sys
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from dbt.adapters.base.plugin import AdapterPlugin
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.cli.main import cli
from dbt.include import duckdb


@dataclass
class SparkCredentials(DuckDBCredentials):
    @property
    def type(self) -> str:
        return "spark"


class SparkConnections(DuckDBConnectionManager):
    TYPE = "spark"


@dataclass(frozen=True, eq=False, repr=False)
class SparkRelation(DuckDBRelation):
    quote_character: str = "`"


class SparkAdapter(DuckDBAdapter):
    ConnectionManager = SparkConnections
    Relation = SparkRelation

    @classmethod
    def quote(cls, identifier: str) -> str:
        return f"`{identifier}`"

    def list_relations_without_caching(self, schema_relation: Any) -> list[Any]:
        return []


module = ModuleType("dbt.adapters.spark")
module.Plugin = AdapterPlugin(  # type: ignore[attr-defined]
    adapter=SparkAdapter,  # type: ignore[arg-type]
    credentials=SparkCredentials,
    include_path=duckdb.PACKAGE_PATH,
)
sys.modules[module.__name__] = module
sys.modules[f"{module.__name__}.__version__"] = import_module("dbt.adapters.duckdb.__version__")

if __name__ == "__main__":
    cli()
