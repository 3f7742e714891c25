"""What lies in a folder of exports nobody has described yet: vendor, counts and clock of each file.

Files are framed by the code that lands them, so the figures are those a run would account for.
Nothing is written and no configuration is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.landing.framing import OBJECT_TYPE
from orchestration.landing.land import grouped, landing_connection
from orchestration.landing.lifting import Lifter
from orchestration.landing.reading import Reading, records
from orchestration.source_config import TABULAR_COLUMNS
from orchestration.sources import REGISTRY, Framing, Head, Source, advice, recognise
from orchestration.sources.base import Keys, is_hidden
from orchestration.sources.tabular import columns_of
from orchestration.sql import quoted

MOST_EVENTS = 50
UNRECOGNISED = "no vendor's form was recognised"

# Names that scripts give to the two columns without which there is no event, best guess first.
EVENT_NAMES = ("event", "event_name", "event_type", "action", "name")
TIME_NAMES = (
    *("occurred_at", "event_time", "timestamp", "time", "created_at"),
    *("event_timestamp", "datetime", "date", "ts"),
)

Tell = Callable[[str, int], None]
"""Called with a file's name and the records read of it so far."""


@dataclass(frozen=True)
class InspectedFile:
    """One file. `first` and `last` are ISO times in the file's own clock; `events` the most usual.

    `unreadable` counts the records among `records` that landing would quarantine. `columns` is the
    guessed column map of a file that only `tabular` can read.
    """

    file: str
    vendor: str | None
    records: int
    unreadable: int
    first: str | None
    last: str | None
    events: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None
    columns: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The object of `inspect --json`; a note only where there is something to say."""
        shown = {
            "file": self.file,
            "vendor": self.vendor,
            "records": self.records,
            "unreadable": self.unreadable,
            "first": self.first,
            "last": self.last,
            "events": dict(self.events),
        }
        return shown | ({"note": self.note} if self.note else {})


def inspect(path: Path, tell: Tell = lambda file, records: None) -> list[InspectedFile]:
    """Look into a file or every file of a folder, in name order.

    Raises ConfigurationError when there is nothing at `path`, CannotFinish when a file cannot be
    read.
    """
    if not path.exists():
        raise ConfigurationError(
            f"inspect: {path} does not exist; name a file or folder of exports"
        )
    if path.is_file():
        return [_inspect(path, path.name, {}, tell)]
    files = sorted(p for p in path.rglob("*") if p.is_file() and not is_hidden(p, path))
    if not files:
        raise ConfigurationError(
            f"inspect: {path} holds no exports; name the folder the files were downloaded to"
        )
    names = {file.relative_to(path).as_posix(): file for file in files}
    return [_inspect(file, name, names, tell) for name, file in names.items()]


@dataclass
class _Recogniser:
    """Recognises each stream of a file and remembers the first vendor found."""

    sources: Mapping[str, Source]
    vendor: str | None = None
    framing: Framing | None = None
    head: Head | None = None
    advice: str | None = None

    def __call__(self, head: Head) -> Framing | None:
        if head.is_whole and not head.lines:
            return Framing("lines")  # nothing in it: no records, whoever wrote it
        guess = recognise(head, self.sources)
        if guess is None:
            self.advice = self.advice or advice(head, self.sources)
        if guess is not None and self.vendor is None:
            self.vendor, self.framing, self.head = *guess, head
        return guess[1] if guess is not None else None


def _inspect(path: Path, name: str, names: Mapping[str, Path], tell: Tell) -> InspectedFile:
    recogniser, reading = _Recogniser(_bound(path, name, names)), Reading()
    frames = _telling(records(path, name, recogniser, reading), name, tell)
    try:
        first = next(frames, None)  # once it is there, the vendor is known
        guessed = _guessed_columns(recogniser) if recogniser.vendor == "tabular" else None
        batches = chain([] if first is None else [first], frames)
        with landing_connection() as connection:
            figures = _count(connection, batches, recogniser.vendor, guessed)
    except OSError as error:
        raise CannotFinish(f"{path}: cannot be read: {error}") from error
    events, unreadable, earliest, latest, others = figures
    return InspectedFile(
        file=name,
        vendor=recogniser.vendor,
        records=reading.tally.records,
        unreadable=sum(unreadable.values()),
        first=earliest,
        last=latest,
        events=events,
        note=_note(recogniser, reading, unreadable, guessed, others),
        columns=guessed,
    )


def _bound(path: Path, name: str, names: Mapping[str, Path]) -> dict[str, Source]:
    """Each vendor as it reads the delivery that it would make of this file and the others."""
    bound = {}
    for vendor, source in REGISTRY.items():
        group = source.group(name)
        with_it = {n: p for n, p in names.items() if group and source.group(n) == group}
        bound[vendor] = source.for_delivery(with_it or {name: path})
    return bound


def _telling(frames: Iterable[pa.RecordBatch], name: str, tell: Tell) -> Iterator[pa.RecordBatch]:
    read = 0
    for frame in frames:
        read += frame.num_rows
        tell(name, read)
        yield frame


def _count(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterator[pa.RecordBatch],
    vendor: str | None,
    guessed: Mapping[str, str] | None,
) -> tuple[dict[str, int], dict[str, int], str | None, str | None, int]:
    """Events, unreadable records by reason, first and last time, and events beyond the listed."""
    source = REGISTRY[vendor] if vendor is not None else None
    paths: dict[str, Keys] = {}
    event_sql = time_sql = "null::varchar"
    if guessed is not None:
        paths = {target: (column,) for target, column in guessed.items()}
        event_sql = '"event"' if "event" in paths else event_sql
        time_sql = '"occurred_at"' if "occurred_at" in paths else time_sql
    elif source is not None and vendor != "tabular":
        if source.event_column is not None:
            event_sql = source.event_sql or quoted(source.event_column)
        time_sql = source.time_sql
        envelope = source.envelope_paths(None)
        paths = {c: p for c, p in envelope.items() if quoted(c) in f"{event_sql} {time_sql}"}
    lifter = Lifter(connection, source, paths, {"named": event_sql, "written": time_sql})
    connection.execute(
        """create temp table found (event varchar, parse_error varchar, records bigint,
            first timestamp, last timestamp)"""
    )
    for frames in grouped(batches):
        lifted = lifter.lift(frames)
        if OBJECT_TYPE in frames.schema.names:
            place = lifted.schema.get_field_index("named")
            lifted = lifted.set_column(place, "named", frames.column(OBJECT_TYPE))
        connection.register("lifted", lifted)
        connection.execute(
            f"""insert into found select named, parse_error, count(*), min({_CLOCK}), max({_CLOCK})
            from lifted group by all"""
        )
        connection.unregister("lifted")
    events = connection.execute(
        """select event, sum(records)::bigint from found where event is not null
        group by all order by 2 desc, 1 limit ?""",
        [MOST_EVENTS],
    ).fetchall()
    unreadable = connection.execute(
        """select parse_error, sum(records)::bigint from found where parse_error is not null
        group by all order by 1"""
    ).fetchall()
    row = connection.execute(
        """select strftime(min(first), '%Y-%m-%dT%H:%M:%S'),
            strftime(max(last), '%Y-%m-%dT%H:%M:%S'), count(distinct event) from found"""
    ).fetchone()
    assert row is not None, "an aggregate has a row"
    return dict(events), dict(unreadable), row[0], row[1], row[2] - len(events)


# The time as written, whatever zone it is in: an epoch in seconds or milliseconds, or a text whose
# offset is left alone.
_CLOCK = r"""
    case when try_cast(written as double) is not null then try(make_timestamp(try_cast(
            try_cast(written as double)
            * case when abs(try_cast(written as double)) > 1e10 then 1000 else 1000000 end
            as bigint)))
        else coalesce(
            try_cast(regexp_extract(written,
                '^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?') as timestamp),
            try_cast(written as timestamp))
        end"""


def _guessed_columns(recogniser: _Recogniser) -> dict[str, str]:
    """Event column to the file's column, by name: what a `columns:` line could say."""
    assert recogniser.head is not None and recogniser.framing is not None
    by_name: dict[str, str] = {}
    for column in columns_of(recogniser.head, recogniser.framing):
        by_name.setdefault(column.strip().lower().replace(" ", "_"), column)
    guessed: dict[str, str] = {}
    for target, names in (("event", EVENT_NAMES), ("occurred_at", TIME_NAMES)):
        found = next((by_name[name] for name in names if name in by_name), None)
        if found is not None:
            guessed[target] = found
    others = (c for c in TABULAR_COLUMNS if c not in guessed and c in by_name)
    return guessed | {c: by_name[c] for c in others if by_name[c] not in guessed.values()}


