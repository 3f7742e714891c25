"""Survey vendors, from files to answers: each documented rule on small exports made up here."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.config import Migration, load_migration
from orchestration.privacy import key_of, keyed_hash

Build = Callable[[Migration], Any]
Rows = Callable[[Migration, str], list[tuple[Any, ...]]]
Answers = dict[str, tuple[Any, ...]]

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  q:
    vendor: qualtrics
    location: exports/q
    timezone: America/New_York
    unanswered: ["-99"]
    score_types: {QID7: csat}
    identity: {respondent_field: account, keys: {email: RecipientEmail}}
  q_texts: {vendor: qualtrics, location: exports/q_texts}
  sm:
    vendor: surveymonkey
    location: exports/sm
    timezone: America/Chicago
    identity: {respondent_field: uid, keys: {email: Email Address}}
  sm_flat: {vendor: surveymonkey, location: exports/sm_flat, undated_on: 2024-05-01,
    unanswered: ["-"]}
  zp:
    vendor: zigpoll
    location: exports/zp
    columns: {response_id: Id, created_at: When, response: Said, question: Asked}
    identity: {respondent_field: id, keys: {email: email}}
"""
TAXONOMY = """
version: 1
events:
  order_paid: {description: Paid., kind: macro, owner: sales}
"""


def csv(*rows: list[str]) -> bytes:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return ("\n".join(quoted) + "\n").encode()


def import_id(name: str, **more: str) -> str:
    return json.dumps({"ImportId": name, **more})


NAMES = ["StartDate", "EndDate", "Status", "Progress", "Finished", "RecordedDate", "ResponseId"]
LABELS = ["Anfang", "Ende", "Art", "Stand", "Beendet", "Erfasst", "Antwort-ID"]
IDS = ["startDate", "endDate", "status", "progress", "finished", "recordedDate", "_recordId"]


def response(token: str, *cells: str, status: str = "0", finished: str = "1") -> list[str]:
    times = "2024-03-01 10:00:00", "2024-03-01 10:05:00", "2024-03-08 10:05:00"
    start, end, recorded = times
    progress = "100" if finished == "1" else "40"
    return [start, end, status, progress, finished, recorded, token, *cells]


