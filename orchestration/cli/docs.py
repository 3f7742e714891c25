"""`waybill docs`: the pages about the marts."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer
from rich.text import Text

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.errors import CannotFinish


def docs(
    open_it: Annotated[bool, typer.Option("--open", help="Open the first in the browser.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the pages about the marts: what each answers, how they hang together, dbt's docs.

    Example: waybill docs --open
    """
    from orchestration.pages.models import write_models
    from orchestration.pages.questions import write_questions
    from orchestration.taxonomy.page import write_dictionary
    from orchestration.warehouse import readable_file, writing

    migration = migration_of(config)
    if not readable_file(migration).exists():
        raise CannotFinish(
            f"{readable_file(migration)} does not exist yet; start with `waybill run`"
        )
    with writing(migration), err.status("writing the pages"):
        write_dictionary(migration, migration.dictionary_page)
        write_questions(migration)
        write_models(migration)
    pages = {
        "questions": migration.questions_page,
        "keys": migration.keys_page,
        "models": migration.models_page,
        "dictionary": migration.dictionary_page,
    }
    if as_json:
        print_json({name: str(page.absolute()) for name, page in pages.items()})
    else:
        for page in pages.values():
            out.print(Text(str(page.absolute())), soft_wrap=True)
    first = migration.questions_page.absolute()
    if open_it and not webbrowser.open(f"file://{first}"):
        raise CannotFinish(f"no browser could be started; open {first} yourself")
