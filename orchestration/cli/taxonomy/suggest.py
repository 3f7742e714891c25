"""`waybill taxonomy suggest`: which events the names are that no alias knows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.cli.taxonomy.dictionary import TaxonomyOption, dictionary_path
from orchestration.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.taxonomy.suggestion.report import Report

EVENTS = "marts.fct_events"


def suggest(
    min_probability: Annotated[
        float, typer.Option(help="Least probability of what is put into the patch: 0.5 to 1.")
    ] = 0.9,
    patch: Annotated[
        Path | None, typer.Option(help="Write the patch here (default: standard output).")
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Add names that are no known event as proposed events.")
    ] = False,
    taxonomy: TaxonomyOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose events for names that no alias knows, with reasons; the dictionary is not changed.

    Likely ones are written as a patch of taxonomy.yaml for review: `patch -p0 < names.patch`.

    Example: waybill taxonomy suggest --patch names.patch
    """
    from orchestration.cli.common import open_snapshot
    from orchestration.taxonomy.model import load_taxonomy
    from orchestration.taxonomy.suggestion.patch import unified
    from orchestration.taxonomy.suggestion.report import LIKELY, report_on
    from orchestration.whole_files import write_whole

    if not LIKELY <= min_probability <= 1:
        raise ConfigurationError(f"--min-probability: {min_probability:g} is not in [0.5, 1]")
    migration = migration_of(config)
    path = dictionary_path(taxonomy, config)
    dictionary = load_taxonomy(path)
    vendors = {name: source.vendor for name, source in migration.sources.items()}
    with open_snapshot(config) as connection, err.status("reading the snapshot") as progress:
        report = report_on(connection, EVENTS, dictionary, vendors, progress.update)
    text = path.read_text(encoding="utf-8")
    diff = unified(path, text, report.patched(text, dictionary, min_probability, new))
    if patch is not None:
        try:
            write_whole(patch, diff)
        except OSError as error:
            raise ConfigurationError(f"--patch {patch}: {error.strerror}; name a file") from error
    if as_json:
        print_json(report.to_json(min_probability))
        return
    # A patch on standard output can be piped; what people read then goes to standard error.
    shown = err if patch is None else out
    _print(report, shown, min_probability)
    if patch is not None:
        where = f"the patch is in {patch}" if diff else f"{patch} is empty"
        shown.print(where, highlight=False, markup=False, soft_wrap=True)
    else:
        sys.stdout.write(diff)


def _print(report: Report, console: Console, least: float) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not report.suggestions and not report.unmatched:
        console.print("Every name that arrived is in the dictionary.")
        return
    if report.suggestions:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        for heading in ("source", "name", "event"):
            table.add_column(heading, overflow="fold")
        table.add_column("records", justify="right", no_wrap=True)
        table.add_column("prob.", justify="right", no_wrap=True)
        for each in report.suggestions:
            table.add_row(
                Text(each.arrival.source),
                Text(each.arrival.name),
                Text(each.event),
                f"{each.arrival.records:,}",
                f"{each.probability:.3f}",
            )
        console.print(table)
        for each in report.suggestions:
            console.print(f"{each.arrival.source}: {each.arrival.name}", **_PLAIN)
            for sentence in each.evidence:
                console.print(f"  - {sentence}", **_PLAIN)
    if report.unmatched:
        console.print("\nWithout a known event:")
        for none in report.unmatched:
            proposal = none.new_event if none.is_new(least) else None
            may_be = f"; a new event, {proposal}?" if proposal else ""
            console.print(
                f"{none.arrival.source}: {none.arrival.name} "
                f"({none.arrival.records:,} records{may_be})",
                **_PLAIN,
            )
            for sentence in none.evidence:
                console.print(f"  - {sentence}", **_PLAIN)
    in_patch = sum(each.probability >= least for each in report.suggestions)
    console.print(
        f"\n{in_patch} of {len(report.suggestions)} suggestions have a probability of {least:g} or "
        "more and are in the patch.",
        **_PLAIN,
    )


_PLAIN: dict[str, Any] = {"highlight": False, "markup": False}