CURRENT = csv(
    [*NAMES, "Q1", "Q3_1", "Q3_2", "Q7", "Q8", "Q8_NPS_GROUP", "account", "RecipientEmail"],
    [
        *(*LABELS, "Wie\ngeht es?", "Was noch? - Tee", "Was noch? - Kaffee"),
        *("Zufrieden?", "Empfehlen?", "Empfehlen? - Gruppe", "account", "E-Mail"),
    ],
    [
        *map(import_id, (*IDS, "QID1_TEXT", "QID3_1", "QID3_2", "QID7", "QID8")),
        *(import_id("QID8_NPS_GROUP"), import_id("account"), import_id("recipientEmail")),
    ],
    response("R_full", "NA", "Tee", "Kaffee", "4", "9", "3", "u1", "ann@example.com"),
    response("R_part", "gut", "", "", "-99", "", "", "", "", finished="0"),
    response("R_test", "x", "", "", "", "", "", "", "", status="2"),
    response("", "nobody", "", "", "", "", "", "", ""),
)
LEGACY = b"\xef\xbb\xbf" + csv(
    [*(f"V{n}" for n in range(1, 11)), "Q1", "Q5_1", "tier", ""],
    [
        *("ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress"),
        *("IPAddress", "Status", "StartDate", "EndDate", "Finished"),
        *("How so?", "Which?-One", "tier", ""),
    ],
    [
        *("R_old", "Default", "Ann Ohara", "", "ann@example.com", "192.0.2.1", "0"),
        *("2015-02-01 08:00:00", "2015-02-01 08:01:00", "1", "so", "1", "gold", ""),
    ],
)
EARLY = csv(
    ["ResponseID", "StartDate", "EndDate", "Finished", "Status", "Q2_10"],
    ["ResponseID", "StartDate", "EndDate", "Finished", "Status", "Pick-Two"],
    [
        *("{'ImportId': 'responseId'}", "{'ImportId': 'startDate'}", "{'ImportId': 'endDate'}"),
        *("{'ImportId': 'finished'}", "{'ImportId': 'status'}", "{'ImportId': 'QID2-2'}"),
    ],
    ["R_early", "2016-02-01 08:00:00", "2016-02-01 08:01:00", "1", "0", "1"],
)
ZONED = csv(
    [*NAMES, "Q1"],
    [*LABELS, "Where?"],
    [*(import_id(i, timeZone="Asia/Tokyo") if "Date" in i else import_id(i) for i in IDS), "{}"],
    response("R_zone", "here"),
)
API = {
    "responses": [
        {
            "responseId": "R_api",
            "values": {
                **{"startDate": "2024-03-02T10:00:00Z", "endDate": "2024-03-02T10:01:00Z"},
                **{"finished": 1, "status": 0, "_recordId": "R_api", "account": "u9"},
                **{"QID1": 2, "QID2": ["1", "2"], "QID1_DO": ["1"], "QID4_TEXT": "word"},
            },
            "labels": {"QID1": "No", "QID2": ["One", "Two"]},
        }
    ]
}
DEFINITION = {
    "result": {
        "id": "SV_1",
        "questions": {
            "QID1": {
                "questionText": "Well<br>done?",
                "questionName": "Q1",
                "questionType": {"type": "MC", "selector": "SAVR"},
                "choices": {"1": {"recode": "7", "choiceText": "Yes"}},
            },
            "QID2": {
                "questionText": "Pick",
                "questionName": "Q2",
                "questionType": {"type": "MC", "selector": "MAVR"},
                "choices": {"1": {"choiceText": "One"}, "2": {"choiceText": "Two"}},
            },
        },
    }
}
CODED = csv(
    [*NAMES, "Q1", "Q2_1", "Q2_2"],
    [*LABELS, "Well done?", "Pick - One", "Pick - Two"],
    [*map(import_id, (*IDS, "QID1", "QID2_1", "QID2_2"))],
    response("R_coded", "7", "1", "1"),
    response("R_none", "8", "", ""),
)
HISTORY = csv(
    ["contact_id", "distribution_id", "opened_at", "response_started_at", "sent_at", "status",
     "response_completed_at", "survey_link"],  # fmt: skip
    *(
        [
            *(f"CID_{n}", "EMD_1", "", "", "2024-03-01 00:30:00", status, done),
            "https://x.example.com/jfe/form/SV_1?Q_DL=1",
        ]
        for n, (status, done) in enumerate(
            [("Opened", ""), ("SurveyFinished", "2024-03-02 00:00:00"), ("Success", ""),
             ("HardBounce", "")]  # fmt: skip
        )
    ),
)
SPILLED = (
    "Respondent ID,Collector ID,Start Date,End Date,Email Address,uid,Which?,,,How?,,Free?\n"
    ",,,,,,Tea,Coffee,Other (please specify),Taste,Price,Open-Ended Response\n"
    "12706126725,1,5/10/18 4:01,5/10/18 4:09,ann@example.com,u7,Tea,Coffee\xa0,mate,"
    "Good,3,don\u2019t\n"
    "1.27E+10,1,5/10/18 4:01,5/10/18 4:09,,,Tea,,,,,\n"
    "12706126727,1,01/17/1970 4:01,1/17/1970 4:09,,,Tea,,,,,\n"
    "12706126728,1,12/31/2018 11:30:00 PM,12/31/2018 11:59:59 PM,,,,,,,,\n"
)
FLAT = csv(
    ["RespondentID", "Drinks - Tea", "Drinks - Coffee", "Mood"],
    ["101", "Tea", "Coffee", "-"],
    ["102", "", "", "fine"],
)
SM_API = {
    "data": [
        {
            "id": "55", "survey_id": "9", "collector_id": "1", "response_status": status,
            "custom_variables": {"uid": "u7"}, "date_created": "2024-01-01T10:00:00+00:00",
            "date_modified": f"2024-01-01T1{hour}:00:00+00:00", "email_address": "bob@example.com",
            "pages": [
                {
                    "id": "p",
                    "questions": [
                        {"id": "q1", "answers": [{"choice_id": "c1",
                         "choice_metadata": {"weight": "-100"}}]},
                        {"id": "q2", "answers": [{"choice_id": "c2"}, {"choice_id": "c3"},
                         {"other_id": "o", "text": "more"}]},
                        {"id": "q3", "answers": [{"row_id": "r", "choice_id": "x"}]},
                    ],
                }
            ],
        }  # fmt: skip
        for status, hour in (("partial", 2), ("completed", 1))
    ],
    "page": 1,
}
DETAILS = {
    "id": "9", "title": "Survey", "question_count": 2,
    "pages": [
        {
            "questions": [
                {"id": "q1", "family": "single_choice", "headings": [{"heading": "<b>Good?</b>"}],
                 "answers": {"choices": [{"id": "c1", "text": "Bad"}]}},
                {"id": "q2", "family": "multiple_choice", "headings": [{"heading": "Which?"}],
                 "answers": {"choices": [{"id": "c2", "text": "Tea"}, {"id": "c3", "text": "Mate"}],
                             "other": {"id": "o", "text": "Other"}}},
            ]
        }
    ],
}  # fmt: skip
POLL = [
    {"_id": "a1", "createdAt": "2024-06-01T10:00:00.000Z", "pollId": "p", "slideId": "s1",
     "participantId": "x1", "response": "<p>Great&nbsp;stuff</p>", "valueType": "open-ended",
     "metadata": {}},
    {"_id": "a2", "createdAt": "2024-06-01T10:00:01.000Z", "pollId": "p", "slideId": "s2",
     "participantId": "x1", "response": "9", "metadata": {}},
    {"_id": "a3", "createdAt": "2024-06-01T10:00:02.000Z", "pollId": "p", "slideId": "s3",
     "participantId": "x2", "response": ["A", "B"], "metadata": {"email": "ann@example.com"}},
    {"_id": "a2", "createdAt": "2024-06-01T10:00:01.000Z", "pollId": "p", "slideId": "s2",
     "participantId": "x1", "response": "9", "metadata": {}},
]  # fmt: skip
SLIDES = [{"_id": "s2", "title": "<h1>Recommend?</h1>", "type": "nps", "answers": [], "pollId": "p"}]
PARTICIPANTS = [
    {"_id": "x1", "id": "u1", "createdAt": "2024-06-01T10:00:00.000Z", "ipDetails": {},
     "responses": []}
]  # fmt: skip
EMAILS = [
    {"_id": "e1", "createdAt": "2024-06-01T10:00:00.000Z", "slideId": "s4", "participantId": "x2",
     "pollId": "p", "email": "ann@example.com"}
]  # fmt: skip


