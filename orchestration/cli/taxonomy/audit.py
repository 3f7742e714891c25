"""`waybill taxonomy audit`: the inventory of what really arrives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from orchestration.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    migration_of,
    open_snapshot,
    out,
    print_json,
    thousands,
)
from orchestration.cli.inspect import printable
from orchestration.cli.taxonomy.dictionary import TaxonomyOption, dictionary_path
from orchestration.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestration.taxonomy.audit import FoundName, Inventory
    from orchestration.taxonomy.audit_findings import Finding

FINDINGS_SHOWN = 20
NAMES_SHOWN = 60
VALUES_SHOWN = 3


def audit(
    event: Annotated[
        str | None,
        typer.Option(help="Only this event or name as delivered, with its properties."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write all of it to this file, as one page.")
    ] = None,
    taxonomy: TaxonomyOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what really arrives: names, properties, types and values, and where they disagree.

    Reads the last snapshot and judges nothing. Example: waybill taxonomy audit --html audit.html
    """
    from datetime import UTC, datetime

    from orchestration.taxonomy.audit import take_inventory
    from orchestration.taxonomy.audit_findings import findings
    from orchestration.taxonomy.audit_page import to_html, to_json
    from orchestration.taxonomy.model import load_taxonomy
    from orchestration.warehouse import readable_file
    from orchestration.whole_files import write_whole
    from orchestration.yaml_models import unknown

    dictionary = load_taxonomy(dictionary_path(taxonomy, config))
    if html is not None and not html.absolute().parent.is_dir():
        raise ConfigurationError(f"--html: there is no folder {html.absolute().parent}; make it")
    with open_snapshot(config) as connection, err.status("reading") as progress:
        inventory = take_inventory(connection, dictionary, only=event, tell=progress.update)
        if event is not None and not inventory.names and event not in dictionary.events:
            names = connection.execute(
                "select event_name from marts.fct_events union"
                " select source_event_name from marts.fct_events"
            ).fetchall()
            known = {name for (name,) in names if name is not None}
            raise ConfigurationError(f"--event: {unknown('event', event, known)}")
    # One event alone says nothing of the others.
    found = findings(inventory, dictionary) if event is None else []
    if html is not None:
        read_from = readable_file(migration_of(config)).name
        write_whole(html, to_html(inventory, found, read_from=read_from, written=datetime.now(UTC)))
        err.print(Text(f"written: {html}"), soft_wrap=True)
    if as_json:
        print_json(to_json(inventory, found))
    elif event is not None:
        _print_properties(inventory.names)
    else:
        _print_findings(found)
        _print_violations(inventory)
        _print_names(inventory)


def _print_findings(found: Sequence[Finding]) -> None:
    if not found:
        out.print("Nothing to look at: everything that arrives is as the dictionary says.")
        return
    table = _table(f"To look at first ({len(found):,})")
    table.add_column("kind", min_width=9, overflow="fold")
    table.add_column("what", ratio=3, overflow="fold")
    table.add_column("where", ratio=2, overflow="fold")
    table.add_column("events", justify="right", no_wrap=True)
    for each in found[:FINDINGS_SHOWN]:
        told = Text(printable(each.what))
        told.append(f"\n{each.mend}", style="dim")
        table.add_row(
            each.kind.replace("_", " "),
            told,
            Text(printable(each.where)),
            thousands(each.records),
        )
    out.print(table)
    if len(found) > FINDINGS_SHOWN:
        out.print(f"and {len(found) - FINDINGS_SHOWN:,} more; --html and --json show all.\n")


def _print_violations(inventory: Inventory) -> None:
    from orchestration.taxonomy.audit_page import violations_by_kind

    totals = violations_by_kind(inventory)
    if totals:
        told = ", ".join(f"{kind.replace('_', ' ')} {n:,}" for kind, n in totals.items())
        out.print(f"Violations by kind: {told}", highlight=False)


def _print_names(inventory: Inventory) -> None:
    from orchestration.taxonomy.audit_page import by_owner

    table = _table(f"What arrives: {inventory.records:,} events, {len(inventory.names):,} names")
    table.add_column("name → event", overflow="fold")
    for heading in ("events", "persons", "first", "last"):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = 0
    for (owner, source), names in by_owner(inventory.names):
        if shown >= NAMES_SHOWN:
            break
        table.add_row(Text(f"{owner or 'unmapped'}, {source}", style="bold"))
        for name in names[: NAMES_SHOWN - shown]:
            shown += 1
            table.add_row(
                Text(f"  {_called(name)}"),
                thousands(name.records),
                thousands(name.persons),
                str(name.first_seen.date()),
                str(name.last_seen.date()),
            )
    out.print(table)
    if shown < len(inventory.names):
        out.print(f"and {len(inventory.names) - shown:,} more; --html and --json show all.")
    out.print(
        "Properties: `waybill taxonomy audit --event NAME`, or all of them with --html FILE.",
        style="dim",
    )


def _print_properties(names: Sequence[FoundName]) -> None:
    if not names:
        out.print("It never arrived.")
    for name in names:
        table = _table(
            Text(f"{name.source}: {_called(name)}, {name.records:,} events by {name.persons:,}")
        )
        table.add_column("property", ratio=2, overflow="fold")
        table.add_column("types", ratio=2, overflow="fold")
        table.add_column("empty", justify="right", no_wrap=True)
        table.add_column("values", justify="right", no_wrap=True)
        table.add_column("most frequent", ratio=3, overflow="fold")
        for each in name.properties:
            top = ", ".join(f"{value} {n:,}" for value, n in each.top[:VALUES_SHOWN])
            table.add_row(
                Text(printable(each.name)),
                ", ".join(f"{kind} {n:,}" for kind, n in each.types.items()),
                f"{each.empty_share:.1%}",
                f"{'~' if each.is_sampled else ''}{each.distinct:,}",
                Text("not shown" if each.pii else printable(top)),
            )
        if name.properties and name.properties[0].is_sampled:
            table.caption = (
                f"most frequent: of {name.properties[0].sampled:,} records looked at; "
                "~ within some 15 %; all else of all records"
            )
        out.print(table)
        if name.properties_left_out:
            out.print(f"and {name.properties_left_out:,} rarer properties")


def _called(name: FoundName) -> str:
    is_renamed = name.event is not None and name.event != name.name
    return printable(f"{name.name} → {name.event}" if is_renamed else name.name)


def _table(title: str | Text) -> Table:
    return Table(
        title=title,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
