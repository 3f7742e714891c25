"""Each rule of lint: the case it must find, and a dictionary of which nothing is to be said."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.cli import main
from orchestration.taxonomy.lint import Finding, Surroundings, counts, fixed, lint
from orchestration.taxonomy.lint_checks import Arrivals
from orchestration.taxonomy.lint_formats import github, sarif
from orchestration.taxonomy.lint_likeness import stem, typos
from orchestration.taxonomy.lint_naming import has_case, in_case, words
from orchestration.taxonomy.lint_rules import RULES
from orchestration.taxonomy.lint_tidiness import keys_of, meaning
from orchestration.taxonomy.lint_warehouse import arrivals_in, pattern_reader
from orchestration.taxonomy.model import load_taxonomy

Write = Callable[[str, str | bytes], Path]

CLEAN = """\
version: 1
events:
  order_paid:
    description: Paid.
    kind: macro
    owner: sales
    aliases: {app: [Paid]}
    properties:
      plan: {type: string, description: Which plan.}
  cart_opened: {description: Opened., kind: micro, owner: sales}
"""
AROUND = Surroundings(
    sources=("app", "web"),
    vendors=("mixpanel",),
    arrivals=lambda _: [
        Arrivals("order_paid", "app", date(2025, 3, 1), 7),
        Arrivals("order_paid", "web", date(2025, 2, 1), 90),
    ],
    unreadable=pattern_reader(),
)

ORDER = "owner: sales\n    aliases"
PLAN = "type: string"
CART = "micro, owner: sales}"
FINDINGS = {
    "no owner": ("micro, owner: sales", "micro", "missing-owner", 10, "nobody owns it"),
    "no description of a property": (
        ", description: Which plan.", "", "missing-description", 9, "say in description"
    ),
    "no kind": (
        "kind: micro,", "status: proposed,", "missing-kind", 10, "micro, macro or system"
    ),
    "source": (
        "{app: [Paid]}", "{ap: [Paid]}", "unknown-source", 7,
        "unknown source or vendor 'ap'; did you mean 'app'?",
    ),
    "primary of a vendor": (
        CART, "micro, owner: sales, primary: {mixpanel: {}}}", "unknown-source", 10,
        "'mixpanel' is a vendor; primary goes by source",
    ),
    "rename": (PLAN, "type: string, renames: {apps: [x]}", "unknown-source", 9, "'app'?"),
    "value": (PLAN, "type: string, values: {apps: {x: y}}", "unknown-source", 9, "'app'?"),
    "type clash": (
        CART, "micro, owner: s, properties: {plan: {type: integer, description: A}}}",
        "type-clash", 10, "'plan' is integer here and string elsewhere (see line 9)",
    ),
    "spelling": (
        "cart_opened:", "'Order Paid':", "near-duplicate", 10,
        "'Order Paid' and 'order_paid' may be one event",
    ),
    "typo": (
        "  cart_opened:", "  cart_opend: {description: O., kind: micro, owner: s}\n  cart_opened:",
        "near-duplicate", 11, "'cart_opened' and 'cart_opend' may be one event",
    ),
    "alias spelled alike": (
        CART, "micro, owner: s, aliases: {app: [paid]}}", "near-duplicate", 10,
        "'paid' of app is spelled like 'Paid' of order_paid",
    ),
    "property spelled alike": (
        "      plan:", "      Plan: {description: P.}\n      plan:", "near-duplicate", 10,
        "'plan' and 'Plan' of order_paid may be one property",
    ),
    "deprecated undated": (
        CART, "micro, owner: s, status: deprecated, replaced_by: order_paid}",
        "undated-status", 10, "deprecated without deprecated_on",
    ),
    "retired unreplaced": (
        ORDER, f"status: retired\n    retired_on: 2025-03-02\n    {ORDER}",
        "missing-replacement", 3, "retired without replaced_by",
    ),
    "replaced by itself": (
        ORDER, f"replaced_by: order_paid\n    {ORDER}", "dead-replacement", 6, "by itself"
    ),
    "still arriving": (
        ORDER, "status: deprecated\n    deprecated_on: 2025-02-15\n"
        f"    replaced_by: cart_opened\n    {ORDER}",
        "still-arriving", 3, "7 records came since, the last on 2025-03-01, from app",
    ),
    "look-ahead": (PLAN, "type: string, pattern: '(?=a)'", "unreadable-pattern", 9, "(RE2)"),
    "proposed contradiction": (
        CART, "micro, owner: s, status: proposed, properties: "
        "{a: {type: integer, enum: [x], description: A}}}",
        "contradiction", 10, "'x' is not of type integer",
    ),
    "empty range": (
        PLAN, "type: number, exclusive_minimum: 3, maximum: 3", "contradiction", 9, "no number"
    ),
    "idle": (PLAN, "type: string, minimum: 3", "idle-rule", 9, "means nothing for type string"),
    "required and deprecated": (
        PLAN, "type: string, required: true, meta: {deprecated: true}", "required-deprecated", 9,
        "let it be absent first",
    ),
    "own alias": ("[Paid]", "[Paid, order_paid]", "own-alias", 7, "its own alias everywhere"),
    "twice": ("[Paid]", "[Paid, Paid]", "repeated-alias", 7, "'Paid' stands twice"),
    "value twice": (PLAN, "type: string, enum: [a, b, a]", "repeated-value", 9, "'a' stands"),
    "blanks": ("Opened.", "'Opened. '", "blanks", 10, "begins or ends with blanks"),
    "blanks of a name": ("cart_opened:", "' cart_opened':", "blanks", 10, "the name"),
    "list of one": (PLAN, "type: [string]", "list-of-one", 9, "write type: string"),
}  # fmt: skip


@pytest.fixture
def found(write: Write) -> Callable[..., list[Finding]]:
    def _found(old: str = "", new: str = "") -> list[Finding]:
        assert CLEAN.count(old) == 1 or not old, old
        return lint(write("t.yaml", CLEAN.replace(old, new) if old else CLEAN), AROUND)

    return _found


def test_of_a_clean_dictionary_nothing_is_said(found) -> None:
    assert found() == []


@pytest.mark.parametrize("case", FINDINGS)
def test_a_rule_finds_its_case(case: str, found) -> None:
    old, new, rule, line, message = FINDINGS[case]
    (one,) = found(old, new)
    assert (one.rule, one.line) == (rule, line)
    assert message in one.message
    assert one.rule in RULES


def test_enums_that_differ(write: Write) -> None:
    rows = "\n".join(
        f"  e{word}: {{description: E., kind: micro, owner: a, "
        f"properties: {{plan: {{enum: [{enum}], description: P.}}}}}}"
        for word, enum in (("red", "a, b"), ("green", "b, a"), ("blue", "a, c"))
    )
    (one,) = lint(write("t.yaml", f"version: 1\nevents:\n{rows}\n"), AROUND)
    assert (one.rule, one.line) == ("enum-clash", 5)
    assert "only here: 'c'; only there: 'b'" in one.message


def test_a_replacement_that_is_retired(write: Write) -> None:
    text = CLEAN.replace(CART, "micro, owner: s, replaced_by: order_paid}").replace(
        ORDER, f"status: retired\n    retired_on: 2025-04-01\n    {ORDER}"
    )
    rules = [each.rule for each in lint(write("t.yaml", text), AROUND)]
    assert rules == ["missing-replacement", "dead-replacement"]


@pytest.mark.parametrize(("micros", "rules"), [(5, []), (6, ["crowded-season"])])
def test_a_season_has_a_focus(micros: int, rules: list[str], write: Write) -> None:
    names = ["red", "green", "blue", "black", "white", "brown"][:micros]
    rows = "\n".join(
        f"  {n}_seen: {{description: S., kind: micro, owner: a, critical_in: [tax]}}" for n in names
    )
    findings = lint(write("t.yaml", f"version: 1\nevents:\n{rows}\n"), AROUND)
    assert [each.rule for each in findings] == rules


def test_every_load_error_is_a_finding_and_the_rest_is_linted(found) -> None:
    findings = found(
        "cart_opened: {description: Opened., kind: micro, owner: sales}",
        "cart_opened: {description: Opened., kind: mikro}\n"
        "  form_sent: {description: S., kind: micro, aliases: {app: [Paid]}}\n"
        "  page_seen: {descr: x, kind: micro}",
    )
    assert [(e.line, e.rule, e.severity, e.message) for e in findings] == [
        (10, "invalid", "error", "unknown value 'mikro'; did you mean 'micro'?"),
        (11, "invalid", "error",
         "'Paid' of app is already an alias of order_paid; keep one of them (see line 7)"),
        (11, "missing-owner", "warning", "nobody owns it; name a team in owner"),
        (12, "invalid", "error", "unknown key; did you mean 'description'?"),
    ]  # fmt: skip


def test_what_is_no_yaml_is_one_finding(write: Write) -> None:
    (one,) = lint(write("t.yaml", "version: 1\nevents: [\n"), AROUND)
    assert (one.rule, one.severity) == ("invalid", "error")


NAMING = """\
naming:
  events: {case: snake_case, order: object_action, verbs: [opened, paid, signed_up],
    forbidden: [test], max_length: 20, severity: {case: error, length: off}}
  properties: {case: camelCase}
