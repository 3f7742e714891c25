"""The company's context as control tables, for the models that compare with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.context_config import CompanyContext

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_TEXT, _FLAG, _DATE, _NUMBER = pa.string(), pa.bool_(), pa.date32(), pa.float64()
_DATES = {"starts_on": _DATE, "ends_on": _DATE}
SCHEMAS: dict[str, pa.Schema] = {
    table: pa.schema(list(columns.items()))
    for table, columns in {
        "context_periods": {
            **{"kind": _TEXT, "name": _TEXT, **_DATES, "source": _TEXT, "event_name": _TEXT},
            **{"platform": _TEXT, "competitor": _TEXT},
        },
        "context_experiments": {
            **{"experiment": _TEXT, "variant": _TEXT, "is_control": _FLAG, **_DATES},
            **{"exposure_event": _TEXT, "share": _NUMBER},
        },
        "context_resources": {
            **{"resource": _TEXT, "event_name": _TEXT, **_DATES, "per_event": _NUMBER},
            **{"unit": _TEXT, "warning": _NUMBER, "critical": _NUMBER},
            "capacity": _NUMBER,
        },
        "context_targets": {
            **{"metric": _TEXT, **_DATES, "value": _NUMBER, "event_name": _TEXT},
            **{"dimension": _TEXT, "segment": _TEXT},
        },
        "context_costs": {
            **{"intervention": _TEXT, **_DATES, "cost": _NUMBER, "currency": _TEXT},
            "event_name": _TEXT,
        },
    }.items()
}
# As the files and the code call them, and as the tables do: `end` is a word of SQL.
_NAMES = {"start": "starts_on", "end": "ends_on", "event": "event_name"}


def context_tables(
    context: CompanyContext,
) -> Iterator[tuple[str, list[dict[str, Any]], pa.Schema]]:
    """Each control table with its rows and its schema; dates are those of the reporting zone."""
    lines: dict[str, Sequence[DataclassInstance]] = {
        "context_periods": context.periods,
        "context_experiments": context.experiments,
        "context_resources": context.resources,
        "context_targets": context.targets,
        "context_costs": context.costs,
    }
    for table, schema in SCHEMAS.items():
        rows = [
            {_NAMES.get(name, name): value for name, value in asdict(line).items()}
            for line in lines[table]
        ]
        yield table, rows, schema
