"""A macro-conversion's authority: what it may say, whose rows it gives, and what is told of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.authority import AuthorityRow, authority_rows
from orchestration.taxonomy.diff import diff
from orchestration.taxonomy.lint_checks import sources
from orchestration.taxonomy.model import Taxonomy, load_taxonomy
from orchestration.taxonomy.writing import to_yaml

Write = Callable[[str, str | bytes], Path]
VENDORS = {"app": "mixpanel", "billing": "stripe", "crm": "salesforce"}


@pytest.fixture
def load(write: Write) -> Callable[[str], Taxonomy]:
    def _load(authority: str) -> Taxonomy:
        event = f"paid: {{description: Paid., kind: macro{authority}}}"
        return load_taxonomy(write("t.yaml", f"version: 1\nevents:\n  {event}\n"))

    return _load


@pytest.mark.parametrize(
    ("authority", "rows"),
    [
        ("", []),
        (", authority: events", []),
        (", authority: {commerce: opportunity_won, sources: [crm]}", [("opportunity_won", "crm")]),
        (
            ", authority: {commerce: first_payment}",
            [("first_payment", "billing"), ("first_payment", "crm")],
        ),
    ],
)
def test_commerce_is_of_the_named_sources_or_of_all_business_systems(
    load: Callable[[str], Taxonomy], authority: str, rows: list[tuple[str, str]]
) -> None:
    assert authority_rows(load(authority), VENDORS) == [AuthorityRow("paid", *row) for row in rows]


@pytest.mark.parametrize(
    ("authority", "told"),
    [
        ("authority: event", "did you mean 'events'?"),
        ("authority: commerce", "must be events or {commerce: first_payment}, not 'commerce'"),
        ("authority: [payment]", "must be events or {commerce: first_payment}"),
        ("authority: {commerce: paid}", "payment"),
        ("authority: {sources: [crm]}", "commerce"),
    ],
)
def test_wrong_ones_are_told_what_to_write(
    load: Callable[[str], Taxonomy], authority: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(f", {authority}")
    assert told in str(raised.value)
    assert "t.yaml:3" in str(raised.value)


def test_a_micro_conversion_has_none(write: Write) -> None:
    event = "tried: {description: Tried., kind: micro, authority: {commerce: payment}}"
    with pytest.raises(ConfigurationError, match=r"is for macro-conversions, and this event is"):
        load_taxonomy(write("t.yaml", f"version: 1\nevents:\n  {event}\n"))


def test_lint_names_a_source_that_is_not_configured(load: Callable[[str], Taxonomy]) -> None:
    taxonomy = load(", authority: {commerce: payment, sources: [biling]}")
    remarks = list(sources(taxonomy, list(VENDORS), sorted(VENDORS.values())))
    assert [(each.rule, each.at) for each in remarks] == [
        ("unknown-source", ("events", "paid", "authority", "sources", 0))
    ]
    assert "'billing'?" in remarks[0].message


def test_a_new_authority_breaks_figures(load: Callable[[str], Taxonomy]) -> None:
    before, after = load(""), load(", authority: {commerce: payment}")
    (change,) = diff(before, after)
    assert (change.path, change.impact, change.kind) == (
        "events.paid.authority",
        "breaking",
        "added",
    )
    assert diff(after, after) == []


def test_it_is_written_as_it_is_read(load: Callable[[str], Taxonomy], tmp_path: Path) -> None:
    taxonomy = load(", authority: {commerce: payment, sources: [billing]}")
    path = tmp_path / "again.yaml"
    path.write_text(to_yaml(taxonomy))
    assert load_taxonomy(path) == taxonomy
