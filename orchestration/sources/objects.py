"""Business systems: what the exports of a CRM, of billing or of support have in common.

Such a system has many kinds of objects, each with a table or a file of its own, and the same
object under several spellings: `IsDeleted` from one tool, `is_deleted` from another. Header cells
are renamed to snake case, so that staging knows one name. What an object is is told by its columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestration.source_config import CRM, SourceConfig
from orchestration.sources.base import Framing, Head, Source
from orchestration.sources.survey_csv import DELIMITERS, first_rows

Use = Literal["fact", "person", "reference"]


@dataclass(frozen=True)
class ObjectType:
    """A kind of object: told from others by having all columns of one of `marks` (snake case).

    A fact has a narrow table and is loaded; a person says who is who; a reference explains others.
    `renamed` are columns, by their snake-case name, that this kind has under another; `prefix` is
    what the vendor's connectors write before the names of the others. Where marks alone say too
    little, `others` are all the columns it may have besides them.
    """

    name: str
    use: Use
    marks: Sequence[Sequence[str]]
    renamed: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    others: Sequence[str] | None = None

    def has(self, columns: Collection[str]) -> bool:
        """Whether an object with these columns (snake case) is of this kind."""
        present = set(columns)
        own = {each for each in present if not each.startswith("fivetran_")}
        return any(
            present.issuperset(marks) and (self.others is None or own <= {*marks, *self.others})
            for marks in self.marks
        )

    def called(self, name: str) -> str:
        """What this kind calls a column of this name (snake case)."""
        return self.renamed.get(name, name.removeprefix(self.prefix))


class ObjectSource(Source):
    """A vendor of objects. `types` are tried in order: the more particular first."""

    kind = "objects"
    event_column: str | None = None  # the framing says what a record is
    types: Sequence[ObjectType] = ()
    #: what separates the cells of its tables, and what they are written in where not in UTF-8
    delimiters: str = DELIMITERS
    encoding: str | None = None

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By the columns of a table or the keys of documents."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if head.is_parquet:
            kind = self.type_of(map(snake, head.parquet_columns))
            return Framing("parquet", object_type=kind.name) if kind else None
        return self.recognise_documents(head) or self.recognise_table(head, config)

    def recognise_documents(self, head: Head) -> Framing | None:
        """JSON lines of one kind of object. A vendor with other forms of JSON says so itself."""
        kind = self.type_of(dict.fromkeys(k for each in head.objects for k in each))
        return Framing("lines", object_type=kind.name) if kind else None

    def recognise_table(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """CSV whose header has the marks of a kind of object."""
        for delimiter in self.delimiters:
            header, *first = [*first_rows(self.in_utf8(head), delimiter), [], []][:2]
            names = [cell_name(cell, config) for cell in header]
            kind = self.type_of_table(names, first[0]) if len(header) > 1 else None
            if kind is not None:
                return Framing(
                    "csv",
                    delimiter=delimiter,
                    encoding=self.encoding,
                    renamed=_renamed(header, [kind.called(name) for name in names]),
                    object_type=kind.name,
                )
        return None

    def type_of_table(self, names: Sequence[str], first: Sequence[str]) -> ObjectType | None:
        """The kind of object of a table with these columns and this first row, by its columns."""
        return self.type_of(names)

    def type_of(self, columns: Iterable[Any]) -> ObjectType | None:
        """The first kind of object that has its marks among these columns."""
        present = {str(each) for each in columns}
        return next((kind for kind in self.types if kind.has(present)), None)

    def in_utf8(self, head: Head) -> Head:
        """The head as text where its first line is in the vendor's other encoding."""
        first = head.data[: head.data.find(b"\n") + 1] or head.data
        if self.encoding is None or _is_utf8(first):
            return head
        text = head.data.decode(self.encoding, errors="replace")
        return Head(head.name, text.encode(), head.is_whole)


def snake(label: str) -> str:
    """A header cell in snake case.

    >>> [snake(each) for each in ("IsDeleted", "Created date (UTC)", "gclid__c", "dealId")]
    ['is_deleted', 'created_date_utc', 'gclid_c', 'deal_id']
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", label.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def cell_name(cell: str, config: SourceConfig | None) -> str:
    """What a header cell is called: as the source's `columns` say, else in snake case.

    A cell in other letters than Latin ones, which snake case has no name for, stays as it is.
    """
    columns = (config.columns if config is not None else None) or {}
    named = {label: name for name, label in columns.items()}
    return named.get(cell.strip()) or snake(cell) or cell


def field_name(config: SourceConfig, name: str | None) -> str | None:
    """A field as staged records have it: of a CRM in snake case, however people spell it."""
    return snake(name) if name is not None and config.vendor in CRM else name


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _renamed(header: Sequence[str], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What each cell is called instead; a name that is taken is not given twice."""
    taken = set(header)
    pairs = []
    for cell, name in zip(header, names, strict=True):
        if name and name not in taken:
            taken.add(name)
            pairs.append((cell, name))
    return tuple(pairs)