def page(items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": items, "hasNextPage": False, "endCursor": "c"}).encode()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


FILES = {
    "migration.yaml": CONFIG.encode(),
    "taxonomy.yaml": TAXONOMY.encode(),
    "exports/q/current.csv": CURRENT,
    "exports/q/legacy.csv": LEGACY,
    "exports/q/early.tsv": EARLY.replace(b'","', b'"\t"'),
    "exports/q/zoned.csv": ZONED,
    "exports/q/api.zip": zipped("Survey: R&D?.json", json.dumps(API).encode()),
    "exports/q/history.csv": HISTORY,
    "exports/q_texts/definition.json": json.dumps(DEFINITION, indent=1).encode(),
    "exports/q_texts/coded.csv": CODED,
    "exports/sm/spilled.csv": SPILLED.encode("mac_roman"),
    "exports/sm/page.json": json.dumps(SM_API, indent=1).encode(),
    "exports/sm/details.json": json.dumps(DETAILS).encode(),
    "exports/sm_flat/flat.csv": FLAT,
    "exports/zp/responses.json": page(POLL),
    "exports/zp/slides.json": page(SLIDES),
    "exports/zp/participants.json": page(PARTICIPANTS),
    "exports/zp/emails.json": page(EMAILS),
    "exports/zp/table.csv": csv(
        ["Id", "When", "Said", "Asked"], ["t1", "2024-06-02 08:00:00", "<i>ok</i>", "Well?"]
    ),
}


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
        ("zp", "form_definition", 1),
        ("zp", "identity_record", 2),
        ("zp", "vendor_rule", 1),
    ]


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
