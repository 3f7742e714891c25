"""Any dictionary, whatever its names, is read back from an export as it was, or as was reported."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.taxonomy.formats import Dropped, read, write
from orchestration.taxonomy.formats.losses import losses, spelled_out
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.properties import PropertyRule
from orchestration.taxonomy.writing import to_document

# Shrinking such trees takes longer than reading them.
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
HOSTILE = [
    "$ref", "$defs", "properties", "context", "traits", "required", "items", "not", "..", "a/b",
    "a.b", ".$", "identify", "null", "NO", "1e5", " a ", "a\n", "\t", "é", "É", "#", "{{ .X }}",
    "A", "a", "a_2", "a (2)", "IGNORE", "event", "\u2028", "\x00", "\x7f", "🦆", "[b]x", '"', "\\",
]  # fmt: skip
NAMES = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8
)
BIG = st.integers(-(2**70), 2**70)
NUMBERS = BIG | st.floats(allow_nan=False, allow_infinity=False, width=32)
VALUES = st.none() | st.booleans() | NUMBERS | NAMES | st.lists(NAMES, max_size=2)
COUNTS = st.integers(0, 9)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the fields, most of them left out."""
    return st.fixed_dictionaries({}, optional=fields)


def in_order(low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    both = st.tuples(values, values).map(lambda pair: {low: min(pair), high: max(pair)})
    return st.just({}) | both | values.map(lambda value: {low: value})


def rule_of(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def unrequired(rule: dict[str, Any]) -> dict[str, Any]:
    """An element of an array is never required."""
    return {key: value for key, value in rule.items() if key != "required"}


BARE = st.tuples(
    some(
        type=st.lists(TYPES, min_size=1, max_size=3, unique=True) | st.just(["null-free"]),
        description=NAMES,
        required=st.booleans(),
        enum=st.lists(VALUES, min_size=1, max_size=3),
        format=st.sampled_from(["date-time", "date", "time", "email", "i64"]),
        pattern=st.just("^[a-z]+$"),
        exclusive_minimum=NUMBERS,
        exclusive_maximum=NUMBERS,
        multiple_of=st.integers(1, 2**60),
        examples=st.lists(VALUES, max_size=2),
        pii=st.sampled_from(["email", "other"]),
        renames=st.just({"app": ["x"]}),
        values=st.just({"app": {"1": "one"}}),
        enforcement=st.just({"bad_value": "strip"}),
        meta=st.just({"other": {"a": 1}}),
    ),
    in_order("minimum", "maximum", NUMBERS),
    in_order("min_length", "max_length", COUNTS),
    in_order("min_items", "max_items", COUNTS),
).map(rule_of)
RULES = st.recursive(
    BARE,
    lambda deeper: st.tuples(
        BARE,
        some(items=deeper.map(unrequired), properties=st.dictionaries(NAMES, deeper, max_size=3)),
    ).map(rule_of),
    max_leaves=4,
)
EVENTS = some(
    description=NAMES,
    kind=st.sampled_from(["micro", "macro", "system"]),
    display_name=NAMES,
    owner=NAMES,
    stage=NAMES,
    objective=NAMES,
    kpi=NAMES,
    deprecated_on=st.just(date(2025, 3, 1)),
    critical_in=st.lists(NAMES, max_size=2),
    tags=st.lists(NAMES, max_size=2),
    primary=st.just({"app": {"until": date(2025, 3, 1)}}),
    properties=st.dictionaries(NAMES, RULES, max_size=3),
    property_groups=st.just(["shared"]),
    enforcement=st.sampled_from(
        [{"extra_property": mode} for mode in ("pass", "flag", "strip")] + [{"bad_value": "flag"}]
    ),
    since_version=st.sampled_from([1, 2, "1.2.0", "0.1.0"]),
    meta=st.just({"other": 1}),
)


def aliases_of(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Aliases that no other event has, where an event is to have some."""
    longer = {"name": f"{name} 2", "when": {"a": [1, "b"]}, "from": date(2025, 3, 1)}
    return {"aliases": {"app": [name, longer]}} if "primary" in event else {}


TAXONOMIES = st.fixed_dictionaries(
    {
        "version": st.sampled_from([2, "2.1.0"]),
        "events": st.dictionaries(NAMES, EVENTS, min_size=1, max_size=3),
        "property_groups": st.just({"shared": {"shared": {"type": "string"}}}),
    },
    optional={
        "enforcement": st.just({"extra_property": "flag", "bad_value": "strip"}),
        "naming": st.just({"events": {"case": "snake_case"}}),
        "meta": st.just({"other": 1}),
    },
).map(
    lambda plain: Taxonomy.model_validate(
        {
            **plain,
            "events": {
                name: {**event, "status": "proposed", **aliases_of(name, event)}
                for name, event in plain["events"].items()
            },
        }
    )
)


def documents(taxonomy: Taxonomy) -> dict[str, Any]:
    document = to_document(taxonomy)
    for event in document["events"].values():
        event.pop("status", None)
    return document


def after(document: dict[str, Any], dropped: list[Dropped]) -> dict[str, Any]:
    """The dictionary with what was reported taken out, or replaced by what was kept."""
    document = copy.deepcopy(document)
    names = {d.event: d.kept for d in dropped if d.at == ("name",)}
    for each in dropped:
        if each.at[:1] in (("name",), ("property_groups",)):
            continue
        *path, last = each.at
        part = document if each.event is None else document["events"][each.event]
        for key in path:
            part = part.setdefault(key, {}) if isinstance(part, dict) else part[key]
        if each.kept is None:
            part.pop(last, None)
        else:
            part[last] = each.kept
    document["events"] = {names.get(k, k): event for k, event in document["events"].items()}
    return _without_empty(document)


def _without_empty(value: Any) -> Any:
    """`{meta: {other: ...}}` without the one is no meta; an empty rule is one."""
    if not isinstance(value, dict):
        return value
    found = {key: _without_empty(each) for key, each in value.items()}
    return {k: each for k, each in found.items() if each != {} or k not in ("meta", "enforcement")}


HELD_BY_NONE = {
    "aliases", "primary", "critical_in", "display_name", "kind", "kpi", "objective", "owner", "pii",
    "renames", "stage", "tags", "values", "deprecated_on", "since_version", "name",
    "property_groups",
}  # fmt: skip
BOUNDS = {"minimum", "maximum", "exclusive_minimum", "exclusive_maximum"}
CASES = [
    (
        "segment",
        "plan.json",
        "wrapped",
        HELD_BY_NONE - {"owner", "stage", "kpi", "objective", "name"},
    ),
    (
        "segment",
        "plan.json",
        "config",
        HELD_BY_NONE - {"owner", "stage", "kpi", "objective", "name"},
    ),
    ("rudderstack", "plan.json", None, HELD_BY_NONE - {"name"}),
    ("mixpanel", "plan.json", None, HELD_BY_NONE - {"name", "tags", "display_name"}),
    ("avo", "plan.json", None, HELD_BY_NONE - {"name", "tags"}),
    ("iglu", "registry", None, HELD_BY_NONE | BOUNDS),
]


@pytest.mark.parametrize(("name", "file", "variant", "lost"), CASES)
@SETTINGS
@given(taxonomy=TAXONOMIES)
def test_json_schema_holds_all_rules(
    name: str, file: str, variant: str | None, lost: set[str], taxonomy: Taxonomy
) -> None:
    dropped = round_trip(name, file, variant, taxonomy)
    unexpected = [
        each
        for each in dropped
        if each.event is not None and not {*each.at} & lost and not _is_of_none(each)
    ]
    assert unexpected == []


def _is_of_none(each: Dropped) -> bool:
    """Further namespaces of `meta`, and what is done about violations."""
    return each.at[-2:] == ("meta", "other") or "enforcement" in each.at


@SETTINGS
@given(TAXONOMIES)
def test_a_contract_holds_everything(taxonomy: Taxonomy) -> None:
    dropped = round_trip("odcs", "contract.yaml", None, taxonomy)
    assert {each.at[0] for each in dropped} <= {"property_groups", "enforcement"}


@pytest.mark.parametrize(
    ("name", "file", "variant"),
    [
        ("segment", "plan.csv", None),
        ("segment", "plan.json", "unwrapped"),
        ("rudderstack", "project", "v1"),
        ("rudderstack", "project", "v0.1"),
        ("amplitude", "plan.csv", None),
        ("amplitude", "plan.json", None),
        ("mixpanel", "plan.csv", None),
    ],
)
@SETTINGS
@given(taxonomy=TAXONOMIES)
def test_what_others_lose_is_reported(
    name: str, file: str, variant: str | None, taxonomy: Taxonomy
) -> None:
    round_trip(name, file, variant, taxonomy)


def round_trip(name: str, file: str, variant: str | None, taxonomy: Taxonomy) -> list[Dropped]:
    """Write and read; what is read is the dictionary but for what was reported."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / file
        dropped = write(name, taxonomy, path, variant)
        found = read(name, path).taxonomy
    plain, _ = spelled_out(taxonomy)
    gone = {each.event for each in dropped if each.at == () and each.event is not None}
    wanted = documents(plain)
    wanted["events"] = {key: each for key, each in wanted["events"].items() if key not in gone}
    left = after(wanted, [each for each in dropped if each.event not in gone])
    have = _without_empty(documents(found))
    if not gone:
        assert left == have
    return dropped


def test_a_loss_that_is_none_is_told_apart() -> None:
    """The check itself: true is not 1, and an added key is said."""
    one = Taxonomy(version="1.0.0", events={"a": _event(enum=[True]), "b": _event(pii="other")})
    other = Taxonomy(version="1.0.0", events={"a": _event(enum=[1]), "b": _event(format="x")})
    said = [each.to_json() for each in losses(one, other, {})]
    assert said == [
        {"event": "a", "what": "properties.p.enum: becomes [1]"},
        {"event": "b", "what": "properties.p.pii"},
        {"event": "b", "what": 'properties.p.format: becomes "x"; is added'},
    ]


def _event(**rule: Any) -> Event:
    return Event(status="proposed", properties={"p": PropertyRule.model_validate(rule)})
