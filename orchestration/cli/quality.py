"""`waybill verify` and `waybill replay`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from orchestration.cli.common import ConfigOption, JsonOption, err, migration_of, out, print_json
from orchestration.cli.run import print_status, refuse_red
from orchestration.errors import ConfigurationError, GateRed
from orchestration.yaml_models import unknown


def verify(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Hash and count everything again, from the stored bytes to the marts; exit 1 on a difference.

    Example: waybill verify --json
    """
    from orchestration.quality.verification import verify as verify_all

    migration = migration_of(config)
    with err.status("verifying") as progress:
        result = verify_all(migration, tell=lambda what: progress.update(f"verifying {what}"))
    if as_json:
        print_json(result.to_json())
    elif result.differences:
        table = Table(title="Not as accounted for", title_justify="left")
        for column in ("source", "file", "what", "expected", "found"):
            table.add_column(column, overflow="fold")
        for each in result.differences:
            table.add_row(each.source, each.file, each.what, each.expected, each.found)
        out.print(table)
    else:
        out.print(
            f"{result.files:,} files, {result.records:,} records: "
            "bytes, Parquet, marts and ledger agree."
        )
    if result.differences:
        first = result.differences[0]
        raise GateRed(
            f"{len(result.differences)} differences, the first: {first.source} {first.file}: "
            f"{first.what} should be {first.expected}, is {first.found}\n"
            "  Landed rows: remove the delivery's landing folder and run again. "
            "Marts: rebuild with `waybill run --from D --to D`."
        )


def replay(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Land and stage quarantined records again after a fix, from the stored bytes.

    Example: waybill replay --source shop_log
    """
    from orchestration.defs.runs import run_migration
    from orchestration.quality.replay import prepare_replay, quarantine_of
    from orchestration.quality.status import status_of
    from orchestration.warehouse import writing

    migration = migration_of(config)
    if source is not None and source not in migration.sources:
        raise ConfigurationError(f"--source: {unknown('source', source, migration.sources)}")
    before = quarantine_of(migration, source)
    with writing(migration), err.status("replaying") as progress:
        deliveries = prepare_replay(migration, source)
        run_migration(migration, only_source=source, tell=progress.update)
    after = quarantine_of(migration, source)
    state = status_of(migration)
    reasons = [
        {"source": s, "reason": r, "before": before.get((s, r), 0), "after": after.get((s, r), 0)}
        for s, r in sorted({*before, *after})
    ]
    if as_json:
        print_json({"deliveries": deliveries, "quarantine": reasons, **state.to_json()})
    else:
        table = Table(title=f"Replayed {deliveries} deliveries", title_justify="left")
        for column in ("source", "reason", "quarantined before", "after"):
            table.add_column(column)
        for each in reasons:
            table.add_row(*(str(value) for value in each.values()))
        out.print(table)
        print_status(state)
    refuse_red(state)
