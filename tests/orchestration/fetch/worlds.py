"""Eight vendors with a little data each, as their pages say that they answer."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.landing.inflate import streams
from tests.orchestration.fetch.servers import Answer, Request, Vendor, page, zipped_body

DAYS = [datetime(2025, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
Record = dict[str, Any]


class World(Vendor):
    """A vendor's data by id; `fetch` are the settings of a source that fetches it."""

    vendor: str
    fetch: dict[str, Any]
    error_in_200 = b'{"error": {"message": "something broke"}}'
    #: what the requests of records have in their path
    records_at = ""
    source: dict[str, Any] = {}

    def __init__(self, each_day: int = 3) -> None:
        super().__init__()
        draw = random.Random(7)
        self.data: dict[str, tuple[datetime, str]] = {}
        for day in DAYS:
            for number in range(each_day):
                moment = day + timedelta(hours=9 * number % 24, minutes=draw.randrange(60))
                self.data[f"{day:%d}-{number}"] = (moment, draw.randbytes(400).hex())

    def between(self, start: datetime, end: datetime) -> list[str]:
        return [key for key, (moment, _) in self.data.items() if start <= moment < end]

    def change(self) -> None:
        """A record came late, one is gone, and all are in another order."""
        items = list(self.data.items())
        del items[0]
        self.data = dict(reversed(items))
        self.data["late"] = (DAYS[0] + timedelta(hours=5), "late")

    @property
    def settings(self) -> dict[str, Any]:
        fetch = {"requests_per_minute": 1_000_000, "token_env": "TOKEN", **self.fetch}
        return {"vendor": self.vendor, **self.source, "fetch": fetch}

    def is_allowed(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.token}"

    def ids_in(self, content: bytes) -> list[str]:
        """Ids of the records in one file or member."""
        document = json.loads(content)
        found = document.get(self.records_key, []) if isinstance(document, dict) else document
        return [str(record[self.id_key]) for record in found]

    records_key = "data"
    id_key = "id"

    def read(self, folder: Path) -> list[str]:
        """Ids of all the records that were fetched, sorted."""
        found: list[str] = []
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not any(
                p.startswith(".") for p in path.parts[len(folder.parts) :]
            ):
                for stream in streams(path):
                    content = b"".join(stream.blocks)
                    assert stream.torn is None
                    if self.holds_records(path, stream.member):
                        found += self.ids_in(content)
        return sorted(found)

    def holds_records(self, path: Path, member: str | None) -> bool:
        return True


def _basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


class MixpanelWorld(World):
    vendor = "mixpanel"
    source = {"timezone": "UTC"}
    fetch = {"from": "2025-03-01", "to": "2025-03-03", "user_env": "ACCOUNT", "project_id": "42"}
    error_in_200 = b"export terminated early\n"

    def is_allowed(self, request: Request) -> bool:
        return request.headers.get("authorization") == _basic("account", self.token)

    def answer(self, request: Request) -> Answer:
        assert request.path == "/api/2.0/export" and request.params["project_id"] == "42"
        start = datetime.fromisoformat(request.params["from_date"]).replace(tzinfo=UTC)
        end = datetime.fromisoformat(request.params["to_date"]).replace(tzinfo=UTC)
        lines = [self.line(key) for key in self.between(start, end + timedelta(days=1))]
        return zipped_body(request, "".join(lines).encode())

    def line(self, key: str) -> str:
        moment, filler = self.data[key]
        properties = {
            "time": int(moment.timestamp()),
            "distinct_id": "ada",
            "$insert_id": key,
            "filler": filler,
        }
        return json.dumps({"event": "Open", "properties": properties}) + "\n"

    def ids_in(self, content: bytes) -> list[str]:
        return [
            json.loads(line)["properties"]["$insert_id"]
            for line in content.split(b"\n")
            if line.strip()
        ]


