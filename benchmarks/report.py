"""What was measured, as tables to read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.incremental import LIMIT, NewDay, growth
from benchmarks.sizes import PROMISED, Comparison
from benchmarks.vendors import LIMIT as VENDOR_LIMIT
from benchmarks.vendors import LIMITS, VendorLanding


def print_comparison(found: Comparison, out: Console) -> None:
    """Ratios against what was promised, then where the time of the whole job went."""
    table = Table(title=f"{found.events:,} events", title_justify="left")
    for column in ("", "wall s", "processor s", "peak GiB"):
        table.add_column(column, justify="left" if not column else "right")
    for name, process in (
        ("whole job", found.job),
        ("reference", found.reference.process),
        ("our landing alone, with Python's start", found.landing.process),
    ):
        cells = process.seconds, process.cpu_seconds, process.peak_bytes / 2**30
        table.add_row(name, *(f"{cell:,.1f}" for cell in cells))
    table.add_row("our landing (bytes kept, landed)", f"{found.landing.seconds:,.1f}")
    if found.dlt_seconds is not None:
        table.add_row(f"dlt {found.dlt_version}, landing", f"{found.dlt_seconds:,.1f}")
    out.print(table)

    ratios = Table(title="Ratios", title_justify="left")
    for column in ("", "found", "promised", ""):
        ratios.add_column(column, justify="right" if column else "left")
    for name, value in found.ratios().items():
        limit, at_least = PROMISED.get(name, (None, False))
        kept = limit is None or (value >= limit if at_least else value <= limit)
        promise = "" if limit is None else f"{'at least' if at_least else 'at most'} {limit:g}"
        ratios.add_row(name, f"{value:,.2f}", promise, "" if kept else "[red]missed[/]")
    out.print(ratios)

    parts = Table(title="The whole job by part, the reference by step", title_justify="left")
    for column in ("part", "s", "share", "reference's step", "s"):
        parts.add_column(column, justify="right" if column in ("s", "share") else "left")
    ours = [*found.job.stages.items(), *found.job.models.items()]
    ours.sort(key=lambda part: -part[1])
    theirs = [(name, f"{seconds:,.1f}") for name, seconds in found.reference.steps.items()]
    for number, (name, seconds) in enumerate(ours):
        other = theirs[number] if number < len(theirs) else ("", "")
        share = f"{seconds / found.job.seconds:.0%}"
        parts.add_row(name, f"{seconds:,.1f}", share, *other)
    out.print(parts)
    told = [
        f"{name}: {ours:,} here, {theirs:,} there"
        for name, (ours, theirs) in found.differences.items()
    ]
    out.print("Answers differ. " + "; ".join(told) if told else "Both gave the same answers.")


def print_vendors(landings: Sequence[VendorLanding], out: Console) -> None:
    """Landing of each vendor's form beside the plain read of the same files."""
    table = Table(title="Landing of a vendor's form and the plain read", title_justify="left")
    for column in ("vendor", "records", "ours s", "plain s", "ratio", "promised"):
        table.add_column(column, justify="left" if column == "vendor" else "right")
    for each in landings:
        limit = LIMITS.get(each.vendor, VENDOR_LIMIT)
        ratio = f"{each.ratio:,.2f}" if each.ratio <= limit else f"[red]{each.ratio:,.2f}[/]"
        seconds = f"{each.ours:,.1f}", f"{each.plain:,.1f}"
        table.add_row(each.vendor, f"{each.records:,}", *seconds, ratio, f"at most {limit:g}")
    out.print(table)


def print_new_days(days: Sequence[NewDay], out: Console) -> None:
    """Rows by model after the shortest and the longest history, and wall times."""
    first, last = days[0], days[-1]
    table = Table(title="Rows of one new day, by model", title_justify="left")
    table.add_column("model")
    kinds = ("scanned", "taken", "written")
    for kind in kinds:
        for history in (first.history, last.history):
            table.add_column(f"{kind} after {history}", justify="right")
        table.add_column("ratio", justify="right")
    for model in sorted(first.rows | last.rows):
        cells = []
        for kind in kinds:
            pair = [
                getattr(day.rows[model], kind) if model in day.rows else 0 for day in (first, last)
            ]
            cells += [f"{count:,}" for count in pair] + [_ratio(*pair)]
        table.add_row(model, *cells)
    out.print(table)
    times = Table(title="Seconds of one new day", title_justify="left")
    for column in ("history", "wall", "nothing new", "net of that", "in landing, plans, models"):
        times.add_column(column, justify="right")
    for day in days:
        net = day.job.seconds - day.idle_seconds
        seconds = (day.job.seconds, day.idle_seconds, net, day.job.work_seconds)
        times.add_row(f"{day.history} days", *(f"{each:,.1f}" for each in seconds))
    out.print(times)


def _ratio(before: int, after: int) -> str:
    times = growth(before, after)
    if times is None:
        return "" if not after else "[red]new[/]"
    return f"[red]{times:.2f}[/]" if times > LIMIT else f"{times:.2f}"
