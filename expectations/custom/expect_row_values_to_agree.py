"""Two or more independent figures of one row are the same figure."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectRowValuesToAgree(RowsExpectation):
    """Expect the given columns of each row to hold one and the same value.

    A null disagrees with a value, for a count that is missing proves nothing; with
    `ignore_nulls` a row in which a figure is null is not compared (a vendor that states none).
    """

    columns: list[str]
    ignore_nulls: bool = False

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """Some column differs from the first one."""
        differs = "<>" if arguments["ignore_nulls"] else "is distinct from"
        first, *others = (quoted(column) for column in arguments["columns"])
        return " or ".join(f"{first} {differs} {other}" for other in others) or "false"
