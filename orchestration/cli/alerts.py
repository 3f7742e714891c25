"""`waybill alerts`: who is told of incidents, what waits, and whether a channel works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.yaml_models import unknown

if TYPE_CHECKING:
    from orchestration.config import Migration
    from orchestration.quality.alerts import Delivered

LAST = 10  # deliveries shown

alerts = typer.Typer(
    name="alerts",
    help="Who is told of incidents: routes, what waits, deliveries. Addresses are Apprise's: "
    "slack://, msteams://, mailtos://, pagerduty://, json:// and others."
    "\n\nExample: waybill alerts --json",
    invoke_without_command=True,
)


@alerts.callback()
def show_alerts(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Show the routes, what waits, and the last deliveries.

    Example: waybill alerts --json
    """
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    state = _state(migration_of(config))
    if as_json:
        print_json(state)
        return
    if not state["routes"]:
        out.print("No route: name one under `alerts.routes` of migration.yaml.", highlight=False)
    else:
        out.print(_table("Routes", state["routes"]))
    if state["waiting"]:
        out.print(_table("Waiting", state["waiting"]))
        out.print("Send them now: `waybill alerts send`", highlight=False)
    if state["unrouted"]:
        told = ", ".join(state["unrouted"])
        out.print(f"Open incidents that no route takes: {told}", highlight=False, soft_wrap=True)
    if state["deliveries"]:
        out.print(_table("Last deliveries (UTC)", state["deliveries"]))


@alerts.command()
def test(
    context: typer.Context,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message over every route, whatever the hour; exit 3 where one does not arrive.

    Example: waybill alerts test --route product
    """
    from orchestration.quality.alerts.sending import send

    migration = migration_of(config or context.obj)
    routes = migration.alerts.routes
    if not routes:
        raise ConfigurationError(
            f"{migration.path}: alerts.routes names no route; add one with its url_env"
        )
    if route is not None and route not in routes:
        raise ConfigurationError(f"--route: {unknown('route', route, routes)}")
    answers = []
    for name in [route] if route else list(routes):
        with err.status(f"{name}: sending"):
            taken, answer = send(
                routes[name],
                "Waybill: a test",
                f"Route {name} of {migration.path.name} works. Nothing is wrong.",
                "notice",
            )
        answers.append({"route": name, "delivered": taken, "answer": answer})
    if as_json:
        print_json({"success": all(each["delivered"] for each in answers), "routes": answers})
    else:
        out.print(_table("Test", answers))
    if failed := [each for each in answers if not each["delivered"]]:
        raise CannotFinish("\n".join(f"route {f['route']}: {f['answer']}" for f in failed))


@alerts.command()
def send(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Send what waits now, also over channels that failed a moment ago; quiet hours still hold.

    Example: waybill alerts send
    """
    from dataclasses import asdict

    from orchestration.quality.alerts import deliver_alerts

    migration = migration_of(config or context.obj)
    with err.status("sending"):
        done = deliver_alerts(migration, at_once=True)
    if as_json:
        print_json(asdict(done))
    else:
        _say(done)
    if done.failures:
        raise CannotFinish(
            "\n".join(f"route {route}: {answer}" for route, answer in done.failures.items())
        )


def _say(done: Delivered) -> None:
    later = f"; {done.delayed} wait for the end of quiet hours or others" if done.delayed else ""
    out.print(f"{done.sent} sent, {done.waiting} still waiting{later}.", highlight=False)


def _state(migration: Migration) -> dict[str, Any]:
    from orchestration.quality.alerts import outbox
    from orchestration.quality.alerts.due import news_of, takes
    from orchestration.quality.incidents.log import history
    from orchestration.quality.incidents.telling import current_incidents

    now = datetime.now(UTC)
    settings, mail = migration.alerts, outbox.read_mail(migration)
    incidents, log = current_incidents(migration), history(migration)
    waiting: list[dict[str, Any]] = [
        {"route": each.route, "what": each.title, "waits": _why(mail, each.route)}
        for each in mail.waiting()
    ]
    routes: list[dict[str, Any]] = []
    for name, route in settings.routes.items():
        _, later = news_of(name, settings, incidents, log, mail, now)
        quiet = "quiet hours" if route.is_quiet(now) else "others to go with"
        waiting += [
            {"route": name, "what": each.incident.facts.title, "waits": f"for {quiet}"}
            for each in later
        ]
        routes.append(
            {
                "route": name,
                # an address is a secret, so only where it comes from is told
                "address": f"${route.url_env}" if route.url_env else "in migration.yaml",
                "owner": route.owner or "all",
                "severities": ", ".join(route.severities),
                "quiet": "now" if route.is_quiet(now) else "no",
            }
        )
    return {
        "routes": routes,
        "waiting": waiting,
        "unrouted": [
            f"{each.incident_id[:8]} ({each.team}, {each.facts.severity})"
            for each in incidents
            if each.is_open
            and each.facts.severity != "notice"
            and not any(takes(route, each) for route in settings.routes.values())
        ],
        "deliveries": [
            {
                "at": f"{row['last_attempt_at']:%Y-%m-%d %H:%M}",
                "route": row["route"],
                "what": row["title"],
                "tries": row["attempts"],
                "answer": row["answer"],
            }
            for row in outbox.delivery_rows(mail)[::-1]
            if row["last_attempt_at"] is not None
        ][:LAST],
    }


def _why(mail: Any, route: str) -> str:
    until = mail.rests_until(route)
    return f"until {until:%Y-%m-%d %H:%M} UTC" if until is not None else "for the next run"


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    return table
