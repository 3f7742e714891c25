"""Desks, marketing tools and feeds of failures are known by what only they write."""

import json
from typing import Any

import pytest

from orchestration.sources import Head, recognise

TICKET = {"id": 1, "requester_id": 2, "submitter_id": 3, "status": "open"}
BRAZE = {"id": "a", "user_id": "b", "external_user_id": None, "time": 1}
VIOLATION = {"type": "track", "event": "Violation Generated", "messageId": "m"}
CALL = {"type": "track", "event": "Paid", "messageId": "m", "properties": {}}
BAD_ROW = {"schema": "iglu:com.snowplowanalytics.snowplow.badrows/a/jsonschema/1-0-0", "data": {}}


def known(data: str, *, is_whole: bool = True) -> tuple[str, str, str | None] | None:
    found = recognise(Head("export", data.encode(), is_whole))
    return found and (found[0], found[1].kind, found[1].object_type)


def lines(*values: dict[str, Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (lines(TICKET, TICKET), ("zendesk", "lines", "ticket")),
        (json.dumps({"tickets": [TICKET], "users": []}), ("zendesk", "json_lists", None)),
        ('{"tickets": [], "count": 0}', ("zendesk", "json_lists", None)),
        (lines(BRAZE), ("marketing_automation", "lines", "braze_event")),
        (json.dumps(BRAZE, indent=1), ("marketing_automation", "document", "braze_event")),
        (lines(VIOLATION), ("failed_events", "lines", "violation")),
        (lines(BAD_ROW), ("failed_events", "lines", "bad_row")),
        (lines(VIOLATION, CALL), ("segment", "lines", None)),
        (lines(CALL), ("segment", "lines", None)),
    ],
)
def test_the_vendor_and_what_its_records_are(data: str, expected: tuple[str, ...]) -> None:
    assert known(data) == expected


def test_a_page_longer_than_the_head_is_known_by_its_first_element() -> None:
    page = json.dumps({"tickets": [{**TICKET, "subject": "x" * 9000}] * 99})
    assert known(page[: 256 << 10], is_whole=False) == ("zendesk", "json_lists", None)
    assert known(page[:5000], is_whole=False) == ("zendesk", "json_lists", None)


def test_groups_are_told_from_other_tables_with_the_same_columns() -> None:
    group = "id,_fivetran_deleted,created_at,name,updated_at,url"
    assert known(f"{group}\n1,,,,,\n") == ("zendesk", "csv", "group")
    assert known(f"{group},budget\n1,,,,,,\n") != ("zendesk", "csv", "group")
