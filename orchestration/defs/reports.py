"""Reports: pages for people, written from the snapshot that readers open."""

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.outcomes import note_outcome
from orchestration.pages.models import write_models
from orchestration.pages.questions import write_questions
from orchestration.quality.conclusion import conclude
from orchestration.stages import MARTS, REPORTS
from orchestration.taxonomy.page import write_dictionary
from orchestration.warehouse import writing

ON_CALL = dg.AssetKey([REPORTS, "on_call"])
MODELS = dg.AssetKey([REPORTS, "models"])
CONCLUDED_RUN = "waybill/concludes"


def on_call_report(migration: Migration) -> dg.AssetsDefinition:
    """The page of a run, red, green or failed; so it depends on no asset that a gate may stop."""

    @dg.asset(
        key=ON_CALL,
        description="What is red, why, and what to do first, as one page.",
        group_name=REPORTS,
        kinds={"html"},
        pool="warehouse",
    )
    def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        run_id = context.run.tags.get(CONCLUDED_RUN, context.run.run_id)
        note_outcome(migration, context.instance, run_id)
        path = conclude(migration, run_id)
        return dg.MaterializeResult(
            metadata={"path": dg.MetadataValue.path(str(path))} if path is not None else {}
        )

    return page


def dictionary_page(migration: Migration) -> dg.AssetsDefinition:
    """The event dictionary with the volume and health of its events."""

    @dg.asset(
        key=[REPORTS, "dictionary"],
        description="The event dictionary as one page, with volumes and health of its events.",
        group_name=REPORTS,
        kinds={"html"},
        deps=[dg.AssetKey([MARTS, "snapshot"])],
    )
    def page() -> dg.MaterializeResult[None]:
        path = migration.dictionary_page
        traffic = write_dictionary(migration, path)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(path)),
                "events that arrived": len(traffic.events) if traffic is not None else 0,
            }
        )

    return page


def questions_page(migration: Migration) -> dg.AssetsDefinition:
    """Which mart answers which question."""

    @dg.asset(
        key=[REPORTS, "questions"],
        description="Which mart answers which question, with columns, metrics, example queries;"
        " and how they hang together.",
        group_name=REPORTS,
        kinds={"html"},
        deps=[dg.AssetKey([MARTS, "snapshot"])],
    )
    def page() -> dg.MaterializeResult[None]:
        found = write_questions(migration)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(migration.questions_page)),
                "picture": dg.MetadataValue.path(str(migration.keys_page)),
                "marts": found,
            }
        )

    return page


def models_page(migration: Migration) -> dg.AssetsDefinition:
    """dbt's docs; of a job of its own, since they say nothing of the data that a run brings."""

    @dg.asset(
        key=MODELS,
        description="dbt's docs as one page: every model with its columns, code and lineage.",
        group_name=REPORTS,
        kinds={"html", "dbt"},
        deps=[dg.AssetKey([MARTS, "snapshot"]), dg.AssetKey([REPORTS, "dictionary"])],
        pool="warehouse",
    )
    def page() -> dg.MaterializeResult[None]:
        with writing(migration):
            is_new = write_models(migration)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(migration.models_page)),
                "made anew": is_new,
            }
        )

    return page
