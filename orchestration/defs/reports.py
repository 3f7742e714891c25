"""Reports: pages for people, written from the snapshot that readers open."""

import dagster as dg

from orchestration.config import Migration
from orchestration.defs.outcomes import note_outcome
from orchestration.pages.questions import marts, metrics, questions_html
from orchestration.quality.conclusion import conclude
from orchestration.stages import MARTS, REPORTS
from orchestration.taxonomy.page import write_dictionary
from orchestration.taxonomy.writing import write

ON_CALL = dg.AssetKey([REPORTS, "on_call"])
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
        description="Which mart answers which question, with columns, metrics and example queries.",
        group_name=REPORTS,
        kinds={"html"},
        deps=[dg.AssetKey([MARTS, "snapshot"])],
    )
    def page() -> dg.MaterializeResult[None]:
        found = marts()
        path = migration.questions_page
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, questions_html(found, metrics()))
        return dg.MaterializeResult(
            metadata={"path": dg.MetadataValue.path(str(path)), "marts": len(found)}
        )

    return page
