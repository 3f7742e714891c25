"""Every row that breaks a rule, as Parquet: Great Expectations returns at most 200 of them.

A row is one of the rule's view: figures, keys and names, never a landed record or a property's
value. An e-mail address in it (of a file's or an event's name) is left out all the same.
"""

from collections.abc import Iterable
from pathlib import Path

from expectations.context import GateDatabase, identifier, literal
from expectations.rules import Rule
from orchestration.privacy import EMAIL


def subject_columns(view: str, database: GateDatabase) -> str:
    """SQL of a view's source and delivery, each null where the view has no such column."""
    columns = database.columns(view)
    source = "cast(source as varchar)" if "source" in columns else "null"
    delivery = "cast(delivery_id as varchar)" if "delivery_id" in columns else "null"
    return f"{source} as subject_source, {delivery} as subject_delivery"


def write_offenders(broken: Iterable[Rule], database: GateDatabase, folder: Path) -> None:
    """Write `<folder>/<rule>.parquet` for each broken rule.

    Columns: rule, source, delivery_id (each null where the rule is not judged by it) and offender,
    the row as JSON text. Streamed by DuckDB, so memory does not grow with the rows. Raises
    CannotFinish when a file cannot be written.
    """
    for rule in broken:
        folder.mkdir(parents=True, exist_ok=True)
        view = identifier(rule.view)
        database.execute(
            f"""copy (
                select
                    {literal(rule.name)} as rule,
                    subject_source::varchar as source,
                    subject_delivery::varchar as delivery_id,
                    regexp_replace(offender, {literal(EMAIL)}, 'masked', 'g') as offender
                from (
                    select
                        {subject_columns(rule.view, database)},
                        cast(to_json(offending_row) as varchar) as offender
                    from {view} as offending_row
                    where ({rule.offenders})
                )
            ) to {literal(str(folder / f"{rule.name}.parquet"))} (format parquet)""",
            f"the offending rows of rule {rule.name} cannot be written",
        )
