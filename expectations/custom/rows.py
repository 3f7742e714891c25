"""The base of our expectations: no row of the view meets a condition, counted inside the database.

Great Expectations' own `UnexpectedRowsExpectation` also fetches the rows it found. Figures are all
a gate needs, and rows may hold personal data, so only the count is asked for here.
"""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.core.unexpected_rows_expectation import (
    UnexpectedRowsExpectation,
)


def quoted(column: str) -> str:
    """A column name as an SQL identifier, braces doubled because the query is a format string."""
    return '"' + column.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


class RowsExpectation(UnexpectedRowsExpectation):
    """Expect no row to meet the condition a subclass states."""

    unexpected_rows_query: str = ""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """The SQL condition of an offending row."""
        raise NotImplementedError(cls.__name__)

    # After the fields, not in their defaults: the query is built from the checked arguments, and
    # again when the suite is read back from the store.
    @pydantic.root_validator(skip_on_failure=True)
    def _state_query(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        condition = cls.condition(arguments)
        return arguments | {"unexpected_rows_query": f"select 1 from {{batch}} where {condition}"}

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}
