"""Survey vendors, from files to answers: each documented rule on small exports made up here."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from orchestration.privacy import key_of, keyed_hash
from tests.dbt_project.survey_exports import FILES

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
Answers = dict[str, tuple[Any, ...]]


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Migration:
    folder = tmp_path_factory.mktemp("surveys")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    migration = load_migration(folder / "migration.yaml")
    build(migration)
    return migration


@pytest.fixture
def answers(migration: Migration, rows: Rows) -> Callable[[str], Answers]:
    """By the id of a response: its answers, as (question, answer, number, type) by question id."""

    def _answers(token: str) -> Answers:
        found = rows(
            migration,
            f"""select question_id, question, answer, numeric_value, score_type
            from warehouse.marts.fct_survey_answers
            join work.intermediate.int_survey_responses using (response_id)
            where response_token = '{token}' and fate = 'loaded' and question_id is not null""",
        )
        return {row[0]: row[1:] for row in found}

    return _answers


def response_row(migration: Migration, rows: Rows, token: str, columns: str) -> tuple[Any, ...]:
    [found] = rows(
        migration,
        f"""select {columns} from work.staging.stg_responses
        where response_token = '{token}' and coalesce(record_fate, '') <> 'filtered'""",
    )
    return found


def test_the_ledger_balances_and_every_fate_has_its_reason(
    migration: Migration, rows: Rows
) -> None:
    query = "select bool_and(is_balanced), sum(pending) from warehouse.quality.fct_ledger"
    assert rows(migration, query) == [(True, 0)]
    found = rows(
        migration,
        """select source, reason, sum(records) from warehouse.quality.fct_fates
        where reason is not null group by all order by all""",
    )
    assert found == [
        ("q", "header_row", 7),
        ("q", "invitation", 4),
        ("q", "missing_token", 1),
        ("q", "test_response", 1),
        ("q_texts", "form_definition", 1),
        ("q_texts", "header_row", 2),
        ("sm", "damaged_id", 1),
        ("sm", "form_definition", 1),
        ("sm", "header_row", 1),
        ("sm", "time_before_2000", 1),
        ("sm", "vendor_rule", 1),
        ("tf", "form_definition", 1),
        ("zp", "form_definition", 1),
        ("zp", "identity_record", 2),
        ("zp", "vendor_rule", 1),
    ]


def test_the_data_tests_of_the_models_are_green(
    migration: Migration, dbt: Callable[..., None]
) -> None:
    models = ["stg_responses", "int_survey_responses", "path:models/marts/surveys", "fct_ledger"]
    dbt(migration, "test", "-s", *models)


def test_qualtrics_current_header_with_a_line_break(answers: Callable[[str], Answers]) -> None:
    assert answers("R_full") == {
        "QID1_TEXT": ("Wie geht es?", "NA", None, "text"),
        "QID3": ("Was noch?", '["Tee","Kaffee"]', None, "choice"),
        "QID7": ("Zufrieden?", "4", 4.0, "csat"),
        "QID8": ("Empfehlen?", "9", 9.0, "nps"),
    }


def test_qualtrics_partial_ends_when_the_respondent_left(
    migration: Migration, rows: Rows, answers: Callable[[str], Answers]
) -> None:
    columns = "completion, submitted_at, occurred_at, recorded_at"
    assert response_row(migration, rows, "R_part", columns) == (
        "partial",
        None,
        datetime(2024, 3, 1, 15, 5),
        datetime(2024, 3, 8, 15, 5),
    )
    assert answers("R_part") == {"QID1_TEXT": ("Wie geht es?", "gut", None, "text")}


def test_qualtrics_legacy_and_early_headers(answers: Callable[[str], Answers]) -> None:
    assert answers("R_old") == {
        "Q1": ("How so?", "so", None, "text"),
        "Q5_1": ("Which?-One", "1", 1.0, "number"),
    }
    assert answers("R_early") == {"QID2_2": ("Pick-Two", "1", 1.0, "number")}


def test_qualtrics_legacy_names_are_masked(migration: Migration, rows: Rows) -> None:
    [document] = response_row(migration, rows, "R_old", "document")
    found = json.loads(document)
    key = key_of(migration)
    assert found["RecipientName"] == keyed_hash("Ann Ohara", key)
    assert found["EmailAddress"] == keyed_hash("ann@example.com", key)
    assert found["IPAddress"].startswith("masked:")


def test_qualtrics_zone_of_the_header_beats_the_configured_one(
    migration: Migration, rows: Rows
) -> None:
    [opened] = response_row(migration, rows, "R_zone", "opened_at")
    assert opened == datetime(2024, 3, 1, 1, 0)


def test_qualtrics_api_by_values_and_labels(
    migration: Migration, rows: Rows, answers: Callable[[str], Answers]
) -> None:
    assert answers("R_api") == {
        "QID1": ("QID1", "No", 2.0, "choice"),
        "QID2": ("QID2", '["One","Two"]', None, "choice"),
        "QID4_TEXT": ("QID4_TEXT", "word", None, "text"),
    }
    columns = "respondent_user_id, submitted_at, member"
    assert response_row(migration, rows, "R_api", columns) == (
        "u9",
        datetime(2024, 3, 2, 10, 1),
        "Survey: R&D?.json",
    )


def test_qualtrics_definition_turns_codes_into_texts(answers: Callable[[str], Answers]) -> None:
    assert answers("R_coded") == {
        "QID1": ("Well done?", "Yes", 7.0, "choice"),
        "QID2": ("Pick", '["One","Two"]', None, "choice"),
    }
    assert answers("R_none") == {"QID1": ("Well done?", "8", 8.0, "choice")}


def test_response_rates_count_who_was_reached(migration: Migration, rows: Rows) -> None:
    found = rows(
        migration,
        """select source, form_id, distribution_id, invited_on::varchar, invited, opened, started,
            finished, round(response_rate, 3)
        from warehouse.marts.fct_survey_response_rates""",
    )
    assert found == [("q", "SV_1", "EMD_1", "2024-03-01", 3, 2, 1, 1, 0.333)]


def test_surveymonkey_columns_of_one_question(answers: Callable[[str], Answers]) -> None:
    assert answers("12706126725") == {
        "Which?": ("Which?", '["Tea","Coffee"]', None, "choice"),
        "Which?#3": ("Which? - Other (please specify)", "mate", None, "text"),
        "How?": ("How? - Taste", "Good", None, "text"),
        "How?#2": ("How? - Price", "3", 3.0, "number"),
        "Free?": ("Free?", "don\u2019t", None, "text"),
    }


def test_surveymonkey_clock_of_the_account(migration: Migration, rows: Rows) -> None:
    columns = "opened_at, occurred_at, completion, respondent_user_id"
    assert response_row(migration, rows, "12706126725", columns) == (
        datetime(2018, 5, 10, 9, 1),
        datetime(2018, 5, 10, 9, 9),
        "unknown",
        "u7",
    )
    [late] = response_row(migration, rows, "12706126728", "submitted_at")
    assert late == datetime(2019, 1, 1, 5, 59, 59)


def test_surveymonkey_flat_header_and_days_without_time(
    migration: Migration, rows: Rows, answers: Callable[[str], Answers]
) -> None:
    assert answers("101") == {
        "Drinks [choices]": ("Drinks", '["Tea","Coffee"]', None, "choice"),
    }
    assert answers("102") == {"Mood": ("Mood", "fine", None, "text")}
    [day] = response_row(migration, rows, "101", "occurred_on::varchar")
    assert day == "2024-05-01"


def test_surveymonkey_api_ids_have_texts_where_details_came(
    migration: Migration, rows: Rows, answers: Callable[[str], Answers]
) -> None:
    assert answers("55") == {
        "q1": ("Good?", "Bad", -100.0, "choice"),
        "q2": ("Which?", '["Tea","Mate"]', None, "choice"),
        "q2/o": ("Which? - Other", "more", None, "text"),
        "q3/r": ("q3/r", "x", None, "choice"),
    }
    found = rows(
        migration,
        """select completion, fate from work.intermediate.int_survey_responses
        where response_token = '55' order by all""",
    )
    assert found == [("completed", "loaded"), ("partial", "duplicate")]


def test_typeform_api_has_texts_of_the_form_and_other_choices(
    answers: Callable[[str], Answers],
) -> None:
    assert answers("tf1") == {
        "r1": ("How was it?", "4", 4.0, "rating"),
        "r3": ("Say more", "a", None, "text"),
        "r9": ("i9", "b", None, "text"),
        "c1": ("c1", "x", None, "choice"),
        "c2": ("c2", '["A","B"]', None, "choice"),
        "c3": ("c3", '["A","a \\"C\\""]', None, "choice"),
        "c4": ("c4", '["D"]', None, "choice"),
    }


def test_zigpoll_answers_without_tags(answers: Callable[[str], Answers]) -> None:
    assert answers("a1") == {"s1": ("s1", "Great stuff", None, "text")}
    assert answers("a2") == {"s2": ("Recommend?", "9", 9.0, "nps")}
    assert answers("a3") == {"s3": ("s3", '["A","B"]', None, "choice")}
    assert answers("t1") == {"Well?": ("Well?", "ok", None, "text")}


def test_respondents_of_all_vendors_are_persons_by_their_keys(
    migration: Migration, rows: Rows
) -> None:
    """u1 answered Qualtrics with an address, and is Zigpoll's x1; x2 left the same address."""
    found = rows(
        migration,
        """select response_token, person_id from warehouse.marts.fct_survey_answers
        join work.intermediate.int_survey_responses using (response_id)
        where fate = 'loaded' and response_token in ('R_full', 'a1', 'a3', 'R_part', 't1')
        group by all""",
    )
    persons = dict(found)
    assert persons["R_full"] == persons["a1"] == persons["a3"] is not None
    assert persons["R_part"] is None and persons["t1"] is None