events:"""


@pytest.mark.parametrize(
    ("name", "rule", "severity", "message"),
    [
        ("Cart Opened", "naming-case", "error", "is not in snake_case, like 'cart_opened'"),
        ("opened_cart", "naming-order", "warning", "has its verb, 'opened', first"),
        ("signed_up_person", "naming-order", "warning", "has its verb, 'signed_up', first"),
        ("cart_opend", "naming-verbs", "warning", "unknown verb 'opend'; did you mean 'opened'?"),
        ("test_cart_opened", "naming-forbidden", "warning", "the forbidden word 'test'"),
    ],
)
def test_a_name_against_the_convention(
    name: str, rule: str, severity: str, message: str, write: Write
) -> None:
    text = CLEAN.replace("events:", NAMING).replace("cart_opened:", f"'{name}':")
    (one,) = lint(write("t.yaml", text), AROUND)
    assert (one.rule, one.severity) == (rule, severity)
    assert message in one.message


def test_names_of_properties_have_their_own_convention(write: Write) -> None:
    text = CLEAN.replace("events:", NAMING).replace("plan:", "plan_id:")
    (one,) = lint(write("t.yaml", text), AROUND)
    assert (one.rule, one.path) == ("naming-case", "events.order_paid.properties.plan_id")
    assert "like 'planId'" in one.message


def test_a_name_that_is_off_or_right_is_let_be(write: Write) -> None:
    text = CLEAN.replace("events:", NAMING).replace("cart_opened:", "very_long_basket_name_opened:")
    assert lint(write("t.yaml", text), AROUND) == []


CASES = ("snake_case", "camelCase", "PascalCase", "kebab-case", "Title Case", "lower case")


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=4))
def test_a_name_in_a_case_has_it_and_its_words(parts: list[str]) -> None:
    for case in CASES:
        name = in_case(parts, case)
        assert has_case(name, case)
        assert words(name) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [("signup_completed", "Sign Up"), ("signed_up", "signUp"), ("forms_sent", "form_sent")],
)
def test_near_duplicates_of_events(one: str, other: str) -> None:
    keys = ["".join(stem(w) for w in words(n) if w != "completed") for n in (one, other)]
    assert keys[0] == keys[1]


def test_typos_are_one_slip_and_no_other_word() -> None:
    assert typos(["opened", "opend"]) == {"opend": "opened"}
    assert typos(["recieved", "received"]) == {"received": "recieved"}
    for meant in (["content", "consent"], ["enabled", "disabled"], ["cart", "card"], ["a1", "a2"]):
        assert typos(meant) == {}


UNTIDY = """\
# ours
version: 1
events:
  order_paid: # the aim
    description: " Paid. "
    kind: macro
    owner: sales
    aliases: {app: [Paid, order_paid, Paid, {name: order_paid, when: {a: b}}], web: [order_paid]}
    properties:
      plan: {type: [string], enum: [a, b, a], description: P., renames: {app: [x, x]}}
