"""taxonomy.yaml: what it means in rows, and what each wrong one is told."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.model import load_taxonomy
from orchestration.taxonomy.rows import (
    PrimaryRow,
    alias_rows,
    event_rows,
    primary_rows,
    property_rows,
)

Write = Callable[[str, str | bytes], Path]

SOURCES = {"app": "mixpanel", "old_app": "mixpanel", "web": "amplitude"}

TAXONOMY = """\
version: 3
events:
  form_uploaded:
    description: A person sent a tax form for import.
    kind: micro
    owner: product
    stage: consideration
    since_version: 2
    aliases:
      app: ["Clicked Tax Form Upload"]
      amplitude: [form_upload]
    properties:
      form_type: {type: string, enum: ["1040", "W2", "Zürich"], required: true}
      pages: {type: integer}
    primary:
      app: {until: 2025-04-01}
      web: {from: 2025-04-01}
  order_paid: {description: An order was paid., kind: macro}
"""


@pytest.fixture
def load(write: Write):
    def _load(old: str = "", new: str = ""):
        assert TAXONOMY.count(old) == 1 or not old, old
        return load_taxonomy(write("t.yaml", TAXONOMY.replace(old, new) if old else TAXONOMY))

    return _load


def resolved(taxonomy, source: str) -> dict[str, str]:
    rows = [row for row in alias_rows(taxonomy, SOURCES) if row.source == source]
    assert len(rows) == len({row.source_event_name for row in rows})  # none that is never reached
    return {row.source_event_name: row.event_name for row in rows}


def test_events_become_rows(load) -> None:
    first, second = event_rows(load())
    assert (first.event_name, first.description, first.event_kind, first.owner) == (
        "form_uploaded", "A person sent a tax form for import.", "micro", "product"
    )  # fmt: skip
    assert (first.funnel_stage, first.since_version, first.status) == (
        "consideration", "2.0.0", "active"
    )  # fmt: skip
    assert (second.event_name, second.event_kind, second.owner, second.since_version) == (
        "order_paid", "macro", None, "1.0.0"
    )  # fmt: skip


def test_property_rules_become_rows(load) -> None:
    rows = property_rows(load())
    found = [
        (r.event_name, r.property_name, r.property_types, r.allowed_values, r.is_required)
        for r in rows
    ]
    assert found == [
        ("form_uploaded", "form_type", '["string"]', '["1040", "W2", "Zürich"]', True),
        ("form_uploaded", "pages", '["integer"]', None, False),
    ]
    assert {(r.missing_mode, r.type_mode, r.value_mode) for r in rows} == {("flag",) * 3}


def test_primary_ranges_meet_at_an_exclusive_until_and_an_inclusive_from(load) -> None:
    assert primary_rows(load()) == [
        PrimaryRow("form_uploaded", "app", None, date(2025, 4, 1)),
        PrimaryRow("form_uploaded", "web", date(2025, 4, 1), None),
    ]


def test_an_alias_holds_for_its_source_or_its_vendor(load) -> None:
    taxonomy = load()
    assert resolved(taxonomy, "app")["Clicked Tax Form Upload"] == "form_uploaded"
    assert "Clicked Tax Form Upload" not in resolved(taxonomy, "old_app")
    assert resolved(taxonomy, "web")["form_upload"] == "form_uploaded"


def test_case_counts(load) -> None:
    assert "clicked tax form upload" not in resolved(load(), "app")


def test_the_canonical_name_is_its_own_alias_everywhere(load) -> None:
    for source in SOURCES:
        names = resolved(load(), source)
        assert names["form_uploaded"] == "form_uploaded"
        assert names["order_paid"] == "order_paid"


def test_a_sources_alias_beats_its_vendors(load) -> None:
    taxonomy = load("kind: macro}", "kind: macro, aliases: {web: [form_upload]}}")
    assert resolved(taxonomy, "web")["form_upload"] == "order_paid"


def test_a_sources_alias_may_claim_another_events_name(load) -> None:
    taxonomy = load("kind: macro}", "kind: macro, aliases: {app: [form_uploaded]}}")
    assert resolved(taxonomy, "app")["form_uploaded"] == "order_paid"
    assert resolved(taxonomy, "old_app")["form_uploaded"] == "form_uploaded"


def test_a_vendors_alias_does_not_take_another_events_name(load) -> None:
    taxonomy = load("kind: macro}", "kind: macro, aliases: {mixpanel: [form_uploaded]}}")
    assert resolved(taxonomy, "app")["form_uploaded"] == "form_uploaded"


def test_a_source_named_like_its_vendor_speaks_for_both(load) -> None:
    rows = alias_rows(load(), {"amplitude": "amplitude", "web": "amplitude"})
    found = {row.source for row in rows if row.source_event_name == "form_upload"}
    assert found == {"amplitude", "web"}


BAD = {
    "alias of two events": (
        'app: ["Clicked Tax Form Upload"]',
        'app: ["Clicked Tax Form Upload"]\n    #\n  b:\n    description: B\n    kind: micro\n'
        '    aliases:\n      app: [x, "Clicked Tax Form Upload"]',
        "16: events.b.aliases.app.1: 'Clicked Tax Form Upload' of app is already an alias of "
        "form_uploaded; keep one of them (see line 10)",
    ),
    "primary ranges that overlap": (
        "from: 2025-04-01",
        "from: 2025-03-31",
        "17: events.form_uploaded.primary.web: app and web are both primary on 2025-03-31; "
        "end one with until: where the other begins (see line 16)",
    ),
    "primary ranges without ends": (
        "{until: 2025-04-01}\n      web: {from: 2025-04-01}",
        "{}\n      web: {}",
        "17: events.form_uploaded.primary.web: app and web are both primary from the beginning; "
        "end one with until: where the other begins (see line 16)",
    ),
    "primary range without a day": (
        "{from: 2025-04-01}",
        "{from: 2025-04-01, until: 2025-04-01}",
        "17: events.form_uploaded.primary.web.until: must be later than from, 2025-04-01",
    ),
    "kind": (
        "kind: macro",
        "kind: makro",
        "18: events.order_paid.kind: unknown value 'makro'; did you mean 'macro'?",
    ),
    "type": (
        "type: integer",
        "type: int",
        "14: events.form_uploaded.properties.pages.type: unknown value 'int'; "
        "did you mean 'integer'?",
    ),
    "key": (
        "required: true",
        "require: true",
        "13: events.form_uploaded.properties.form_type.require: unknown key; "
        "did you mean 'required'?",
    ),
    "alias that is no text": (
        "[form_upload]",
        "[404]",
        "11: events.form_uploaded.aliases.amplitude.0: must be text, not the int 404; "
        "put it in quotes",
    ),
    "alias that is no list": (
        "[form_upload]",
        "form_upload",
        "11: events.form_uploaded.aliases.amplitude: must be a list, not 'form_upload'",
    ),
    "enum of another type": (
        '"1040"',
        "1040",
        "13: events.form_uploaded.properties.form_type.enum.0: 1040 is not of type string; "
        "put it in quotes",
    ),
    "enum of integers with a bool": (
        "{type: integer}",
        "{type: integer, enum: [1, true]}",
        "14: events.form_uploaded.properties.pages.enum.1: True is not of type integer",
    ),
    "enum of a list": (
        "{type: integer}",
        "{type: array, enum: [1]}",
        "14: events.form_uploaded.properties.pages.enum: means nothing for type array; remove it",
    ),
    "later than the version": (
        "since_version: 2",
        "since_version: 4",
        "8: events.form_uploaded.since_version: 4.0.0 is later than the taxonomy's version, 3.0.0",
    ),
    "no description": (
        "description: An order was paid., ",
        "",
        "18: events.order_paid.description: missing; add this key, or set status: proposed",
    ),
    "the same event twice": (
        "  order_paid:",
        "  form_uploaded:",
        "18: events.form_uploaded: duplicate key, first on line 3; keep one of them",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_entry_is_told_by_line(case: str, load, tmp_path: Path) -> None:
    old, new, message = BAD[case]
    with pytest.raises(ConfigurationError) as refused:
        load(old, new)
    assert str(refused.value) == f"{tmp_path / 't.yaml'}:{message}"


def test_the_shipped_taxonomy_is_right() -> None:
    shipped = Path(__file__).parents[3] / "expectations" / "taxonomy.yaml"
    assert load_taxonomy(shipped).events
