"""Exports of a desk and of marketing tools that others wrote: they land, and balance."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration

Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
BESIDE = [parent / "shared/samples" for parent in Path(__file__).parents[3:]]
SAMPLES = next((each for each in BESIDE if each.exists()), BESIDE[0])
CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  desk: {vendor: zendesk, location: exports/zendesk}
  marketing: {vendor: marketing_automation, location: exports/marketing_automation}
"""
TAXONOMY = "version: 1\nevents:\n  paid: {description: Paid., kind: macro, owner: sales}\n"

pytestmark = pytest.mark.skipif(
    not SAMPLES.exists(), reason="real exports lie beside the project only"
)


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Callable[[Migration], Any]) -> Any:
    folder = tmp_path_factory.mktemp("samples")
    (folder / "migration.yaml").write_text(CONFIG)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    for vendor in ("zendesk", "marketing_automation"):
        exports = folder / "exports" / vendor
        exports.mkdir(parents=True)
        for path in (SAMPLES / vendor).iterdir():
            if path.name != "SOURCES.md":
                (exports / path.name).write_bytes(path.read_bytes())
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_every_record_has_its_fate(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select source, split_part(file_name, '.', 1), fate, reason, sum(records)
        from warehouse.quality.fct_fates group by all order by all""",
    )
    assert found == [
        ("desk", "audit_log_data", "filtered", "reference", 5),
        ("desk", "brand_data", "filtered", "reference", 1),
        ("desk", "daylight_time_data", "filtered", "reference", 2),
        ("desk", "group_data", "filtered", "reference", 8),
        ("desk", "organization_data", "filtered", "reference", 5),
        ("desk", "ticket_comment_data", "filtered", "reference", 10),
        ("desk", "ticket_data", "loaded", None, 5),
        ("desk", "ticket_field_history_data", "loaded", None, 19),
        ("desk", "ticket_form_history_data", "filtered", "reference", 15),
        ("desk", "ticket_tag_data", "filtered", "reference", 5),
        ("desk", "time_zone_data", "filtered", "reference", 2),
        ("desk", "user_data", "identity", "identity_record", 5),
        ("marketing", "braze_currents_avro_decoded_email_open_restated", "loaded", None, 1),
        ("marketing", "braze_currents_http_email_open_restated", "loaded", None, 1),
        ("marketing", "marketo_activity_change_data_value_data", "filtered", "other_activity", 50),
        ("marketing", "marketo_activity_click_email_data", "loaded", None, 50),
        ("marketing", "marketo_activity_email_delivered_data", "loaded", None, 50),
        ("marketing", "marketo_activity_open_email_data", "loaded", None, 50),
        ("marketing", "marketo_activity_send_email_data", "loaded", None, 50),
        ("marketing", "marketo_campaign_data", "filtered", "reference", 50),
        ("marketing", "marketo_lead_data", "identity", "identity_record", 50),
        ("marketing", "marketo_lead_describe_data", "filtered", "reference", 100),
        ("marketing", "marketo_program_data", "filtered", "reference", 100),
    ]


def test_every_file_is_balanced(migration: Migration, rows: Rows) -> None:
    query = "select bool_and(is_balanced), sum(quarantined) from warehouse.quality.fct_ledger"
    assert rows(migration, query) == [(True, 0)]


def test_a_deleted_ticket_of_the_sample(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select status, ticket_type, channel, created_at::varchar, is_deleted
        from warehouse.marts.fct_support_tickets where ticket_id = '1595'""",
    )
    assert found == [("deleted", "incident", "web", "2020-02-19 01:54:52", True)]


def test_opens_of_machines_are_marked_and_no_link_has_a_query(
    migration: Migration, rows: Rows
) -> None:
    found = rows(
        migration,
        """select kind, count(*), count(*) filter (is_counted), count(*) filter (link like '%?%')
        from warehouse.marts.fct_campaign_touches group by kind order by kind""",
    )
    assert found == [
        ("click", 50, 50, 0),
        ("delivered", 50, 50, 0),
        ("open", 52, 50, 0),
        ("send", 50, 50, 0),
    ]
