"""Each expectation of our own, once with rows that meet it and once with rows that do not."""

import pytest

from expectations.checkpoints import run_gate
from expectations.rules import Rule, expect

# (claim, SQL values of rows that pass, of rows that fail, the failing rows' condition)
CASES = {
    "values agree": (
        expect("ExpectRowValuesToAgree", columns=["a", "b", "c"]),
        "(1, 1, 1), (null, null, null)",
        "(1, 1, 2), (1, null, 1)",
    ),
    "values agree where they are known": (
        expect("ExpectRowValuesToAgree", columns=["a", "b"], ignore_nulls=True),
        "(1, 1, 0), (1, null, 0)",
        "(1, 2, 0), (3, 1, 0)",
    ),
    "share is at most": (
        expect("ExpectRowShareToBeAtMost", part="a", whole="b", limit=0.01),
        "(1, 100, 0), (0, 0, 0), (5, null, 0)",
        "(2, 100, 0), (1, 0, 0)",
    ),
    "total equals its parts": (
        expect("ExpectRowTotalToEqualItsParts", total="a", parts=["b", "c"]),
        "(3, 1, 2), (0, 0, 0)",
        "(3, 1, 1), (3, 3, null), (null, 1, 2)",
    ),
    "counts are zero": (
        expect("ExpectRowCountsToBeZero", columns=["a", "b"]),
        "(0, 0, 9), (null, 0, 9)",
        "(0, 1, 0), (1, 0, 0)",
    ),
    "clock agrees": (
        expect("ExpectClockToAgreeWithReceipt", lag="a", rows="b", minimum_rows=3),
        "(0, 9, 0), (4, 2, 0), (null, 9, 0)",
        "(4, 3, 0), (-4, 9, 0)",
    ),
    "rows are not empty": (
        expect("ExpectRowsNotToBeEmpty", records="a", usually_empty="b"),
        "(1, 0, 0), (0, 1, 0)",
        "(0, 0, 0), (0, 0, 1)",
    ),
    "files are recognised": (
        expect("ExpectFilesToBeRecognised", state="s", looks_like="l"),
        "('complete', null), ('unrecognised', 'amplitude')",
        "('unrecognised', null), ('unrecognised', null)",
    ),
}


def _view(values, text):
    kind, names = ("varchar", "sl") if text else ("bigint", "abc")
    casts = ", ".join(f"cast({name} as {kind}) as {name}" for name in names)
    return f"select {casts} from (values {values}) as t({', '.join(names)})"


def _rule(name, claim, view, offenders):
    return Rule(
        name=name,
        stage="marts",
        view=view,
        severity="block",
        dimension="validity",
        claim=claim,
        offenders=offenders,
        observed="'offends'",
        next_step="none",
        description="A case.",
    )


@pytest.fixture(scope="module")
def results():
    """All cases in one run; the runner itself compares the counts of offenders."""
    views, rules = {}, []
    for number, (name, (claim, passing, failing)) in enumerate(CASES.items()):
        text = "'" in passing
        for outcome, values, offenders in (("met", passing, "false"), ("broken", failing, "true")):
            view = f"case_{number}_{outcome}"
            views[view] = _view(values, text)
            rules.append(_rule(f"{name}: {outcome}", claim, view, offenders))
    return {result.rule: result for result in run_gate("marts", rules, views, {})}


@pytest.mark.parametrize("case", CASES)
def test_expectation_is_met_and_broken(case, results):
    assert results[f"{case}: met"].success
    assert not results[f"{case}: broken"].success


def test_column_names_are_quoted():
    """A name from configuration must reach the database as a name, whatever is in it."""
    name = 'odd "{name}"'
    quoted = '"odd ""{name}"""'
    rule = _rule("odd", expect("ExpectRowCountsToBeZero", columns=[name]), "odd", f"{quoted} <> 0")
    [result] = run_gate("marts", [rule], {"odd": f"select 1 as {quoted}"}, {})
    assert not result.success
