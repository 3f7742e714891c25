"""`waybill taxonomy import` and `waybill taxonomy export`: tracking plans of other tools."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.cli.common import ConfigOption, JsonOption, err, out, print_json
from orchestration.cli.taxonomy.dictionary import TaxonomyOption, dictionary_path

if TYPE_CHECKING:
    from orchestration.taxonomy.formats import Dropped
    from orchestration.taxonomy.model import Event

_FORMATS = "segment, rudderstack, amplitude, mixpanel, avo, iglu, odcs"
_MOST_SHOWN = 30

FormatArgument = Annotated[str, typer.Argument(metavar="FORMAT", help=f"{_FORMATS}.")]


def import_(
    format_name: FormatArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The plan; a folder for iglu and rudderstack.")
    ],
    into: Annotated[
        Path | None,
        typer.Option(help="Add the events to this dictionary; made where there is none."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read another tool's tracking plan as an event dictionary; every event is proposed.

    Without --into the dictionary goes to standard output, with --json only the figures do.

    Example: waybill taxonomy import segment plan.json --into taxonomy.yaml
    """
    from orchestration.taxonomy.formats import read
    from orchestration.taxonomy.formats.merging import add_to
    from orchestration.taxonomy.writing import to_yaml

    with err.status(f"reading {file}"):
        imported = read(format_name, file)
        events, dropped = imported.taxonomy.events, list(imported.dropped)
        if into is not None:
            events, kept_out = add_to(into, imported.taxonomy)
            dropped += kept_out
    if into is None and not as_json:
        sys.stdout.write(to_yaml(imported.taxonomy))
    title = f"{format_name}, {file.name} imported"
    _report(title, list(events.values()), dropped, err if into is None else out, as_json)


def export(
    format_name: FormatArgument,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="What to write; its ending chooses the shape, as .json or .csv."
        ),
    ],
    variant: Annotated[
        str | None,
        typer.Option(
            help="segment: wrapped, unwrapped, config; rudderstack: v1, v0.1; "
            "amplitude CSV: events, user."
        ),
    ] = None,
    taxonomy: TaxonomyOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the event dictionary as another tool's tracking plan; says what that cannot hold.

    Example: waybill taxonomy export rudderstack plans/ --variant v0.1
    """
    from orchestration.taxonomy.formats import write
    from orchestration.taxonomy.model import load_taxonomy

    dictionary = load_taxonomy(dictionary_path(taxonomy, config))
    with err.status(f"writing {file}"):
        dropped = write(format_name, dictionary, file, variant)
    title = f"{format_name}, {file.name} exported"
    _report(title, list(dictionary.events.values()), dropped, out, as_json)


def _report(
    title: str,
    events: Sequence[Event],
    dropped: Sequence[Dropped],
    console: Console,
    as_json: bool,
) -> None:
    properties = sum(len(event.properties) for event in events)
    if as_json:
        found = [each.to_json() for each in dropped]
        print_json({"events": len(events), "properties": properties, "dropped": found})
        return
    # Names come from files of others: as Text they are shown as they are, never read as markup.
    console.print(
        Text(
            f"{title}. Events: {len(events):,}, properties: {properties:,}, "
            f"dropped: {len(dropped):,}"
        )
    )
    if not dropped:
        return
    table = Table("event", "dropped", title="What the other side has no place for")
    table.title_justify = "left"
    for column in table.columns:
        column.overflow = "fold"
    for each in dropped[:_MOST_SHOWN]:
        table.add_row(Text(each.event or "(all)"), Text(each.what))
    console.print(table)
    if len(dropped) > _MOST_SHOWN:
        console.print(f"{len(dropped) - _MOST_SHOWN:,} more are left out; see --json")
