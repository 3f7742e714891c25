"""What configuration says of surveys, as control tables."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from orchestration.config import Migration

# Columns of a Zigpoll table that are read when its answers are.
ANSWER_COLUMNS = ("question_id", "question", "response", "score_type")


def survey_tables(migration: Migration) -> Iterator[tuple[str, list[dict[str, Any]], pa.Schema]]:
    """Each table's name, rows and schema."""
    sources = migration.sources.items()
    score_types = [
        {"source": name, "question": question, "score_type": score_type}
        for name, config in sources
        for question, score_type in (config.score_types or {}).items()
    ]
    yield "score_types", score_types, _schema("source", "question", "score_type")
    unanswered = [
        {"source": name, "answer": answer}
        for name, config in sources
        for answer in dict.fromkeys(config.unanswered or ())
    ]
    yield "unanswered", unanswered, _schema("source", "answer")
    columns = [
        {"source": name, **{c: (config.columns or {}).get(c) for c in ANSWER_COLUMNS}}
        for name, config in sources
        if config.vendor == "zigpoll"
    ]
    yield "zigpoll_columns", columns, _schema("source", *ANSWER_COLUMNS)
    zones = [{"timezone": zone} for zone in sorted(zoneinfo.available_timezones())]
    yield "timezones", zones, _schema("timezone")


def _schema(*columns: str) -> pa.Schema:
    return pa.schema([(column, pa.string()) for column in columns])
