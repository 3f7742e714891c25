"""`waybill taxonomy docs`: the dictionary as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from orchestration.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    migration_of,
    out,
    print_json,
)
from orchestration.cli.taxonomy.dictionary import TaxonomyOption, dictionary_path


def docs(
    html: Annotated[
        Path | None,
        typer.Option(
            help="The file to write; <home>/reports/dictionary.html without it.",
            show_default=False,
        ),
    ] = None,
    taxonomy: TaxonomyOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the dictionary as one searchable page: definitions, aliases, rules, volume, health.

    Example: waybill taxonomy docs --html dictionary.html
    """
    from orchestration.taxonomy.page import write_dictionary

    migration = migration_of(config)
    path = html or migration.dictionary_page
    with err.status("writing the page"):
        traffic = write_dictionary(migration, path, taxonomy=dictionary_path(taxonomy, config))
    if as_json:
        print_json(
            {"page": str(path), "data_until": traffic.last_on if traffic is not None else None}
        )
        return
    out.print(Text(f"Page: {path}"), soft_wrap=True)
    if traffic is None:
        out.print("It shows no volumes yet: there is no snapshot to read.")
