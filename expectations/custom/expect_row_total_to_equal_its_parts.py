"""A total of each row is the sum of its parts: the law of the ledger."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectRowTotalToEqualItsParts(RowsExpectation):
    """Expect `total` to be the sum of `parts` in each row; a null on either side breaks it."""

    total: str
    parts: list[str]

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """The sum is another figure, or unknown."""
        total = quoted(arguments["total"])
        parts = " + ".join(quoted(part) for part in arguments["parts"])
        return f"{total} is null or {total} is distinct from {parts}"
