"""Reports: pages for people, written from the snapshot that readers open."""

import dagster as dg

from orchestration.config import Migration
from orchestration.stages import MARTS, REPORTS
from orchestration.taxonomy.page import write_dictionary


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
