"""The picture of keys: made of what the models say, each box in its place, no line across a box."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from orchestration.errors import CannotFinish
from orchestration.pages.keys import (
    Box,
    Entity,
    KeyColumn,
    Reference,
    entities,
    keys_html,
    pictures,
)
from orchestration.pages.questions import mart_models


def model(name: str, *columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "columns": list(columns), **more}


PERSON = model(
    "dim_persons",
    {"name": "person_id", "data_tests": ["not_null", "unique"]},
    {"name": "country"},
)
TO_PERSON = {"relationships": {"arguments": {"to": "ref('dim_persons')", "field": "person_id"}}}


def test_a_key_and_its_references_are_read_of_tests_and_meta() -> None:
    visits = model(
        "fct_visits",
        {"name": "day"},
        {"name": "person_id", "data_tests": [TO_PERSON]},
        {"name": "buyer_id", "config": {"meta": {"refers_to": "dim_persons.person_id"}}},
        {"name": "length"},
        data_tests=[{"is_unique_together": {"arguments": {"columns": ["day", "person_id"]}}}],
    )
    assert entities([("core", PERSON), ("core", visits)]) == [
        Entity("dim_persons", "core", (KeyColumn("person_id", True),)),
        Entity(
            "fct_visits",
            "core",
            (
                KeyColumn("day", True),
                KeyColumn("person_id", True, (Reference("dim_persons", "person_id", True),)),
                KeyColumn("buyer_id", False, (Reference("dim_persons", "person_id", False),)),
            ),
        ),
    ]


@pytest.mark.parametrize("to", ["dim_persons.name", "dim_people.person_id"])
def test_a_reference_that_leads_nowhere_is_refused(to: str) -> None:
    bad = model("fct_x", {"name": "x", "config": {"meta": {"refers_to": to}}})
    with pytest.raises(CannotFinish, match=f"fct_x refers to {to}, which is not there"):
        entities([("core", PERSON), ("core", bad)])


def test_a_test_of_some_rows_alone_promises_nothing() -> None:
    some = {"relationships": {**TO_PERSON["relationships"], "config": {"where": "is_known"}}}
    bought = model("fct_x", {"name": "person_id", "data_tests": [some]})
    (column,) = entities([("core", PERSON), ("core", bought)])[1].columns
    assert not column.refers_to[0].is_certain


def test_every_mart_says_what_its_row_is_known_by() -> None:
    found = entities(mart_models())
    assert len(found) > 40
    assert [each.name for each in found if not any(c.is_key for c in each.columns)] == []


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_boxes_lie_beside_each_other_inside_their_picture() -> None:
    shown = pictures(entities(mart_models()))
    assert shown[0].subject == "core"
    for picture in shown:
        for box in picture.boxes:
            assert 0 <= box.x <= box.x + box.width <= picture.width <= 1200
            assert 0 <= box.y <= box.y + box.height <= picture.height
        assert not any(overlap(one, other) for one, other in combinations(picture.boxes, 2))


def test_every_reference_is_drawn_or_named() -> None:
    found = entities(mart_models())
    told = {
        (box.entity.name, name)
        for picture in pictures(found)
        for box in picture.boxes
        for line in box.lines
        for name in filter(None, line.leads_to.split(", "))
    }
    drawn = sum(len(picture.links) for picture in pictures(found))
    references = [(e.name, ref.mart) for e in found for c in e.columns for ref in c.refers_to]
    assert len([each for each in references if each not in told]) == drawn
    assert drawn > 8


def test_two_that_refer_to_each_other_are_shown() -> None:
    pair = [
        Entity(name, "core", (KeyColumn("id", True, (Reference(other, "id", True),)),))
        for name, other in (("a", "b"), ("b", "a"))
    ]
    (picture,) = pictures(pair)
    assert len(picture.boxes) == 2


def test_text_is_escaped_and_nothing_is_fetched() -> None:
    page = keys_html([Entity("<q>", "<i>", (KeyColumn("<s>", True),))])
    assert not any(tag in page for tag in ("<q>", "<i>", "<s>"))
    assert "&lt;q&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
