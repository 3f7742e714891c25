"""What recognition of survey downloads shares: the first rows of a table in a head."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from orchestration.sources.base import Head

DELIMITERS = ",\t;"


def first_rows(head: Head, delimiter: str, count: int = 2) -> list[list[str]]:
    """The first records that are not blank; a cell that the head cuts off is cut."""
    reader = csv.reader(io.StringIO(head.text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any(row):
                rows.append(row)
            if len(rows) == count:
                break
    except csv.Error:  # a cell longer than the reader takes
        return rows
    return rows


def delimiter_of(head: Head, first: Sequence[str]) -> str | None:
    """The delimiter under which the first header cell is one of these, else None."""
    for delimiter in DELIMITERS:
        if any(
            head.text.lstrip().startswith((f"{n}{delimiter}", f'"{n}"{delimiter}')) for n in first
        ):
            return delimiter
    return None
