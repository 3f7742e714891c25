"""What to do first: at most three things, however much was found.

One thing is one cause in one source: a rule that fails for fifty deliveries is one of them, and so
are all unmapped names of a source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import duckdb

from orchestration.quality.gate_results import ALL

MOST = 3
NAMED = 3  # of the names that are not in the taxonomy

# (blocks, records concerned, text)
Thing = tuple[bool, int, str]


def things_to_do(
    connection: duckdb.DuckDBPyConnection, gates: Iterable[Mapping[str, Any]]
) -> list[str]:
    """At most three things, red gates before warnings, then by the records they concern.

    `gates` are as `to_gates_json` gives them; `connection` is to marts with a ledger.
    """
    entries = list(gates)
    found = [
        *_red(entries, _records_of_deliveries(connection)),
        *_unmapped(connection),
        *_quarantined(connection),
        *_warned(entries),
    ]
    ranked = sorted(found, key=lambda thing: (not thing[0], -thing[1]))
    return [text for _, _, text in ranked[:MOST]]


def _records_of_deliveries(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        connection.execute(
            'select delivery_id, sum("read")::bigint from quality.fct_ledger group by 1'
        ).fetchall()
    )


def _red(gates: Iterable[Mapping[str, Any]], records: Mapping[str, int]) -> Iterator[Thing]:
    for source, rule, items in _by_rule(gates, "failed"):
        red = [item for item in items if "accepted" not in item]
        if red:
            concerned = [records.get(item["delivery_id"], 0) for item in red]
            first = red[concerned.index(max(concerned))]
            told = _told(source, f"{rule}: ", first, red)
            yield True, sum(concerned), told


def _warned(gates: Iterable[Mapping[str, Any]]) -> Iterator[Thing]:
    """Warnings whose rule knows how many records they concern."""
    for source, _, items in _by_rule(gates, "warned"):
        known = [item for item in items if "records" in item]
        if known:
            first = max(known, key=lambda item: int(item["records"]))
            told = _told(source, "", first, known)
            yield False, sum(item["records"] for item in known), told


def _by_rule(
    gates: Iterable[Mapping[str, Any]], kind: str
) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    found = [(gate["source"], item["rule"], item) for gate in gates for item in gate[kind]]
    for (source, rule), group in groupby(sorted(found, key=_place), key=_place):
        name = "all sources" if source == ALL else source
        yield name, rule, [item for _, _, item in group]


def _place(found: tuple[str, str, Mapping[str, Any]]) -> tuple[str, str]:
    return found[:2]


def _told(source: str, rule: str, first: Mapping[str, Any], items: list[Mapping[str, Any]]) -> str:
    """What was found, of whom, and what to do; each said once."""
    others = len(items) - 1
    more = f" (and {others:,} more deliveries)" if others > 1 else " (and one more delivery)"
    found = first["observed"].removeprefix(f"{source}: ").removesuffix(".")
    return f"{source}: {rule}{found}{more if others else ''}. {first['next_step']}"


def _unmapped(connection: duckdb.DuckDBPyConnection) -> Iterator[Thing]:
    rows = connection.execute(
        f"""
        with names as (
            select source, coalesce(event_name, '') as event_name, sum(records)::bigint as records
            from quality.fct_taxonomy_violations where kind = 'unplanned_event' group by all
        )
        select source, count(*), sum(records)::bigint,
            max_by(event_name, records, {NAMED})
        from names group by source
        """
    ).fetchall()
    for source, count, records, names in rows:
        listed = ", ".join(f"'{name}'" for name in names)
        if count == 1:
            yield (
                False,
                records,
                f"{source}: {listed} is not in the taxonomy, {records:,} events are loaded "
                "without a name. Add it as an alias of the event it means, or as an event; "
                "`waybill taxonomy suggest` says which it may be.",
            )
        else:
            more = ", ..." if count > len(names) else ""
            yield (
                False,
                records,
                f"{source}: {count:,} names are not in the taxonomy ({listed}{more}), {records:,} "
                "events are loaded without a name. `waybill taxonomy suggest` says which events "
                "they may be, and writes new ones.",
            )


def _quarantined(connection: duckdb.DuckDBPyConnection) -> Iterator[Thing]:
    rows = connection.execute(
        "select source, reason, count(*) from quality.fct_quarantine group by all"
    ).fetchall()
    for source, reason, records in rows:
        yield (
            False,
            records,
            f"{source}: {records:,} records are quarantined ({reason}). See "
            "quality.fct_quarantine; after a fix, `waybill replay`.",
        )
