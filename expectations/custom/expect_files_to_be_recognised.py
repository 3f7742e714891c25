"""Files are of a shape somebody knows."""

from typing import Any

from expectations.custom.rows import RowsExpectation, quoted


class ExpectFilesToBeRecognised(RowsExpectation):
    """Expect every file to be recognised, or to look like another vendor's.

    The second is a rule of its own, which blocks: the file is known, only not by its source.
    """

    state: str
    looks_like: str

    @classmethod
    def condition(cls, arguments: dict[str, Any]) -> str:
        """Unrecognised, and like nothing known."""
        state, looks_like = quoted(arguments["state"]), quoted(arguments["looks_like"])
        return f"{state} = 'unrecognised' and {looks_like} is null"
