"""Reading files of other tools: JSON, YAML and CSV, each refused in plain words where broken."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.yaml_documents import YamlDocument


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigurationError where there is none or it is not UTF-8."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; give the right path") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{path}:{line}: not UTF-8; save the file as UTF-8 and import it again"
        ) from None
    if not text.strip():
        raise ConfigurationError(f"{path}: the file is empty; export it again")
    return text


def read_json(path: Path) -> Any:
    """The value in a JSON file; whole numbers of any size survive.

    Raises ConfigurationError where it is not JSON, says a key twice or holds a number that is none.
    """
    text = read_text(path)
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        is_torn = error.pos >= len(text.rstrip()) - 1
        torn = "; the file seems cut off, export it again" if is_torn else ""
        raise ConfigurationError(f"{path}:{error.lineno}: not JSON: {error.msg}{torn}") from None
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{path}: holds half of a surrogate pair, which is no text; export it again"
        ) from None
    except _Twice as error:
        raise ConfigurationError(f"{path}: {error}; keep one of them") from None
    except _NoNumber as error:
        raise ConfigurationError(f"{path}: {error} is no number of JSON; mend it") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: nests too deep to be a tracking plan") from None
    return value


class _Twice(Exception):
    """A key stands twice in one object."""


class _NoNumber(Exception):
    """A number that is none, or too large."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _Twice(f"the key '{twice}' stands twice in one object")
    return found


def _no_number(text: str) -> Any:
    raise _NoNumber(text)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _NoNumber(text)
    return number


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigurationError with file and line where there is none.

    Plain words are read as JSON would: a date stays text.
    """
    read_text(path)
    return dict(YamlDocument(path).value)


def is_csv(path: Path) -> bool:
    """Whether a file is taken for a table, by its name."""
    return path.suffix.lower() == ".csv"


def read_table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a CSV file, and its rows that hold anything, each with its line.

    Rows are filled up to the header. Raises ConfigurationError where one is longer.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    header: list[str] = []
    try:
        for row in reader:
            if not header:
                header = [cell.strip() for cell in row]
            elif any(row):
                if len(row) > len(header):
                    raise ConfigurationError(
                        f"{path}:{reader.line_num}: {len(row)} cells under {len(header)} columns; "
                        "export the file again, or quote the commas in it"
                    )
                rows.append((reader.line_num, [*row, *[""] * (len(header) - len(row))]))
    except csv.Error as error:
        raise ConfigurationError(f"{path}:{reader.line_num}: not CSV: {error}") from None
    return header, rows


def write_table(header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """CSV text of rows by column, as RFC 4180; a column without a value is an empty cell."""
    out = io.StringIO(newline="")
    # Ending lines in both characters also has cells with either of them quoted.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([row.get(column, "") for column in header])
    return out.getvalue()


def write_json(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
