"""`waybill incidents`: what is wrong, one line a cause, and who does what about it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.cli.common import ConfigOption, JsonOption, migration_of, out, print_json

if TYPE_CHECKING:
    from orchestration.quality.incidents.acting import Act
    from orchestration.quality.incidents.log import Incident

COLOURS = {"critical": "red", "warning": "yellow", "notice": "dim"}

incidents = typer.Typer(
    name="incidents",
    help="What is wrong, one incident a cause: list them, and say what is done about them."
    "\n\nExample: waybill incidents --all",
    invoke_without_command=True,
)

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The id, or as much of it as tells it from others.")
]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who; the user of the system by default.")
]


@incidents.callback()
def list_incidents(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are verified or accepted.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List incidents, the most severe and newest first.

    Example: waybill incidents --all --json
    """
    if context.invoked_subcommand is not None:
        context.obj = config  # `waybill incidents --config F show ID` means the same file
        return
    from orchestration.quality.incidents.telling import current_incidents, to_row

    known = current_incidents(migration_of(config))
    shown = [each for each in known if everything or each.is_open]
    if as_json:
        rows = [to_row(each) for each in shown]
        print_json({"open": sum(each.is_open for each in known), "incidents": rows})
        return
    if not shown:
        more = f" {len(known):,} are over; see them with --all." if known else ""
        out.print(f"No incident is open.{more}")
        return
    out.print(incident_table(shown))
    out.print("More of one: `waybill incidents show ID`", highlight=False)


@incidents.command()
def show(
    incident: IdArgument,
    context: typer.Context,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one incident: what is wrong, what to do, and its log.

    Example: waybill incidents show 3fa9c2
    """
    from orchestration.quality.incidents.acting import incident_named, log_of
    from orchestration.quality.incidents.telling import log_rows, to_row

    migration = migration_of(config or context.obj)
    found = incident_named(migration, incident)
    log = log_rows(log_of(migration, found))
    if as_json:
        print_json({**to_row(found), "log": log})
        return
    _print_facts(found)
    table = Table(title="Log (UTC)", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for column in ("at", "what", "by", "said"):
        table.add_column(column, overflow="fold", no_wrap=column == "at")
    for row in log:
        to = f"to {row['to']}" if row["to"] and row["to"] not in (row["why"] or "") else ""
        said = " ".join(filter(None, (to, row["why"])))
        table.add_row(f"{row['at']:%Y-%m-%d %H:%M}", row["transition"], row["by"], escape(said))
    out.print(table)


@incidents.command()
def ack(
    incident: IdArgument,
    context: typer.Context,
    why: Annotated[str, typer.Option(help="What you know already.")] = "seen",
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that you have seen it and look into it; reminders stop.

    Example: waybill incidents ack 3fa9c2 --why "looking at the release of Monday"
    """
    _decide("acknowledge", incident, config or context.obj, by, why, as_json)


@incidents.command()
def assign(
    incident: IdArgument,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The new owner.")],
    context: typer.Context,
    why: Annotated[str | None, typer.Option(help="Why they.")] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give it to a team or a person.

    Example: waybill incidents assign 3fa9c2 mobile
    """
    told = why or f"assigned to {team}"
    _decide("assign", incident, config or context.obj, by, told, as_json, to=team)


@incidents.command()
def resolve(
    incident: IdArgument,
    context: typer.Context,
    why: Annotated[str, typer.Option(help="What was mended.")],
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that it is mended; the data verify it in a later run, or it is reopened.

    Example: waybill incidents resolve 3fa9c2 --why "tag fixed in 5.2.1"
    """
    _decide("resolve", incident, config or context.obj, by, why, as_json)


@incidents.command()
def note(
    incident: IdArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What others should know.")],
    context: typer.Context,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write something down beside it.

    Example: waybill incidents note 3fa9c2 "the vendor has an outage of their own"
    """
    _decide("note", incident, config or context.obj, by, text, as_json)


def _decide(
    kind: Act,
    prefix: str,
    config: Path | None,
    by: str | None,
    why: str,
    as_json: bool,
    to: str | None = None,
) -> None:
    from orchestration.quality.incidents.acting import act, incident_named
    from orchestration.quality.incidents.telling import to_row

    migration = migration_of(config)
    found = incident_named(migration, prefix)
    act(migration, kind, found, by=by or getpass.getuser(), why=why, to=to)
    now = incident_named(migration, found.incident_id)
    if as_json:
        print_json(to_row(now))
    else:
        status = f"is {now.status}" if kind != "note" else "has a note more"
        out.print(
            f"{now.incident_id} {status}: {escape(now.facts.title)}",
            highlight=False,
            soft_wrap=True,
        )


def incident_table(shown: list[Incident], *, in_short: bool = False) -> Table:
    """One row an incident, within 80 columns; in short, its title alone."""
    table = Table(title="Incidents", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("id", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("owner", overflow="fold")
    table.add_column("what", overflow="fold")
    for each in shown:
        colour = COLOURS[each.facts.severity]
        since = each.facts.first_bad_at or each.detected_at
        lost = f" About {each.facts.lost:,.0f} events lost." if each.facts.lost else ""
        sentence = f"{each.facts.sentence[:200].rstrip('.')}."
        more = f"\n[dim]{escape(sentence + lost)}[/]"
        state = f"[{colour}]{each.facts.severity}[/]"
        table.add_row(
            each.incident_id[:8],
            state if in_short else f"{state}\n{each.status}",
            f"{since:%Y-%m-%d}",
            escape(each.team),
            escape(each.facts.title) + ("" if in_short else more),
        )
    return table


def _print_facts(incident: Incident) -> None:
    facts = incident.facts
    colour = COLOURS[facts.severity]
    out.print(f"[bold]{escape(facts.title)}[/] [{colour}]{facts.severity}[/], {incident.status}")
    lines: list[tuple[str, Any]] = [
        ("id", incident.incident_id),
        ("what", facts.sentence),
        ("first bad", f"{facts.first_bad_at:%Y-%m-%d %H:%M} UTC" if facts.first_bad_at else None),
        ("detected", f"{incident.detected_at:%Y-%m-%d %H:%M} UTC"),
        ("owner", incident.team),
        ("lost", _loss(incident)),
        ("explains", ", ".join(facts.explains) or None),
        ("deliveries", ", ".join(facts.delivery_ids) or None),
        ("reopened", f"{len(incident.reopened_at)} times" if incident.reopened_at else None),
        ("first", facts.next_step),
        ("runbook", facts.runbook),
    ]
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in lines:
        if value is not None:
            table.add_row(name, escape(str(value)))
    out.print(table)


def _loss(incident: Incident) -> str | None:
    facts = incident.facts
    if facts.lost is None:
        return None
    known = facts.lost_low is not None and facts.lost_high is not None
    interval = f" ({facts.lost_low:,.0f} to {facts.lost_high:,.0f})" if known else ""
    return f"about {facts.lost:,.0f} events{interval}"
