"""Counts of things that should not be there."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectRowCountsToBeZero(RowsExpectation):
    """Expect each of the given counts to be 0 in each row; a null was not measured, nor judged."""

    columns: list[str]

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """Some count is not 0."""
        return " or ".join(f"{quoted(column)} <> 0" for column in arguments["columns"])
