"""Exports of survey tools in small, made up here: each shows rules that `test_surveys` names."""

import io
import json
import zipfile
from typing import Any

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
    identity: {user_field: account, keys: {email: RecipientEmail}}
  q_texts: {vendor: qualtrics, location: exports/q_texts}
  sm:
    vendor: surveymonkey
    location: exports/sm
    timezone: America/Chicago
    identity: {user_field: uid, keys: {email: Email Address}}
  sm_flat: {vendor: surveymonkey, location: exports/sm_flat, undated_on: 2024-05-01,
    unanswered: ["-"]}
  tf: {vendor: typeform, location: exports/tf}
  zp:
    vendor: zigpoll
    location: exports/zp
    columns: {response_id: Id, created_at: When, response: Said, question: Asked}
    identity: {user_field: id, keys: {email: email}}
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
    [
        "contact_id",
        "distribution_id",
        "opened_at",
        "response_started_at",
        "sent_at",
        "status",
        "response_completed_at",
        "survey_link",
    ],
    *(
        [
            *(f"CID_{n}", "EMD_1", "", "", "2024-03-01 00:30:00", status, done),
            "https://x.example.com/jfe/form/SV_1?Q_DL=1",
        ]
        for n, (status, done) in enumerate(
            [
                ("Opened", ""),
                ("SurveyFinished", "2024-03-02 00:00:00"),
                ("Success", ""),
                ("HardBounce", ""),
            ]
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
            "id": "55",
            "survey_id": "9",
            "collector_id": "1",
            "response_status": status,
            "custom_variables": {"uid": "u7"},
            "date_created": "2024-01-01T10:00:00+00:00",
            "date_modified": f"2024-01-01T1{hour}:00:00+00:00",
            "email_address": "bob@example.com",
            "pages": [
                {
                    "id": "p",
                    "questions": [
                        {
                            "id": "q1",
                            "answers": [{"choice_id": "c1", "choice_metadata": {"weight": "-100"}}],
                        },
                        {
                            "id": "q2",
                            "answers": [
                                {"choice_id": "c2"},
                                {"choice_id": "c3"},
                                {"other_id": "o", "text": "more"},
                            ],
                        },
                        {"id": "q3", "answers": [{"row_id": "r", "choice_id": "x"}]},
                    ],
                }
            ],
        }
        for status, hour in (("partial", 2), ("completed", 1))
    ],
    "page": 1,
}
DETAILS = {
    "id": "9",
    "title": "Survey",
    "question_count": 2,
    "pages": [
        {
            "questions": [
                {
                    "id": "q1",
                    "family": "single_choice",
                    "headings": [{"heading": "<b>Good?</b>"}],
                    "answers": {"choices": [{"id": "c1", "text": "Bad"}]},
                },
                {
                    "id": "q2",
                    "family": "multiple_choice",
                    "headings": [{"heading": "Which?"}],
                    "answers": {
                        "choices": [{"id": "c2", "text": "Tea"}, {"id": "c3", "text": "Mate"}],
                        "other": {"id": "o", "text": "Other"},
                    },
                },
            ]
        }
    ],
}
POLL = [
    {
        "_id": "a1",
        "createdAt": "2024-06-01T10:00:00.000Z",
        "pollId": "p",
        "slideId": "s1",
        "participantId": "x1",
        "response": "<p>Great&nbsp;stuff</p>",
        "valueType": "open-ended",
        "metadata": {},
    },
    {
        "_id": "a2",
        "createdAt": "2024-06-01T10:00:01.000Z",
        "pollId": "p",
        "slideId": "s2",
        "participantId": "x1",
        "response": "9",
        "metadata": {},
    },
    {
        "_id": "a3",
        "createdAt": "2024-06-01T10:00:02.000Z",
        "pollId": "p",
        "slideId": "s3",
        "participantId": "x2",
        "response": ["A", "B"],
        "metadata": {"email": "ann@example.com"},
    },
    {
        "_id": "a2",
        "createdAt": "2024-06-01T10:00:01.000Z",
        "pollId": "p",
        "slideId": "s2",
        "participantId": "x1",
        "response": "9",
        "metadata": {},
    },
]
SLIDES = [
    {"_id": "s2", "title": "<h1>Recommend?</h1>", "type": "nps", "answers": [], "pollId": "p"}
]
PARTICIPANTS = [
    {
        "_id": "x1",
        "id": "u1",
        "createdAt": "2024-06-01T10:00:00.000Z",
        "ipDetails": {},
        "responses": [],
    }
]
EMAILS = [
    {
        "_id": "e1",
        "createdAt": "2024-06-01T10:00:00.000Z",
        "slideId": "s4",
        "participantId": "x2",
        "pollId": "p",
        "email": "ann@example.com",
    }
]


def page(items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"data": items, "hasNextPage": False, "endCursor": "c"}).encode()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


TF_GROUP = [{"id": "i3", "ref": "r3", "type": "short_text", "title": "Say more"}]
TF_FORM = {
    "id": "f1",
    "title": "Shop",
    "fields": [
        {"id": "i1", "ref": "r1", "type": "rating", "title": "How was it?"},
        {"id": "i2", "type": "group", "title": "More", "properties": {"fields": TF_GROUP}},
    ],
}
TF_ANSWERS = [
    {"field": {"id": "i1", "ref": "r1", "type": "rating"}, "type": "number", "number": 4},
    {"field": {"id": "i3", "ref": "r3", "type": "short_text"}, "type": "text", "text": "a"},
    {"field": {"id": "i9", "ref": "r9", "type": "short_text"}, "type": "text", "text": "b"},
    {"field": {"id": "c1", "type": "multiple_choice"}, "type": "choice", "choice": {"other": "x"}},
    *(
        {"field": {"id": f"c{n}", "type": "multiple_choice"}, "type": "choices", "choices": picked}
        for n, picked in enumerate(
            [{"labels": ["A", "B"]}, {"labels": ["A"], "other": 'a "C"'}, {"other": "D"}], start=2
        )
    ),
]
TF_ITEM = {"landing_id": "tf1", "token": "tf1", "submitted_at": "2024-06-01T10:00:00Z"}
TF_PAGE = {"items": [TF_ITEM | {"answers": TF_ANSWERS}]}

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
    "exports/tf/form.json": json.dumps(TF_FORM).encode(),
    "exports/tf/page.json": json.dumps(TF_PAGE).encode(),
    "exports/zp/responses.json": page(POLL),
    "exports/zp/slides.json": page(SLIDES),
    "exports/zp/participants.json": page(PARTICIPANTS),
    "exports/zp/emails.json": page(EMAILS),
    "exports/zp/table.csv": csv(
        ["Id", "When", "Said", "Asked"], ["t1", "2024-06-02 08:00:00", "<i>ok</i>", "Well?"]
    ),
}
