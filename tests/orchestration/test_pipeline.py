"""The steps of a run as far as they need no dbt."""

from __future__ import annotations

from pathlib import Path

from orchestration import pipeline
from orchestration.config import Migration
from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.warehouse import open_work
from tests.orchestration.landing.exports import event

TAXONOMY = """
version: 1
events:
  saved: {description: Saved., kind: micro, owner: product}
"""


def _to_judge(migration: Migration) -> int:
    with open_work(migration) as connection:
        return int(connection.execute("select count(*) from control.to_judge").fetchall()[0][0])


def test_what_was_staged_and_not_judged_is_judged_by_the_next_run(tmp_path: Path) -> None:
    """A run may die between staging and its gate; nothing goes on unjudged for that."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "1.json").write_bytes(event("saved") + b"\n")
    (tmp_path / "taxonomy.yaml").write_text(TAXONOMY)
    source = {"vendor": "mixpanel", "location": tmp_path / "exports", "timezone": "UTC"}
    migration = Migration(
        home=tmp_path / "home", taxonomy=tmp_path / "taxonomy.yaml", sources={"app": source}
    )
    list(land_arrivals(migration, "app", arrive(migration, "app")))
    assert len(pipeline.plan_staging(migration)) == 1
    pipeline.note_staged(migration)
    assert pipeline.plan_staging(migration) == [] and _to_judge(migration) == 1
    with open_work(migration) as connection:  # as the gate does when it has judged
        connection.execute("delete from control.unjudged")
    assert pipeline.plan_staging(migration) == [] and _to_judge(migration) == 0
