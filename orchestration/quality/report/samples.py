"""Records and answers as a report may show them: masked as staging masks, and cut.

A record that is no JSON cannot be masked by the names of its fields, so that only its shape is
shown: every letter as `x`, every digit as `9`. Separators, quotes and lengths are what a wrong
framing shows in.
"""

from __future__ import annotations

import re

import duckdb

from orchestration.config import Migration
from orchestration.privacy import define_masking, key_of, personal_pattern
from orchestration.quality.report.model import Quarantine, Sample
from orchestration.quality.report.rows import Marts

SHOWN = 200  # characters of a record
TAIL = 60  # of which these are its last
EACH = 3  # samples of a source and reason
LONGEST = 20_000  # characters that are masked; of a longer record nothing is shown


def shape_of(text: str) -> str:
    """The form of a text without what it says.

    >>> shape_of('7,"Ann",ann@a.org')
    '9,"xxx",xxx@x.xxx'
    """
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", text))


def cut(text: str) -> str:
    """At most `SHOWN` characters: the head and the tail, where a cut or a join shows."""
    if len(text) <= SHOWN:
        return text
    return f"{text[: SHOWN - TAIL - 3]} … {text[-TAIL:]}"


def read_quarantine(migration: Migration, marts: Marts) -> tuple[Quarantine, ...]:
    """Quarantined records by source and reason, the most first, each with some samples."""
    counted = marts.of(
        "quality.fct_quarantine",
        """select source, reason, count(*) as records from quality.fct_quarantine
        group by all order by records desc, source, reason""",
    )
    if not counted:
        return ()
    samples = _samples(migration, marts)
    return tuple(
        Quarantine(**row, samples=tuple(samples.get((row["source"], row["reason"]), ())))
        for row in counted
    )


def _samples(migration: Migration, marts: Marts) -> dict[tuple[str, str], list[Sample]]:
    # the keys are chosen first: a record may be megabytes long, and few are shown
    found = marts.rows(
        f"""with chosen as (
            select source, reason, delivery_id, file_sha256, member, record_number
            from quality.fct_quarantine
            qualify row_number() over (
                partition by source, reason order by delivery_id, file_name, record_number)
                <= {EACH}
        )
        select source, reason, file_name, record_number, length(raw) as characters,
            octet_length(raw_bytes) as bytes, left(raw, {LONGEST}) as raw,
            json_valid(raw) as is_json
        from quality.fct_quarantine as records
        semi join chosen
            on records.source = chosen.source and records.reason = chosen.reason
            and records.delivery_id = chosen.delivery_id
            and records.file_sha256 = chosen.file_sha256
            and records.member is not distinct from chosen.member
            and records.record_number = chosen.record_number
        order by source, reason, file_name, record_number"""
    )
    texts = [row["raw"] if row["is_json"] else None for row in found]
    masked = masked_texts(migration, texts)
    samples: dict[tuple[str, str], list[Sample]] = {}
    for row, hidden in zip(found, masked, strict=True):
        place = (row["source"], row["reason"])
        if len(samples.setdefault(place, [])) == EACH:
            continue
        if row["raw"] is None:
            text, is_shape = f"{row['bytes'] or 0:,} bytes that are no text", True
        elif row["characters"] > LONGEST:
            text, is_shape = f"{row['characters']:,} characters, too long to show", True
        elif hidden is None:
            text, is_shape = shape_of(row["raw"]), True
        else:
            text, is_shape = hidden, False
        samples[place].append(
            Sample(*place, row["file_name"], row["record_number"], cut(text), is_shape)
        )
    return samples


def masked_texts(migration: Migration, texts: list[str | None]) -> list[str | None]:
    """Texts with personal values replaced by keyed hashes, by staging's own macro."""
    with duckdb.connect() as connection:
        define_masking(connection, key_of(migration), personal_pattern(migration))
        return [
            connection.execute("select secret.main.masked(?::varchar)", [text]).fetchall()[0][0]
            for text in texts
        ]
