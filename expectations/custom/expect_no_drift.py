"""No delivery departs from its source's history in a given way."""

from typing import Any

from expectations.custom.rows import RowsExpectation


class ExpectNoDrift(RowsExpectation):
    """Expect no row to tell of `cause` (its name) with the verdict `drift`."""

    cause: str

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """A finding of that cause."""
        cause = str(arguments["cause"]).replace("'", "''").replace("{", "{{").replace("}", "}}")
        return f"cause = '{cause}' and verdict = 'drift'"