class AmplitudeWorld(World):
    vendor = "amplitude"
    fetch = {"from": "2025-03-01", "to": "2025-03-03", "user_env": "ACCOUNT"}

    def is_allowed(self, request: Request) -> bool:
        return request.headers.get("authorization") == _basic("account", self.token)

    def answer(self, request: Request) -> Answer:
        assert request.path == "/api/2/export"
        hour = datetime.strptime(request.params["start"], "%Y%m%dT%H").replace(tzinfo=UTC)
        last = datetime.strptime(request.params["end"], "%Y%m%dT%H").replace(tzinfo=UTC)
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            while hour <= last:
                keys = self.between(hour, hour + timedelta(hours=1))
                lines = "".join(json.dumps(self.event(key)) + "\n" for key in keys)
                if keys:
                    name = f"9/9_{hour:%Y-%m-%d}_{hour.hour}#3.json.gz"
                    archive.writestr(name, gzip.compress(lines.encode(), mtime=0))
                hour += timedelta(hours=1)
            is_empty = not archive.namelist()
        return Answer(404, b"nothing") if is_empty else Answer(200, body.getvalue())

    def event(self, key: str) -> Record:
        moment, filler = self.data[key]
        return {
            "event_type": "Open",
            "event_time": f"{moment:%Y-%m-%d %H:%M:%S}",
            "uuid": key,
            "device_id": "d",
            "event_properties": {"filler": filler},
        }

    def ids_in(self, content: bytes) -> list[str]:
        return [json.loads(line)["uuid"] for line in content.split(b"\n") if line.strip()]


