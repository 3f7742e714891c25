"""`waybill taxonomy`: the verbs around the event dictionary, a module each."""

from __future__ import annotations

from collections.abc import Callable

import typer

from orchestration.cli.taxonomy.exchange import export, import_

taxonomy = typer.Typer(
    name="taxonomy",
    help="The event dictionary: check it, compare it with what arrives, move it in and out.",
    no_args_is_help=True,
)
VERBS: tuple[Callable[..., None], ...] = (import_, export)
for verb in VERBS:
    # A verb that is a word of Python's own has `_` after its name.
    taxonomy.command(verb.__name__.rstrip("_").replace("_", "-"))(verb)