"""


def test_a_fix_mends_and_changes_nothing_that_maps(write: Write) -> None:
    path = write("t.yaml", UNTIDY)
    before = load_taxonomy(path)
    text = fixed(path, lint(path, AROUND))
    assert text is not None
    assert "# ours\n" in text and "# the aim\n" in text
    path.write_text(text)
    after = load_taxonomy(path)
    assert meaning(before, keys_of(before)) == meaning(after, keys_of(before))
    paid = after.events["order_paid"]
    assert paid.description == "Paid."
    assert {key: [a.name for a in each] for key, each in paid.aliases.items()} == {
        "app": ["Paid", "order_paid"]
    }
    assert paid.properties["plan"].enum == ["a", "b"]
    assert "type: string" in text
    assert [each for each in lint(path, AROUND) if each.fix] == []


ALIASES = st.lists(
    st.sampled_from(["a", "b", "'x '", "{name: a, when: {k: v}}", "{name: b, until: 2025-01-01}"]),
    max_size=5,
)


@settings(max_examples=40)
@given(ALIASES, ALIASES)
def test_no_fix_changes_what_maps(app: list[str], vendor: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.yaml"
        path.write_text(
            "version: 1\nevents:\n  a:\n    description: A\n    kind: micro\n"
            f"    aliases: {{app: [{', '.join(app)}], mixpanel: [{', '.join(vendor)}]}}\n"
            "  b: {description: B, kind: micro}\n"
        )
        before = load_taxonomy(path)
        text = fixed(path, lint(path, AROUND))
        if text is not None:
            path.write_text(text)
        keys = keys_of(before)
        assert meaning(load_taxonomy(path), keys) == meaning(before, keys)


def finding(**changes: object) -> Finding:
    return Finding(**{"rule": "blanks", "severity": "warning", "line": 3, "path": "events.a",
                      "message": "is: 5%,\nbad", **changes})  # type: ignore[arg-type]  # fmt: skip


def test_github_commands_are_escaped() -> None:
    (line,) = github([finding()], Path("a,b:c.yaml"))
    assert line == ("::warning file=a%2Cb%3Ac.yaml,line=3,title=blanks::events.a: is: 5%25,%0Abad")


def test_sarif_has_its_required_fields() -> None:
    """SARIF 2.1.0: version and runs (3.13), tool.driver.name (3.18, 3.19), message (3.27)."""
    log = sarif([finding(), finding(severity="error", rule="invalid")], Path("my file.yaml"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for result in run["results"]:
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "my%20file.yaml"
        assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert json.loads(json.dumps(log)) == log


def run(monkeypatch: pytest.MonkeyPatch, *given: object) -> int:
    monkeypatch.setattr("sys.argv", ["waybill", "taxonomy", "lint", *map(str, given)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_ends_by_severity(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clean, untidy = write("clean.yaml", CLEAN), write("untidy.yaml", UNTIDY)
    broken = write("broken.yaml", CLEAN.replace("kind: micro", "kind: mikro"))
    assert run(monkeypatch, "--taxonomy", clean, "--strict") == 0
    assert run(monkeypatch, "--taxonomy", untidy) == 0
    assert run(monkeypatch, "--taxonomy", untidy, "--strict") == 1
    capsys.readouterr()
    assert run(monkeypatch, "--taxonomy", broken, "--json") == 1
    shown, said = capsys.readouterr()
    told = json.loads(shown)
    assert (told["errors"], told["warnings"]) == (1, 0)
    assert {"rule", "severity", "file", "line", "path", "message", "fixable"} == set(
        told["findings"][0]
    )
    assert "left out: unknown-source and still-arriving" in said.replace("\n", " ")
    assert run(monkeypatch, "--taxonomy", untidy, "--fix", "--format", "sarif") == 0
    assert fixed(untidy, lint(untidy, AROUND)) is None
    assert run(monkeypatch, "--taxonomy", clean.with_name("none.yaml")) == 2


def test_a_named_migration_gives_its_sources_and_dictionary(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("t.yaml", CLEAN.replace("{app: [Paid]}", "{ap: [Paid]}"))
    config = write(
        "m.yaml",
        "home: home\ntaxonomy: t.yaml\nfunnels: {f: {steps: [order_paid, nothing]}}\n"
        "sources: {app: {vendor: mixpanel, location: in, timezone: UTC}}\n",
    )
    assert run(monkeypatch, "--config", config, "--json") == 1
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert one["rule"] == "unknown-source"
    assert counts(lint(config.with_name("t.yaml"), AROUND))["error"] == 1


def test_the_warehouse_is_asked_for_what_arrived(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.fct_events as from (values
                ('order_paid', 'app', date '2025-03-01'), ('order_paid', 'app', '2025-03-01'),
                ('cart_opened', 'app', '2025-03-01'), (null, 'app', '2025-03-01')
            ) as t (event_name, source, occurred_on)"""
        )
    assert arrivals_in(path, ["order_paid", "gone"]) == [
        Arrivals("order_paid", "app", date(2025, 3, 1), 2)
    ]
    with pytest.raises(duckdb.Error):
        arrivals_in(tmp_path / "none.duckdb", ["order_paid"])
