"""Framing of reports that people saw before: rows of figures below whatever stands on top.

Such files are small and made for eyes: titles above the header, tabs before names, signs and
thousands separators in numbers. A record is a row of the table; what is above the header is none.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from orchestration.landing.framing import Tally, batch, one_record
from orchestration.landing.tables import NotFramable, whole_document
from orchestration.report_config import Grain, LegacyReport

DELIMITERS = ",\t;"
ROWS_ABOVE = 60
DATES = ("%Y-%m", "%b %d, %Y", "%B %d, %Y", "%b %Y", "%B %Y", "%Y/%m/%d", "%Y%m%d")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
NO_NUMBER = {"", "-", "--", "\u2013", "\u2014", "n/a", "na", "null", "none"}


def frame_report(
    blocks: Iterable[bytes],
    tally: Tally,
    member: str | None = None,
    *,
    name: str,
    report: LegacyReport,
    torn: Iterable[str | None] = (),
) -> Iterator[pa.RecordBatch]:
    """Frame the rows below the header of a report, with what they say as JSON in `record`.

    `{"report", "segment": {...}, "period": first day, "figures": [{"metric", "period_start",
    "period_end", "value", "text"}]}`; days are those of the report's own zone, values exact decimal
    text, null where the cell holds no number. A row of another width has error
    `wrong_column_count`, one whose period cannot be read `unreadable_period`.
    """
    text = decoded(whole_document(blocks, tally))
    tally.torn = next(iter(torn), None)
    found = find_header(text, report)
    if found is None:  # it was there when the file was recognised
        raise NotFramable(f"no row has the columns of report {name}")
    delimiter, header, begin = found
    raws: list[bytes] = []
    records: list[str | None] = []
    errors: list[str | None] = []
    for raw, cells in _rows(text, delimiter, begin):
        if not any(cell.strip() for cell in cells):
            tally.blank_lines += 1
            continue
        row = None
        if len(cells) == len(header):
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        record = _record(row, name, report) if row is not None else None
        raws.append(raw.encode())
        records.append(json.dumps(record, ensure_ascii=False) if record else None)
        error = "wrong_column_count" if row is None else "unreadable_period"
        errors.append(None if record else error)
    if raws:
        yield batch(
            tally,
            member,
            pa.array(raws, pa.large_binary()),
            record=pa.array(records, pa.large_string()),
            error=pa.array(errors, pa.string()),
        )
    if tally.torn is not None:
        yield one_record(tally, member, b"", "torn_tail")


def decoded(data: bytes) -> str:
    """The text of a file: UTF-16 with its mark (BI tools), UTF-8, else Windows' Latin letters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def find_header(text: str, report: LegacyReport) -> tuple[str, list[str], int] | None:
    """Delimiter, cells and number (lines up to its end) of the first row with the report's columns.

    Where each column is a period, the row must also have one that is.
    """
    wanted = set(report.columns)
    for delimiter in DELIMITERS:
        rows = _cells("".join(text.splitlines(keepends=True)[:ROWS_ABOVE]), delimiter)
        try:
            for lines, cells in rows:
                names = [cell.strip() for cell in cells]
                if wanted <= set(names) and (
                    not report.has_periods_across or any(day_of(n, report) for n in names)
                ):
                    return delimiter, names, lines
        except NotFramable:  # cells longer than a reader takes: no table with this delimiter
            continue
    return None


def _cells(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise NotFramable(f"line {reader.line_num} of the report: {error}") from None


def _rows(text: str, delimiter: str, begin: int) -> Iterator[tuple[str, list[str]]]:
    lines = text.splitlines(keepends=True)
    last = begin
    for number, cells in _cells(text, delimiter):
        if number > begin:
            yield "".join(lines[last:number]).rstrip("\r\n"), cells
            last = number


def _record(row: dict[str, str], name: str, report: LegacyReport) -> dict[str, object] | None:
    """What a row says; None where its period cannot be read."""
    if report.has_periods_across:
        (metric,) = report.metrics
        days = {cell: day for cell in row if (day := day_of(cell, report)) is not None}
        told = [(metric, day, row[cell]) for cell, day in days.items()]
    else:
        day = report.first_day or day_of(row.get(report.period or "", ""), report)
        if day is None:
            return None
        told = [(m, day, row[each.column or ""]) for m, each in report.metrics.items()]
    return {
        "report": name,
        "segment": {column: row[column] for column in report.segments},
        "period": min(day for _, day, _ in told).isoformat(),
        "figures": [
            {
                "metric": metric,
                "period_start": day.isoformat(),
                "period_end": (report.last_day or last_day(day, report.grain)).isoformat(),
                "value": number(text, report.decimal_comma),
                "text": text,
            }
            for metric, day, text in told
        ],
    }


def day_of(text: str, report: LegacyReport) -> date | None:
    """The first day that a cell names: by `dates` where configured, else in the usual ways."""
    if report.dates is None:
        try:
            return datetime.fromisoformat(text).date()
        except ValueError:
            pass  # tried in other ways
    for form in (report.dates,) if report.dates else DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    if report.dates is None and report.grain == "year" and re.fullmatch("[12][0-9]{3}", text):
        return date(int(text), 1, 1)
    return None


def last_day(day: date, grain: Grain) -> date:
    """The last day of the period that begins with a day.

    >>> last_day(date(2024, 1, 1), "quarter")
    datetime.date(2024, 3, 31)
    """
    if grain in MONTHS:
        months = day.year * 12 + day.month - 1 + MONTHS[grain]
        return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
    return day + timedelta(days=6 if grain == "week" else 0)


def number(text: str, decimal_comma: bool = False) -> str | None:
    """A number as exact decimal text, a share of `12.5%` as 0.125; None where the cell has none.

    >>> [number(each) for each in ("1,234.50", "$ 12", "12.5%", "(3)", "—")]
    ['1234.50', '12', '0.125', '-3', None]
    """
    if text.strip().lower() in NO_NUMBER:
        return None
    bare = re.sub(r"[^0-9.,()eE%+-]", "", text)
    bare = bare.replace(".", "").replace(",", ".") if decimal_comma else bare.replace(",", "")
    is_negative = bare.startswith("(") and bare.endswith(")")
    try:
        value = Decimal(bare.strip("()").removesuffix("%"))
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    value = value.scaleb(-2) if bare.endswith("%") else value
    return format(-value if is_negative else value, "f")
