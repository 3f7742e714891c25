"""Two dictionaries: every change told with what it breaks, and laws that hold for any two."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.taxonomy.diff import Change, bump_of, diff, next_version
from orchestration.taxonomy.model import Taxonomy, load_taxonomy, version_key
from orchestration.taxonomy.writing import to_yaml

BASE: dict[str, Any] = {
    "version": "1.2.3",
    "events": {
        "paid": {
            "description": "Paid.",
            "kind": "macro",
            "owner": "sales",
            "aliases": {"app": ["Paid", {"name": "Done", "until": "2025-03-01"}]},
            "properties": {
                "amount": {"type": "number", "maximum": 10},
                "plan": {"type": "string", "enum": ["a", "b"]},
                "box": {"type": "object", "properties": {"id": {"type": "string"}}},
            },
        },
        "seen": {"description": "Seen.", "kind": "micro"},
    },
}


def taxonomy(*edits: tuple[str, Any]) -> Taxonomy:
    """BASE with values set at dotted paths; None takes a key out."""
    document = copy.deepcopy(BASE)
    for path, value in edits:
        *parents, last = path.split(".")
        at = document
        for key in parents:
            at = at.setdefault(key, {})
        if value is None:
            del at[last]
        else:
            at[last] = value
    return Taxonomy.model_validate(document)


P = "events.paid.properties"
CASES: dict[str, tuple[str, Any, str, str]] = {
    "event removed": ("events.seen", None, "breaking", "removed"),
    "event added": ("events.x", {"description": "X", "kind": "micro"}, "compatible", "added"),
    "alias added": ("events.seen.aliases", {"app": ["See"]}, "compatible", "added"),
    "alias removed": (
        "events.paid.aliases.app", [{"name": "Done", "until": "2025-03-01"}], "breaking", "removed"
    ),
    "alias on more days": ("events.paid.aliases.app", ["Paid", "Done"], "compatible", "changed"),
    "alias on fewer days": (
        "events.paid.aliases.app", ["Paid", {"name": "Done", "until": "2025-02-01"}],
        "breaking", "changed",
    ),
    "kind": ("events.paid.kind", "micro", "breaking", "changed"),
    "retired": ("events.paid.status", "retired", "breaking", "changed"),
    "deprecated": ("events.paid.status", "deprecated", "compatible", "changed"),
    "optional property": (f"{P}.x", {"type": "string"}, "compatible", "added"),
    "required property": (f"{P}.x", {"required": True}, "breaking", "added"),
    "made required": (f"{P}.plan.required", True, "breaking", "changed"),
    "type narrowed": (f"{P}.amount.type", "integer", "breaking", "changed"),
    "type widened": (f"{P}.amount.type", ["number", "string"], "compatible", "changed"),
    "enum narrowed": (f"{P}.plan.enum", ["a"], "breaking", "changed"),
    "enum widened": (f"{P}.plan.enum", ["b", "a", "c"], "compatible", "changed"),
    "bound tighter": (f"{P}.amount.maximum", 9, "breaking", "changed"),
    "bound looser": (f"{P}.amount.maximum", None, "compatible", "removed"),
    "member": (f"{P}.box.properties.id.type", "integer", "breaking", "changed"),
    "stricter": ("enforcement", {"bad_value": "quarantine"}, "breaking", "changed"),
    "a little stricter": ("enforcement", {"extra_property": "flag"}, "compatible", "changed"),
    "stricter event": ("events.paid.enforcement", {"bad_value": "strip"}, "breaking", "changed"),
    "stricter property": (
        f"{P}.plan.enforcement", {"bad_value": "quarantine"}, "breaking", "changed"
    ),
    "primary": ("events.paid.primary", {"app": {}}, "breaking", "added"),
    "description": ("events.paid.description", "They paid.", "text", "changed"),
    "owner": ("events.paid.owner", "money", "text", "changed"),
    "tags": ("events.paid.tags", ["x"], "text", "added"),
    "property text": (f"{P}.plan.description", "Which.", "text", "added"),
    "naming": ("naming", {"events": {"case": "snake_case"}}, "text", "added"),
}  # fmt: skip
BUMPS = {
    "breaking": ("major", "2.0.0"),
    "compatible": ("minor", "1.3.0"),
    "text": ("patch", "1.2.4"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told_with_its_impact_and_version(case: str) -> None:
    path, value, impact, kind = CASES[case]
    (found,) = diff(taxonomy(), taxonomy((path, value)))
    assert (found.impact, found.kind) == (impact, kind)
    assert found.path.startswith(path)
    assert found.reason
    bump = bump_of([found])
    assert (bump, next_version("1.2.3", bump)) == BUMPS[impact]


def test_a_name_that_now_means_another_event_says_so() -> None:
    moved = taxonomy(
        ("events.paid.aliases.app", [{"name": "Done", "until": "2025-03-01"}]),
        ("events.seen.aliases", {"app": ["Paid"]}),
    )
    found = {each.path: each for each in diff(taxonomy(), moved)}
    assert found["events.paid.aliases.app.Paid"].reason == "the name now means seen"
    assert found["events.paid.aliases.app.Paid"].impact == "breaking"


def test_a_groups_change_is_told_of_its_events() -> None:
    old, new = (
        taxonomy(("property_groups", {"g": {"id": rule}}), ("events.seen.property_groups", ["g"]))
        for rule in ({"type": "string"}, {"type": "integer"})
    )
    found = {each.path: each.impact for each in diff(old, new)}
    assert found == {"property_groups.g": "text", "events.seen.properties.id.type": "breaking"}


@pytest.mark.parametrize("place", ["events.paid.", f"{P}.plan."])
def test_what_is_said_once_more_is_words(place: str) -> None:
    """Each place may say what is done about a violation; one that says what holds changes none."""
    strict = ("enforcement", {"bad_value": "quarantine"})
    old, new = taxonomy(strict), taxonomy(strict, (f"{place}enforcement", strict[1]))
    (there,), (back,) = diff(old, new), diff(new, old)
    assert (there.path, there.kind, there.impact) == (
        f"{place}enforcement.bad_value",
        "added",
        "text",
    )
    assert (back.kind, back.before, back.impact) == ("removed", "quarantine", "text")
    assert bump_of(diff(taxonomy(), taxonomy(("enforcement", {"bad_value": "flag"})))) == "patch"


def test_what_mapped_nothing_cannot_break() -> None:
    old = taxonomy(("events.seen.status", "proposed"))
    (found,) = diff(
        old, taxonomy(("events.seen.status", "proposed"), ("events.seen.kind", "macro"))
    )
    assert found.impact == "compatible"


EDITS = st.lists(st.sampled_from(sorted(CASES)), max_size=4).map(
    lambda names: [CASES[name][:2] for name in dict.fromkeys(names)]
)


def some(edits: list[tuple[str, Any]]) -> Taxonomy:
    """BASE with edits that bear each other; those that do not are left out."""
    kept: list[tuple[str, Any]] = []
    for edit in edits:
        try:
            taxonomy(*kept, edit)
        except (KeyError, ValueError):
            continue
        kept.append(edit)
    return taxonomy(*kept)


DICTIONARIES = EDITS.map(some)


@settings(max_examples=60)
@given(DICTIONARIES)
def test_nothing_changed_is_no_change(one: Taxonomy) -> None:
    assert diff(one, one) == []
    assert bump_of([]) == "none"


@settings(max_examples=60)
@given(DICTIONARIES, DICTIONARIES)
def test_what_is_added_one_way_is_removed_the_other(one: Taxonomy, other: Taxonomy) -> None:
    def told(changes: list[Change], kind: str) -> set[tuple[str, str]]:
        return {
            (each.path, json.dumps(each.after if kind == "added" else each.before))
            for each in changes
            if each.kind == kind
        }

    there, back = diff(one, other), diff(other, one)
    assert told(there, "added") == told(back, "removed")
    assert told(there, "removed") == told(back, "added")
    assert bool(there) == (one != other)


@settings(max_examples=60)
@given(DICTIONARIES, DICTIONARIES, st.integers(0, 8), st.tuples(*[st.integers(0, 3)] * 6))
def test_the_bump_is_monotone(
    one: Taxonomy, other: Taxonomy, fewer: int, parts: tuple[int, ...]
) -> None:
    changes = diff(one, other)
    low, high = sorted([parts[:3], parts[3:]])
    few = next_version(".".join(map(str, low)), bump_of(changes[:fewer]))
    many = next_version(".".join(map(str, high)), bump_of(changes))
    assert version_key(few) <= version_key(many)


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["waybill", "taxonomy", "diff", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text(to_yaml(taxonomy()))
    b.write_text("# ours\n" + to_yaml(taxonomy(("events.seen.kind", "macro"))))
    return a, b


def test_a_version_that_hides_a_change_is_refused_until_it_is_bumped(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *files, "--json") == 1
    shown, said = capsys.readouterr()
    told = json.loads(shown)
    assert (told["bump"], told["needed_version"], told["is_enough"]) == ("major", "2.0.0", False)
    assert "must be 2.0.0 or later" in said
    assert run(monkeypatch, *files, "--bump") == 0
    bumped = load_taxonomy(files[1])
    assert bumped.version == "2.0.0"
    assert {n: e.since_version for n, e in bumped.events.items()} == {
        "paid": "1.0.0", "seen": "2.0.0"
    }  # fmt: skip
    assert files[1].read_text().startswith("# ours\n")
    before = files[1].read_text()
    assert run(monkeypatch, *files, "--bump") == 0
    assert files[1].read_text() == before


def test_the_earlier_one_may_be_in_git(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = files
    monkeypatch.chdir(a.parent)
    for words in (["init", "-q"], ["add", "a.yaml"], ["-c", "user.name=a", "-c", "user.email=a@b.c",
                  "commit", "-qm", "a"]):  # fmt: skip
        subprocess.run(["git", *words], check=True)
    assert run(monkeypatch, "HEAD:a.yaml", b) == 1
    assert run(monkeypatch, "HEAD:a.yaml", a) == 0
    capsys.readouterr()
    assert run(monkeypatch, "HEAD:x.yaml", b) == 2
    assert "HEAD:x.yaml: no such file, and git says:" in capsys.readouterr().err
