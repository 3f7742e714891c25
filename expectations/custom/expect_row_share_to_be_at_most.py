"""A part of each row's whole stays within a share."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectRowShareToBeAtMost(RowsExpectation):
    """Expect `part` to be at most `limit` (a fraction of 1) of `whole` in each row.

    Of a whole of 0 no part is allowed. A row whose part or whole is null is not judged.
    """

    part: str
    whole: str
    limit: float

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """The part is larger than its allowance."""
        part, whole = quoted(arguments["part"]), quoted(arguments["whole"])
        return f"{part} > {float(arguments['limit'])!r} * {whole}"
