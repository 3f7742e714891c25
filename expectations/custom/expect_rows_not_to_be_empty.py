"""Counts that should not be 0, unless they often are."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectRowsNotToBeEmpty(RowsExpectation):
    """Expect `records` to be 1 or more in each row but those where `usually_empty` is true."""

    records: str
    usually_empty: str

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """Nothing came where something always came."""
        records, usual = quoted(arguments["records"]), quoted(arguments["usually_empty"])
        return f"{records} < 1 and not cast({usual} as boolean)"
