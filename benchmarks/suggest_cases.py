"""Labelled names with their candidates measured: from the demo's exports, and from public plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.sql import literal
from orchestration.taxonomy.model import Taxonomy, load_taxonomy
from orchestration.taxonomy.rows import alias_rows
from orchestration.taxonomy.suggestion.model import Candidate
from orchestration.taxonomy.suggestion.properties import Property
from orchestration.taxonomy.suggestion.records import count_records, unmapped_names
from orchestration.taxonomy.suggestion.suggesting import Arrival, candidates
from orchestration.taxonomy.writing import to_document

LABELS = Path(__file__).with_name("suggest_labels")
SHIPPED = Path(__file__).parents[1] / "expectations" / "taxonomy.yaml"


@dataclass(frozen=True)
class Labelled:
    """A name, the event it is (None: of none), and what was measured of it beside every event."""

    group: str
    case: str
    kind: str
    split: str
    arrival: Arrival
    truth: str | None
    options: tuple[Candidate, ...]


def plan_names() -> Iterator[Labelled]:
    """The names of `plans.yaml`: no records, spelling and names of properties only."""
    for case, labels in _cases("plans.yaml"):
        events = {
            name: {
                "description": name,
                "kind": "micro",
                "properties": {each: {} for each in properties},
            }
            for name, properties in labels["events"].items()
        }
        taxonomy = Taxonomy.model_validate({"version": 1, "events": events})
        truth = {
            Arrival("plan", name, properties=tuple(map(Property, properties))): event
            for name, (event, properties) in labels["names"].items()
        }
        for arrival, options in candidates(taxonomy, truth).items():
            yield Labelled(
                "plans", case, "plans", labels["split"], arrival, truth[arrival], options
            )


def demo_names(snapshots: Mapping[int, Path]) -> Iterator[Labelled]:
    """The names of `demo.yaml`, measured in the snapshots of `waybill demo`, by seed."""
    shipped = load_taxonomy(SHIPPED)
    for case, labels in _cases("demo.yaml"):
        with duckdb.connect(snapshots[labels["seed"]], read_only=True) as connection:
            taxonomy = _reduced(shipped, labels)
            _create_case(connection, taxonomy, labels)
            truth = {
                key: event
                for key, event in _truth(shipped, labels).items()
                if key[0] in labels.get("only", [key[0]])
            }
            arrivals = [
                Arrival(source, name, records)
                for source, names in unmapped_names(connection, "case_events").items()
                for name, records in names.items()
            ]
            missing = set(truth) - {(each.source, each.name) for each in arrivals}
            if missing:
                raise ValueError(f"{case}: no records of {sorted(missing)}")
            records = count_records(connection, "case_events")
        for arrival, options in candidates(taxonomy, arrivals, records).items():
            if (key := (arrival.source, arrival.name)) in truth:
                yield Labelled(
                    "demo", case, labels["kind"], labels["split"], arrival, truth[key], options
                )


def _cases(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from yaml.safe_load((LABELS / file).read_text())["cases"].items()


def _reduced(shipped: Taxonomy, labels: Mapping[str, Any]) -> Taxonomy:
    document = to_document(shipped)
    for source, events in labels.get("removed", {}).items():
        for event in events:
            del document["events"][event]["aliases"][source]
    for event in labels.get("left_out", ()):
        del document["events"][event]
    return Taxonomy.model_validate(document)


def _truth(shipped: Taxonomy, labels: Mapping[str, Any]) -> dict[tuple[str, str], str | None]:
    truth: dict[tuple[str, str], str | None] = {}
    for source, events in labels.get("removed", {}).items():
        for event in events:
            truth |= {(source, each.name): event for each in shipped.events[event].aliases[source]}
    for event in labels.get("left_out", ()):
        for source, aliases in shipped.events[event].aliases.items():
            truth |= {(source, each.name): None for each in aliases}
    for each in labels.get("renamed", ()):
        truth[each["source"], each["to"]] = each["event"]
    for source, names in labels.get("natural", {}).items():
        truth |= {(source, name): event for name, event in names.items()}
    return truth


def _create_case(
    connection: duckdb.DuckDBPyConnection, taxonomy: Taxonomy, labels: Mapping[str, Any]
) -> None:
    """The view `case_events`: the snapshot's events, some renamed, named by another dictionary."""
    vendors = dict(
        connection.execute("select distinct source, vendor from marts.fct_events").fetchall()
    )
    connection.execute("create temp table case_names (source text, name text, event text)")
    connection.executemany(
        "insert into case_names values (?, ?, ?)",
        [(r.source, r.source_event_name, r.event_name) for r in alias_rows(taxonomy, vendors)],
    )
    cases = "".join(
        f"when source = {literal(each['source'])} and source_event_name = {literal(each['name'])}"
        f" and occurred_on >= date '{each['from']}'"
        f" and hash(event_id) % 1000 < {1000 * each['share']} then {literal(each['to'])} "
        for each in labels.get("renamed", ())
    )
    kept = ["true"]
    if "only" in labels:
        kept.append(f"source in ({', '.join(map(literal, labels['only']))})")
    kept += [
        f"not (source = {literal(each['source'])} and occurred_on < date '{each['before']}'"
        f" and source_event_name = {literal(each['name'])})"
        for each in labels.get("dropped", ())
    ]
    name = f"case {cases} else source_event_name end" if cases else "source_event_name"
    connection.execute(
        f"""create temp view case_events as
        with named as (
            select * replace ({name} as source_event_name) from marts.fct_events
            where {" and ".join(kept)}
        )
        select named.* replace (case_names.event as event_name)
        from named left join case_names
            on named.source = case_names.source and named.source_event_name = case_names.name"""
    )
