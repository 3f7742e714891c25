"""HubSpot and Salesforce, from files to opportunities and persons, on exports made up here."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from tests.dbt_project.crm_exports import CONTACT, FILES, OPPORTUNITY, SECOND, THIRD

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
FATES = """select file_name, fate, reason, records from warehouse.quality.fct_fates
    where source = '{source}' order by all"""
STATES = """select opportunity_id, {columns} from warehouse.marts.fct_opportunities
    where source = '{source}' and is_current order by length(opportunity_id), 1"""


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("crm")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


def test_every_record_has_its_fate(migration: Migration, rows: Rows) -> None:
    assert rows(migration, FATES.format(source="hub")) == [
        ("contacts.csv", "identity", "identity_record", 3),
        ("deals-2025-04.csv", "loaded", None, 4),
        ("deals-2025-04.csv", "quarantined", "missing_id", 1),
        ("deals-2025-04.csv", "quarantined", "unreadable_amount", 1),
        ("deals-2025-05.csv", "loaded", None, 1),
    ]
    assert rows(migration, FATES.format(source="sf")) == [
        ("Contact.csv", "identity", "identity_record", 2),
        ("Lead.csv", "identity", "identity_record", 1),
        ("Opportunity.csv", "loaded", None, 2),
        ("OpportunityContactRole.csv", "filtered", "reference", 2),
        ("OpportunityHistory.csv", "filtered", "reference", 3),
        ("OpportunityStage.csv", "filtered", "reference", 2),
        ("history_mode.csv", "loaded", None, 2),
        ("report.csv", "filtered", "report_footer", 4),
        ("report.csv", "loaded", None, 2),
        ("tree.json", "loaded", None, 1),
    ]
    assert rows(migration, "select bool_and(is_balanced) from warehouse.quality.fct_ledger") == [
        (True,)
    ]


def test_amounts_are_exact_in_the_currency_of_the_row_or_the_source(
    migration: Migration, rows: Rows
) -> None:
    columns = "amount_minor, currency, currency_exponent, is_won, is_closed"
    assert rows(migration, STATES.format(source="hub", columns=columns)) == [
        ("201", 1_250_050, "USD", 2, True, True),
        ("202", 98_000, "USD", 2, True, True),
        ("203", 1500, "JPY", 0, True, True),
        ("205", 1235, "KWD", 3, False, True),
    ]
    assert rows(migration, STATES.format(source="hub_labels", columns=columns)) == [
        ("1", 120_000, "EUR", 2, True, True),
        ("2", 123_456_789, "EUR", 2, False, True),
    ]
    found = rows(
        migration,
        """select is_current, amount_minor, is_won from warehouse.marts.fct_opportunities
        where source = 'hub' and opportunity_id = '202' order by all""",
    )
    assert found == [(False, None, False), (True, 98_000, True)]


def test_clocks_are_those_of_whoever_made_the_export(migration: Migration, rows: Rows) -> None:
    columns = "created_at::varchar, closed_on::varchar, won_at::varchar, won_at_from"
    found = rows(migration, STATES.format(source="hub", columns=columns))
    assert found[0] == (
        *("201", "2025-01-05 14:00:00", "2025-03-31", "2025-03-31 04:00:00"),
        "close_date",
    )
    assert found[2][:3] == ("203", "2025-03-01 19:30:00", "2025-03-15")
    assert found[3][3:] == (None, None)
    found = rows(migration, STATES.format(source="hub_labels", columns=columns))
    assert found[0][:3] == ("1", "2025-02-01 13:30:00", "2025-03-07")


def test_a_stage_is_won_in_its_own_pipeline_from_its_first_entry_on(
    migration: Migration, rows: Rows
) -> None:
    columns = (
        "pipeline, stage, is_won, is_closed, won_at::varchar, won_at_from, is_deleted, merged_into"
    )
    assert rows(migration, STATES.format(source="hub_tables", columns=columns)) == [
        ("400", "a", "s1", False, False, None, None, False, "401"),
        ("401", "a", "s2", True, True, "2025-02-02 06:49:18", "stage_history", False, None),
        ("402", "b", "s4", False, True, None, None, False, None),
        ("403", "a", "s2", True, True, "2025-02-28 05:00:00", "close_date", True, None),
    ]


def test_pages_of_the_api_of_both_versions(migration: Migration, rows: Rows) -> None:
    columns = "amount_minor, currency, is_won, is_closed, won_at::varchar, closed_on::varchar"
    assert rows(migration, STATES.format(source="hub_api", columns=columns)) == [
        ("501", 150_000, "GBP", True, True, "2025-03-30 22:00:00", "2025-03-31"),
        ("502", None, None, False, True, None, None),
        ("503", 1000, None, True, True, "2025-03-01 05:00:00", "2025-03-01"),
    ]


def test_salesforce_ids_of_15_characters_are_those_of_18(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select opportunity_id, count(*), count(*) filter (where is_current),
            max(amount_minor), max(currency), max(closed_on)::varchar
        from warehouse.marts.fct_opportunities where source = 'sf' group by all order by all""",
    )
    assert found == [
        (SECOND, 2, 1, None, "EUR", "2025-02-28"),
        (OPPORTUNITY, 2, 1, 120_050, "EUR", "2025-02-28"),
        (THIRD, 2, 1, 700, None, "2025-02-15"),
        ("OppRef1", 1, 1, 1000, None, "2025-01-31"),
    ]