def columns_line(columns: Mapping[str, str]) -> str:
    """A column map as one line of migration.yaml."""
    pairs = ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in columns.items())
    return f"columns: {{{pairs}}}"


def _note(
    recogniser: _Recogniser,
    reading: Reading,
    unreadable: Mapping[str, int],
    guessed: Mapping[str, str] | None,
    others: int,
) -> str | None:
    notes: list[str] = []
    if reading.tally.torn:
        notes.append(f"torn: {reading.tally.torn}")
    if "terminated_early" in unreadable:
        notes.append("the vendor ended the export early: fetch it again")
    if recogniser.advice is not None:
        notes.append(recogniser.advice)
    elif recogniser.vendor is None:
        notes.append("empty" if not reading.tally.records else UNRECOGNISED)
    if guessed is not None and {"event", "occurred_at"} <= guessed.keys():
        notes.append(f"guessed {columns_line(guessed)}")
    elif guessed is not None and recogniser.head is not None and recogniser.framing is not None:
        lacking = " and ".join(c for c in ("event", "occurred_at") if c not in guessed)
        listed = ", ".join(columns_of(recogniser.head, recogniser.framing)[:20])
        notes.append(f"no column could be guessed for {lacking}; it has {listed}")
    told = ("unrecognised_file", "torn_tail", "terminated_early")
    reasons = {reason: n for reason, n in unreadable.items() if reason not in told}
    if reasons:
        notes.append("unreadable: " + ", ".join(f"{n:,} {r}" for r, n in reasons.items()))
    if others:
        notes.append(f"{others:,} more event names are not listed")
    return "; ".join(notes) or None
