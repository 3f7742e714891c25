"""`waybill taxonomy`: the verbs around the event dictionary, a module each."""

from __future__ import annotations

from collections.abc import Callable

import typer

from orchestration.cli.taxonomy.audit import audit
from orchestration.cli.taxonomy.diff import diff
from orchestration.cli.taxonomy.docs import docs
from orchestration.cli.taxonomy.exchange import export, import_
from orchestration.cli.taxonomy.lint import lint
from orchestration.cli.taxonomy.suggest import suggest

taxonomy = typer.Typer(
    name="taxonomy",
    help="The event dictionary: check it, compare it with what arrives, move it in and out.",
    no_args_is_help=True,
)
VERBS: tuple[Callable[..., None], ...] = (lint, audit, suggest, import_, export, diff, docs)
for verb in VERBS:
    # A verb that is a word of Python's own has `_` after its name.
    taxonomy.command(verb.__name__.rstrip("_").replace("_", "-"))(verb)