def test_won_since_the_first_entry_of_a_history_or_the_first_won_state(
    migration: Migration, rows: Rows
) -> None:
    columns = "is_won, won_at::varchar, won_at_from, is_deleted"
    found = {
        row[0]: row[1:] for row in rows(migration, STATES.format(source="sf", columns=columns))
    }
    assert found == {
        OPPORTUNITY: (True, "2025-02-20 08:00:00", "stage_history", False),
        SECOND: (True, "2025-02-28 05:00:00", "close_date", True),
        THIRD: (True, "2025-02-01 10:00:00", "stage_history", False),
        "OppRef1": (True, "2025-01-31 05:00:00", "close_date", False),
    }


def test_text_of_another_encoding_over_two_lines(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        f"""select document->>'$.name', document->>'$.description'
        from work.staging.stg_salesforce__objects
        where object_id = '{OPPORTUNITY}' and file_name = 'Opportunity.csv'""",
    )
    assert found == [("Café", 'two\nlines, and "quotes" too')]


def person(migration: Migration, rows: Rows, query: str) -> str:
    found = rows(migration, query)
    assert len(found) == 1 and found[0][0] is not None, found
    return str(found[0][0])


def of_deal(source: str, deal: str) -> str:
    return f"""select distinct person_id from warehouse.marts.fct_opportunities
        where source = '{source}' and opportunity_id = '{deal}' and is_current"""


def of_user(user: str) -> str:
    return f"select distinct person_id from warehouse.marts.fct_events where user_id = '{user}'"


@pytest.mark.parametrize(
    ("source", "deal", "user"),
    [
        ("hub", "201", "u-1"),  # the lower of two contacts, by its user id
        ("hub", "201", "u-2"),  # an additional address of the contact, hashed in the shop
        ("hub_api", "501", "u-3"),  # an association of the API, an address in other case
        ("sf", OPPORTUNITY, "u-9"),  # the primary role; a merged contact holds the user's id
        ("sf", SECOND, "u-5"),  # the lead that became the opportunity
        ("sf", OPPORTUNITY, "u-5"),  # the lead became the contact
    ],
)
def test_persons_of_deals_and_of_the_product_are_one(
    migration: Migration, rows: Rows, source: str, deal: str, user: str
) -> None:
    assert person(migration, rows, of_deal(source, deal)) == person(migration, rows, of_user(user))


def test_others_stay_apart(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select count(distinct person_id) from warehouse.marts.fct_events
        where user_id in ('u-1', 'u-3', 'u-9', 'u-6')""",
    )
    assert found == [(4,)]
    assert rows(migration, of_deal("hub", "202")) == [(None,)]


def test_merged_contacts_are_one_person_and_a_role_can_be_chosen(
    migration: Migration, rows: Rows
) -> None:
    merged = person(migration, rows, of_deal("hub_tables", "401"))
    assert merged == person(migration, rows, of_deal("hub_tables", "403"))
    assert merged != person(migration, rows, of_deal("hub_tables", "402"))


def test_no_deal_counts_for_two_persons(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select source, opportunity_id from warehouse.marts.fct_opportunities
        where is_current group by all having count(*) > 1""",
    )
    assert found == []


def test_contacts_have_no_names_after_staging(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        f"""select count(*) from work.staging.stg_objects
        where document like '%Dee Fox%' or document like '%@example%'
            or person_fields like '%@example%' or object_id = '{CONTACT}' and document is null""",
    )
    assert found == [(0,)]
