"""A source's configured time zone fits the stamps its vendor set on receipt."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectClockToAgreeWithReceipt(RowsExpectation):
    """Expect live events to be received in the quarter hour in which they happened.

    `lag` is the typical lag of the `rows` live events in quarter hours after the configured zone
    was applied: zones differ by whole quarter hours, so any other lag than 0 is a wrong zone. With
    fewer than `minimum_rows` live events, or no lag (null), there is nothing to judge.
    """

    lag: str
    rows: str
    minimum_rows: int

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """Enough live events, and they lag."""
        lag, rows = quoted(arguments["lag"]), quoted(arguments["rows"])
        return f"{rows} >= {int(arguments['minimum_rows'])} and {lag} <> 0"
