"""A snapshot of a few events, as the marts have them, and its dictionary."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.taxonomy.model import Taxonomy

DICTIONARY: dict[str, Any] = {
    "version": "1.2.0",
    "events": {
        "order_paid": {
            "description": "An order was paid.",
            "kind": "macro",
            "owner": "commerce",
            "aliases": {"old": ["ORDER"], "new": ["Order Paid"]},
            "properties": {
                "amount": {"type": "number", "required": True, "renames": {"old": ["total"]}},
                "email": {"type": "string", "pii": "email"},
            },
        },
        "cart_opened": {"description": "A cart was opened.", "kind": "micro", "owner": "growth"},
        "never_built": {"description": "Nobody built it.", "kind": "micro", "owner": "growth"},
    },
}

Sent = tuple[str, str, str | None, Mapping[str, Any] | str]
"""Source, name as delivered, event, and properties (a text is taken as it is)."""


def dictionary(**events: Any) -> Taxonomy:
    return Taxonomy.model_validate({**DICTIONARY, "events": {**DICTIONARY["events"], **events}})


def snapshot(
    path: Path,
    sent: Iterable[Sent],
    *,
    on: date = date(2025, 3, 1),
    violations: Iterable[tuple[str, str, str | None, str, date, int]] = (),
) -> Path:
    """One person in two sends; all on one date."""
    with duckdb.connect(path) as connection:
        connection.execute(
            """create schema if not exists marts; create schema if not exists quality;
            create table if not exists marts.fct_events (event_id varchar, source varchar,
                source_event_name varchar, event_name varchar, occurred_at timestamp,
                occurred_on date, person_id varchar, properties varchar);
            create table if not exists quality.fct_taxonomy_violations (source varchar,
                event_name varchar, property_name varchar, kind varchar, occurred_on date,
                records bigint)"""
        )
        [(already,)] = connection.execute("select count(*) from marts.fct_events").fetchall()
        for number, (source, name, event, properties) in enumerate(sent, start=already):
            text = properties if isinstance(properties, str) else json.dumps(properties)
            at = datetime(on.year, on.month, on.day, 12)
            connection.execute(
                "insert into marts.fct_events values (?, ?, ?, ?, ?, ?, ?, ?)",
                [f"id{number}", source, name, event, at, on, f"p{number // 2}", text],
            )
        for row in violations:
            connection.execute(
                "insert into quality.fct_taxonomy_violations values (?, ?, ?, ?, ?, ?)", row
            )
    return path
