"""One way to read a small CSV of the company's own: typed cells, errors with file and line.

A file is UTF-8 with a header. Cells are stripped; an empty one means what its column says it does.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.yaml_models import nearest

LAST_DAY = date(9999, 12, 31)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Column:
    """How the cells of a column are read.

    `read` raises ValueError with what is wrong and how to mend it. `must_be_there` is asked of the
    header, `must_be_filled` of every cell; an empty cell of any other column is `empty`.
    """

    read: Callable[[str], Any]
    must_be_there: bool = False
    must_be_filled: bool = False
    empty: Any = None


@dataclass(frozen=True)
class Row:
    """One line of a file: its cells by column, and where it stands as `file:line`."""

    where: str
    cells: Mapping[str, Any]


def read_rows(kind: str, path: Path, columns: Mapping[str, Column]) -> Iterator[Row]:
    """The lines of a context file in their order.

    Raises ConfigurationError with file and line of the first line that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: context.{kind} cannot be read ({error}); write it as UTF-8 CSV or remove the"
            " setting"
        ) from error
    reader = csv.DictReader(text.splitlines())
    header = reader.fieldnames or ()
    for name in header:
        if name not in columns:
            near = nearest(name, columns)
            hint = f"did you mean '{near}'?" if near else f"known: {', '.join(columns)}"
            raise ConfigurationError(f"{path}:1: unknown column '{name}'; {hint}")
    for name, column in columns.items():
        if column.must_be_there and name not in header:
            raise ConfigurationError(f"{path}:1: column '{name}' is missing; add it")
    for line in reader:
        where = f"{path}:{reader.line_num}"
        if None in line:
            raise ConfigurationError(
                f"{where}: more cells than columns; put a text with a comma in double quotes"
            )
        yield Row(
            where, {name: _cell(line.get(name), name, columns[name], where) for name in columns}
        )


def _cell(text: str | None, name: str, column: Column, where: str) -> Any:
    given = (text or "").strip()
    if not given:
        if column.must_be_filled:
            raise ConfigurationError(f"{where}: {name} is empty; say what it is")
        return column.empty
    try:
        return column.read(given)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {name} '{given}' {error}") from None


def day(text: str) -> date:
    """A date of the reporting zone, written like 2025-03-01."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date; write it like 2025-03-01") from None


def flag(text: str) -> bool:
    """Yes or no."""
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise ValueError("is neither true nor false; write one of them") from None


def number(text: str) -> float:
    """A finite number, with a point and without thousands separators."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("is no number; write it like 1200.5")
    return value


def not_negative(text: str) -> float:
    """A number of at least 0."""
    value = number(text)
    if value < 0:
        raise ValueError("is below 0; write it without the sign")
    return value


def currency(text: str) -> str:
    """An ISO 4217 code."""
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError("is no currency; write its code like EUR")
    return text.upper()