class TypeformWorld(World):
    vendor = "typeform"
    fetch = {"from": "2025-03-01", "to": "2025-03-31", "forms": ["F1"], "page_size": 4}
    records_at = "/responses"
    records_key, id_key = "items", "token"

    def answer(self, request: Request) -> Answer:
        if request.path == "/forms/F1":
            return page({"id": "F1", "title": "A form", "fields": []})
        assert request.path == "/forms/F1/responses"
        types = request.params["response_type"].split(",")
        since = datetime.fromisoformat(request.params["since"])
        until = datetime.fromisoformat(request.params["until"]) + timedelta(seconds=1)
        keys = [key for key in self.between(since, until) if self.type_of(key) in types]
        keys.sort(key=lambda key: self.data[key][0], reverse=True)
        size = int(request.params["page_size"])
        items = [self.response(key) for key in keys[:size]]
        return page({"total_items": len(keys), "page_count": -(-len(keys) // size), "items": items})

    @staticmethod
    def type_of(key: str) -> str:
        return {"0": "partial", "1": "started"}.get(key[-1], "completed")

    def read(self, folder: Path) -> list[str]:
        return sorted(set(super().read(folder)))  # those of the second a page ends in come twice

    def response(self, key: str) -> Record:
        moment, filler = self.data[key]
        at, kind = f"{moment:%Y-%m-%dT%H:%M:%SZ}", self.type_of(key)
        times = {"completed": {"submitted_at": at}, "partial": {"staged_at": at}}
        return {
            "landing_id": key,
            "token": key,
            "response_type": kind,
            "landed_at": at,
            **times.get(kind, {}),
            "metadata": {"network_id": "n"},
            "answers": [
                {"field": {"id": "q", "ref": "q", "type": "text"}, "type": "text", "text": filler}
            ],
        }


class QualtricsWorld(World):
    vendor = "qualtrics"
    fetch = {"from": "2025-03-01", "to": "2025-03-31", "surveys": ["SV_1"], "region": "iad1"}
    records_at = "/export-responses"
    records_key, id_key = "responses", "responseId"
    error_in_200 = b'{"meta": {"httpStatus": "200 - OK", "error": {"errorMessage": "broke"}}}'

    def __init__(self, each_day: int = 3) -> None:
        super().__init__(each_day)
        self.exports: dict[str, tuple[datetime, datetime]] = {}
        self.looks: dict[str, int] = {}

    def is_allowed(self, request: Request) -> bool:
        return request.headers.get("x-api-token") == self.token

    def answer(self, request: Request) -> Answer:
        exports = "/API/v3/surveys/SV_1/export-responses"
        if request.path == "/API/v3/survey-definitions/SV_1":
            return page({"result": {"SurveyID": "SV_1", "Questions": {}}, "meta": {}})
        if request.method == "POST":
            assert request.path == exports
            asked = json.loads(request.body)
            assert asked["format"] == "json"
            key = f"ES_{len(self.exports)}"
            start, end = (datetime.fromisoformat(asked[k]) for k in ("startDate", "endDate"))
            self.exports[key] = start, end
            return page({"result": {"progressId": key, "status": "inProgress"}})
        if request.path.endswith("/file"):
            start, end = self.exports[request.path.split("/")[-2].removesuffix("-file")]
            responses = [self.response(key) for key in self.between(start, end)]
            body = io.BytesIO()
            with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("A survey.json", json.dumps({"responses": responses}))
            return Answer(200, body.getvalue(), {"Content-Type": "application/zip"})
        key = request.path.rsplit("/", 1)[1]
        self.looks[key] = self.looks.get(key, 0) + 1
        if self.looks[key] < 2:
            return page({"result": {"status": "inProgress", "percentComplete": 50.0}})
        return page(
            {"result": {"status": "complete", "percentComplete": 100.0, "fileId": f"{key}-file"}}
        )

    def response(self, key: str) -> Record:
        moment, filler = self.data[key]
        times = dict.fromkeys(
            ("startDate", "endDate", "recordedDate"), f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        )
        return {"responseId": key, "values": {**times, "QID1_TEXT": filler, "finished": 1}}


class SurveyMonkeyWorld(World):
    vendor = "surveymonkey"
    fetch = {"from": "2025-03-01", "to": "2025-03-31", "surveys": ["77"], "page_size": 4}
    records_at = "/responses/bulk"

    def answer(self, request: Request) -> Answer:
        if request.path == "/v3/surveys/77/details":
            return page({"id": "77", "title": "A survey", "question_count": 0, "pages": []})
        assert request.path == "/v3/surveys/77/responses/bulk"
        start = datetime.fromisoformat(request.params["start_created_at"]).replace(tzinfo=UTC)
        end = datetime.fromisoformat(request.params["end_created_at"]).replace(tzinfo=UTC)
        keys = self.between(start, end)
        number, size = int(request.params["page"]), int(request.params["per_page"])
        shown = keys[(number - 1) * size : number * size]
        links = {"next": "https://elsewhere/page"} if keys[number * size :] else {}
        return page({"data": [self.response(key) for key in shown], "links": links})

    def response(self, key: str) -> Record:
        moment, filler = self.data[key]
        return {
            "id": key,
            "survey_id": "77",
            "collector_id": "1",
            "response_status": "completed",
            "date_created": moment.isoformat(),
            "date_modified": moment.isoformat(),
            "custom_value": filler,
            "pages": [],
        }


class ZigpollWorld(World):
    vendor = "zigpoll"
    fetch = {"from": "2025-03-01", "to": "2025-03-31", "accounts": ["A1"], "page_size": 4}
    records_at = "/responses"
    id_key = "_id"

    def is_allowed(self, request: Request) -> bool:
        return request.headers.get("authorization") == self.token

    def answer(self, request: Request) -> Answer:
        if request.path == "/polls":
            counters = dict.fromkeys(("renderCount", "submissionCount"), 9)
            return page([{"_id": "P1", "title": "A poll", **counters}])
        if request.path == "/slides":
            assert request.params == {"pollId": "P1"}
            slide = {"_id": "S1", "pollId": "P1", "title": "How?", "answers": [], "type": "nps"}
            return page([slide])
        assert request.params["accountId"] == "A1"
        if request.path in ("/participants", "/emails"):
            return page({"data": [], "hasNextPage": False, "endCursor": None})
        start, end = (
            datetime.fromtimestamp(int(request.params[key]) / 1000, UTC)
            for key in ("createdAfter", "createdBefore")
        )
        keys = self.between(start, end)
        if "startCursor" in request.params:
            keys = keys[keys.index(request.params["startCursor"]) + 1 :]
        shown = keys[: int(request.params["limit"])]
        has_more = len(shown) < len(keys)
        data = [self.response(key) for key in shown]
        return page({"data": data, "hasNextPage": has_more, "endCursor": shown[-1:] and shown[-1]})

    def response(self, key: str) -> Record:
        moment, filler = self.data[key]
        return {
            "_id": key,
            "createdAt": moment.isoformat(),
            "pollId": "P1",
            "slideId": "S1",
            "participantId": "p",
            "response": filler,
        }

    def holds_records(self, path: Path, member: str | None) -> bool:
        return path.name.startswith("responses-")


class HubSpotWorld(World):
    vendor = "hubspot"
    fetch = {"objects": ["deals"], "page_size": 4}
    records_at = "/objects/deals"
    records_key = "results"

    def answer(self, request: Request) -> Answer:
        if request.path == "/crm/v3/pipelines/deals":
            won = {"id": "closedwon", "label": "Closed Won", "metadata": {"probability": "1.0"}}
            sales = {"id": "default", "label": "Sales", "displayOrder": 0, "stages": [won]}
            return page({"results": [sales]})
        assert request.path == "/crm/v3/objects/deals"
        assert {"amount", "dealstage"} <= set(request.params["properties"].split(","))
        if request.params["archived"] == "true":
            return page({"results": []})
        keys = list(self.data)
        keys = keys[int(request.params.get("after", 0)) :]
        shown = keys[: int(request.params["limit"])]
        following = {"next": {"after": str(len(self.data) - len(keys) + len(shown)), "link": "x"}}
        paging = {"paging": following} if len(shown) < len(keys) else {}
        return page({"results": [self.deal(key) for key in shown], **paging})

    def deal(self, key: str) -> Record:
        moment, filler = self.data[key]
        return {
            "id": key,
            "properties": {"amount": "12.50", "dealname": filler, "dealstage": "closedwon"},
            "createdAt": moment.isoformat(),
            "updatedAt": moment.isoformat(),
            "archived": False,
        }

    def holds_records(self, path: Path, member: str | None) -> bool:
        return path.name == "deals.zip"


class StripeWorld(World):
    vendor = "stripe"
    fetch = {
        "from": "2025-03-01",
        "to": "2025-03-31",
        "objects": ["subscriptions", "invoices"],
        "page_size": 4,
    }
    records_at = "/invoices"

    def answer(self, request: Request) -> Answer:
        if request.path == "/v1/subscriptions":
            assert request.params["status"] == "all"
            return page({"object": "list", "data": [], "has_more": False})
        assert request.path == "/v1/invoices"
        start, end = (
            datetime.fromtimestamp(int(request.params[key]), UTC)
            for key in ("created[gte]", "created[lt]")
        )
        keys = sorted(self.between(start, end), key=lambda key: self.data[key][0], reverse=True)
        if "starting_after" in request.params:
            keys = keys[keys.index(request.params["starting_after"]) + 1 :]
        shown = keys[: int(request.params["limit"])]
        data = [self.invoice(key) for key in shown]
        return page({"object": "list", "data": data, "has_more": len(shown) < len(keys)})

    def invoice(self, key: str) -> Record:
        moment, filler = self.data[key]
        return {
            "id": key,
            "object": "invoice",
            "created": int(moment.timestamp()),
            "amount_paid": 1250,
            "metadata": {"filler": filler},
        }


WORLDS: list[type[World]] = [
    *(MixpanelWorld, AmplitudeWorld, TypeformWorld, QualtricsWorld, SurveyMonkeyWorld),
    *(ZigpollWorld, HubSpotWorld, StripeWorld),
]
