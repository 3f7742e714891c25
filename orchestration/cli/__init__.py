"""The command line: one typer application, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer

from orchestration.cli.alerts import alerts
from orchestration.cli.common import err
from orchestration.cli.demo import demo
from orchestration.cli.docs import docs
from orchestration.cli.fetch import fetch
from orchestration.cli.funnel import funnel
from orchestration.cli.incidents import incidents
from orchestration.cli.inspect import inspect
from orchestration.cli.quality import replay, verify
from orchestration.cli.query import query
from orchestration.cli.report import report
from orchestration.cli.run import plan, run, status
from orchestration.cli.story import story
from orchestration.cli.taxonomy import taxonomy
from orchestration.errors import WaybillError

INTERRUPTED = 130
# typer carries a click of its own, and shows of its errors only some
WrongUsage: type[Any] = next(
    each for each in typer.BadParameter.__mro__ if each.__name__ == "ClickException"
)

app = typer.Typer(
    name="waybill",
    help="Move micro-conversion tracking off legacy exports into one warehouse, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (
    *(inspect, demo, story, plan, fetch, run, status, report, verify, replay),
    *(funnel, query, docs),
):
    app.command()(verb)
for group in (taxonomy, incidents, alerts):
    app.add_typer(group)


def main() -> None:
    """Run the command line; every ending has its exit code, none a bare traceback."""
    try:
        code = app(standalone_mode=False)
    except WaybillError as error:
        _say(str(error))
        code = error.exit_code
    except WrongUsage as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted; run the same command again to go on")
        code = INTERRUPTED
    except Exception as error:
        # A bug: its place is said in one line, so that a report of it can be of use.
        last = traceback.extract_tb(error.__traceback__)[-1]
        _say(
            f"this is a bug in Waybill: {type(error).__name__}: {error}"
            f" ({last.filename}:{last.lineno})"
        )
        code = 3
    sys.exit(code or 0)


def _say(message: str) -> None:
    err.print(message, style="red", highlight=False, markup=False, emoji=False, soft_wrap=True)
