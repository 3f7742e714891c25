"""The first sheet of an Excel workbook (.xlsx) as CSV text: read like the CSV it was saved beside.

Read by ourselves, since a survey's download needs no more than cells, shared texts and dates.
Numbers are written as they count (no `1.0`, no exponent), dates as `YYYY-MM-DD HH:MM:SS`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO
from xml.etree import ElementTree

from orchestration.landing.archives import ZIP_MAGIC, UnsafeArchive
from orchestration.landing.gunzip import BLOCK, Stream

MAX_SHARED_BYTES = 512 << 20
BUILT_IN_DATES = {*range(14, 23), *range(45, 48)}
WORKBOOK, SHARED, STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"
DAMAGE = (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, IndexError, EOFError)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def is_workbook(file: IO[bytes]) -> bool:
    """Whether this is a zip with a workbook's parts in it."""
    file.seek(0)
    if file.read(4) != ZIP_MAGIC:
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return WORKBOOK in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False  # the reader of archives says what is wrong with it


def sheet_stream(file: IO[bytes], member: str | None) -> Stream:
    """The first sheet as a stream of CSV text; damage sets the stream's `torn`."""
    stream = Stream(member)
    stream.blocks = _blocks(stream, file)
    return stream


def _blocks(stream: Stream, file: IO[bytes]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    try:
        with zipfile.ZipFile(file) as archive:
            for row in _rows(archive):
                writer.writerow(row)
                if text.tell() > BLOCK:
                    yield text.getvalue().encode()
                    text.seek(0)
                    text.truncate()
    except DAMAGE as error:
        stream.torn = f"the workbook is damaged: {error}"
    yield text.getvalue().encode()


def _rows(archive: zipfile.ZipFile) -> Iterator[list[str]]:
    """Rows that hold anything, each as wide as the first, which is the header."""
    shared, dates = _shared_texts(archive), _date_styles(archive)
    path, epoch = _first_sheet(archive)
    width = 0
    with archive.open(path) as sheet:
        for _, element in ElementTree.iterparse(sheet):
            if _name(element) != "row":
                continue
            cells: list[str] = []
            for number, cell in enumerate(c for c in element if _name(c) == "c"):
                column = _column(cell.get("r")) if cell.get("r") else number
                cells.extend([""] * (column - len(cells)))
                cells.append(_text(cell, shared, dates, epoch))
            element.clear()
            if any(cells):
                width = width or len(cells)
                yield cells + [""] * (width - len(cells))


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _column(reference: str | None) -> int:
    """The column of a cell from 0.

    >>> _column("A1"), _column("AB12")
    (0, 27)
    """
    number = 0
    for letter in re.sub("[^A-Z]", "", reference or ""):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(
    cell: ElementTree.Element, shared: Sequence[str], dates: Sequence[bool], epoch: datetime
) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _joined(cell)
    value = next((part.text for part in cell if _name(part) == "v"), None)
    if value is None:
        return ""
    if kind == "s":
        return shared[int(value)]
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n":
        return value
    style = int(cell.get("s", "0"))
    if style < len(dates) and dates[style]:
        moment = epoch + timedelta(seconds=round(float(value) * 86_400))
        return moment.isoformat(" ")
    return plain_number(value)


def plain_number(text: str) -> str:
    """A number as it counts.

    >>> plain_number("1.2706126725E10"), plain_number("3.0"), plain_number("0.1")
    ('12706126725', '3', '0.1')
    """
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _joined(element: ElementTree.Element) -> str:
    """The text of an item, over its runs; how it is pronounced is left out."""
    parts: list[str] = []
    for child in element:
        if _name(child) == "t":
            parts.append(child.text or "")
        elif _name(child) != "rPh":
            parts.append(_joined(child))
    return "".join(parts)


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if SHARED not in archive.namelist():
        return []
    if archive.getinfo(SHARED).file_size > MAX_SHARED_BYTES:
        raise UnsafeArchive(f"the workbook's texts are larger than {MAX_SHARED_BYTES} bytes")
    texts: list[str] = []
    with archive.open(SHARED) as file:
        for _, element in ElementTree.iterparse(file):
            if _name(element) == "si":
                texts.append(_joined(element))
                element.clear()
    return texts


def _date_styles(archive: zipfile.ZipFile) -> list[bool]:
    """For each cell style whether its number is a date."""
    if STYLES not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read(STYLES))
    own = {
        int(each.get("numFmtId", "0"))
        for each in root.iter()
        if _name(each) == "numFmt" and _is_date_format(each.get("formatCode", ""))
    }
    styles = next((each for each in root if _name(each) == "cellXfs"), None)
    formats = [] if styles is None else [int(each.get("numFmtId", "0")) for each in styles]
    return [number in BUILT_IN_DATES or number in own for number in formats]


def _is_date_format(code: str) -> bool:
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code).lower()
    return re.search("[ymdhs]", bare) is not None and "general" not in bare


def _first_sheet(archive: zipfile.ZipFile) -> tuple[str, datetime]:
    """The path of the first sheet, and the day that the workbook counts from."""
    book = ElementTree.fromstring(archive.read(WORKBOOK))
    relation = next(each.get(_RELATION) for each in book.iter() if _name(each) == "sheet")
    from_1904 = any(
        _name(each) == "workbookPr" and each.get("date1904") in ("1", "true")
        for each in book.iter()
    )
    targets = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(each.get("Target", "") for each in targets if each.get("Id") == relation)
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return path, datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
