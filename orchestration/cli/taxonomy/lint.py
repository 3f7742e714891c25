"""`waybill taxonomy lint`: what is wrong with the event dictionary, or might be."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from orchestration.cli.common import ConfigOption, JsonOption, err, out, print_json
from orchestration.cli.taxonomy.dictionary import TAXONOMY_VARIABLE, TaxonomyOption
from orchestration.errors import ConfigurationError, GateRed

if TYPE_CHECKING:
    from orchestration.config import Migration
    from orchestration.taxonomy.lint import Finding, Surroundings
    from orchestration.taxonomy.lint_checks import Arrivals

FINDINGS_SHOWN = 40
Format = Literal["table", "json", "sarif", "github"]


def lint(
    taxonomy: TaxonomyOption = None,
    config: ConfigOption = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended without a change in what maps.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How findings are shown; for code scanners sarif.")
    ] = "table",
    as_json: JsonOption = False,
) -> None:
    """Check the event dictionary: names, owners, clashes, what cannot be met; exit 1 on errors.

    Example: waybill taxonomy lint --strict --format github
    """
    from orchestration.taxonomy import lint as linting

    form = "json" if as_json else form
    path, migration = _subject(taxonomy, config)
    with err.status("linting") as progress:
        around, skipped = _surroundings(migration)
        found = linting.lint(path, around)
        mended: list[Finding] = []
        if fix:
            progress.update("mending")
            found, mended = _fix(path, found, around)
    count = linting.counts(found)
    for each in skipped:
        err.print(f"left out: {each}", highlight=False, markup=False)
    file = Path(os.path.relpath(path)) if path.absolute().is_relative_to(Path.cwd()) else path
    if form == "json":
        print_json(
            {
                "findings": [each.to_json(file) for each in found],
                "errors": count["error"],
                "warnings": count["warning"],
                "fixed": [each.to_json(file) for each in mended],
                "left_out": skipped,
            }
        )
    elif form == "table":
        _show("Mended", file, mended)
        _show("Found", file, found)
        if not found:
            out.print(f"{file}: nothing to mend", highlight=False, markup=False)
    else:
        _print_for_tools(form, found, file)
    if count["error"] or (strict and count["warning"]):
        raise GateRed(
            f"{file}: {count['error']} errors, {count['warning']} warnings"
            + ("; --fix mends some" if any(each.fix for each in found) and not fix else "")
        )


def _subject(taxonomy: Path | None, config: Path | None) -> tuple[Path, Migration | None]:
    """The dictionary's file and the migration it belongs to.

    A migration that nobody named counts only where it names this dictionary: the sources of
    another would make every alias an error.
    """
    from orchestration.config import CONFIG_VARIABLE, load_migration

    named = taxonomy
    if named is None and (variable := os.environ.get(TAXONOMY_VARIABLE)):
        named = Path(variable).expanduser()
    is_meant = config is not None or bool(os.environ.get(CONFIG_VARIABLE))
    try:
        migration = load_migration(config, with_taxonomy=False)
    except ConfigurationError:
        if named is None or is_meant:
            raise
        return named, None  # what is found by chance need not be right
    if named is None:
        return migration.taxonomy, migration
    belongs = is_meant or migration.taxonomy.resolve() == named.resolve()
    return named, migration if belongs else None


def _surroundings(migration: Migration | None) -> tuple[Surroundings, list[str]]:
    """What is around the dictionary, and in words which rules find nothing to go by."""
    from orchestration.source_config import KNOWN_VENDORS
    from orchestration.taxonomy.lint import Surroundings
    from orchestration.taxonomy.lint_warehouse import pattern_reader

    skipped: list[str] = []
    unreadable = _late(pattern_reader)
    if migration is None:
        skipped.append("unknown-source and still-arriving, since no migration.yaml names this file")
        return Surroundings(unreadable=unreadable), skipped
    from orchestration.warehouse import readable_file

    database = readable_file(migration)
    if not database.exists():
        skipped.append(f"still-arriving, since {database} does not exist yet")

    def arrivals(events: Sequence[str]) -> Sequence[Arrivals]:
        import duckdb

        from orchestration.taxonomy.lint_warehouse import arrivals_in

        try:
            return arrivals_in(database, events)
        except duckdb.Error as error:
            skipped.append(f"still-arriving, since {database} cannot be asked: {error}")
            return ()

    return (
        Surroundings(
            sources=tuple(migration.sources),
            vendors=KNOWN_VENDORS,
            arrivals=arrivals if database.exists() else None,
            unreadable=unreadable,
        ),
        skipped,
    )


def _late(
    make: Callable[[], Callable[[str], str | None]],
) -> Callable[[str], str | None]:
    """What `make` makes, once it is first called: few dictionaries have patterns."""
    made: list[Callable[[str], str | None]] = []

    def call(text: str) -> str | None:
        if not made:
            made.append(make())
        return made[0](text)

    return call


def _fix(
    path: Path, found: Sequence[Finding], around: Surroundings
) -> tuple[list[Finding], list[Finding]]:
    """Mend the file; what is still found, and what was mended."""
    from orchestration.taxonomy import lint as linting
    from orchestration.whole_files import write_whole

    text = linting.fixed(path, found)
    if text is None:
        return list(found), []
    write_whole(path, text)
    return linting.lint(path, around), [each for each in found if each.fix]


def _show(title: str, file: Path, findings: Sequence[Finding]) -> None:
    """A table, errors first; no more rows than people read."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not findings:
        return
    table = Table(
        title=f"{title}: {len(findings):,} in {file}",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("line", justify="right", no_wrap=True)
    table.add_column("rule", no_wrap=True, max_width=20)
    table.add_column("what", overflow="fold")
    ordered = sorted(findings, key=lambda each: each.severity != "error")
    for each in ordered[:FINDINGS_SHOWN]:
        style = "red" if each.severity == "error" else "yellow"
        place = f"{each.path}: " if each.path else ""
        hint = " (--fix mends it)" if each.fix and title == "Found" else ""
        table.add_row(
            str(each.line), Text(each.rule, style=style), Text(f"{place}{each.message}{hint}")
        )
    if len(findings) > FINDINGS_SHOWN:
        table.caption = f"{len(findings) - FINDINGS_SHOWN:,} more; see --json"
    out.print(table)


def _print_for_tools(form: Format, findings: Sequence[Finding], file: Path) -> None:
    from orchestration.taxonomy.lint_formats import github, sarif

    if form == "sarif":
        print_json(sarif(findings, file))
    else:
        for line in github(findings, file):
            typer.echo(line)
