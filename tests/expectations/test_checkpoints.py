"""The runner: what it refuses, whom it names, and what it leaves behind."""

import json
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest

from expectations.checkpoints import run_gate
from expectations.context import forget_old_runs, write_docs
from expectations.rules import Rule, expect
from orchestration.errors import CannotFinish

RULE = Rule(
    name="figure_is_zero",
    stage="landing",
    view="facts",
    severity="block",
    dimension="validity",
    claim=expect("ExpectRowCountsToBeZero", columns=["figure"]),
    offenders="figure <> 0",
    observed="concat('figure ', figure)",
    next_step="Mend {source}, {delivery}: {accept}",
    description="A rule of the tests.",
)
CONCLUDING = """
import sys
from pathlib import Path

from expectations.context import write_docs

write_docs(Path(sys.argv[1]))
"""
FACTS = "select 'app' as source, 'd' || n as delivery_id, n as figure from range({}) as t(n)"


def test_empty_gate_is_refused():
    with pytest.raises(CannotFinish, match="no rules"):
        run_gate("landing", [], {"facts": FACTS.format(3)}, {})


@pytest.mark.parametrize(
    ("rules", "views", "told"),
    [
        ([replace(RULE, stage="marts")], {"facts": FACTS.format(3)}, "is a rule of marts"),
        ([RULE, RULE], {"facts": FACTS.format(3)}, "stated twice"),
        ([RULE], {"other": FACTS.format(3)}, "has no view facts"),
        ([RULE], {"facts": FACTS.format(3), "idle": "select 1"}, "no rule judges view idle"),
        ([RULE], {"facts": FACTS.format(0)}, "no rows to judge"),
        ([RULE], {"facts": "select from nowhere"}, "view facts fails"),
        ([replace(RULE, offenders="nonsense")], {"facts": FACTS.format(3)}, "a query of the gate"),
    ],
)
def test_unsound_gate_is_refused(rules, views, told):
    with pytest.raises(CannotFinish, match=told):
        run_gate("landing", rules, views, {})


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (replace(RULE, claim=expect("ExpectWonders")), "no known expectation: ExpectWonders"),
        (
            replace(RULE, claim=expect("ExpectRowCountsToBeZero", colums=["figure"])),
            "cannot be stated",
        ),
        (
            replace(RULE, claim=expect("ExpectColumnValuesToNotBeNull", column="gone")),
            'could not be judged: .*"gone"',
        ),
        (replace(RULE, offenders="figure > 1"), "counts 2 offending rows, the listing 1"),
    ],
)
def test_rule_that_cannot_be_judged_is_no_result(rule, told):
    with pytest.raises(CannotFinish, match=told):
        run_gate("landing", [rule], {"facts": FACTS.format(3)}, {})


def test_every_offending_delivery_is_named():
    """Great Expectations would list 200 of them; the others would not be held."""
    results = run_gate("landing", [RULE], {"facts": FACTS.format(1000)}, {})
    assert len(results) == 1000
    assert {r.delivery_id for r in results if not r.success} == {f"d{n}" for n in range(1, 1000)}
    last = next(r for r in results if r.delivery_id == "d999")
    assert last.observed == "figure 999"
    assert last.next_step == (
        'Mend app, d999: waybill run --accept figure_is_zero --delivery d999 --why "..."'
    )


def test_many_offending_rows_of_one_delivery_are_told_in_one_line():
    view = "select 'app' as source, 'd' as delivery_id, 1 + n % 7 as figure from range(70) as t(n)"
    [result] = run_gate("landing", [RULE], {"facts": view}, {})
    assert result.observed == (
        "figure 1 (10 times); figure 2 (10 times); figure 3 (10 times); figure 4 (10 times);"
        " figure 5 (10 times); and 2 more"
    )


def test_gate_fetches_figures_never_rows(monkeypatch):
    """Fetching the rows of a real gate would take minutes, and would show personal data."""
    from expectations.custom.duckdb_dialect import BufferedExecutionContext

    fetched = []
    buffered = BufferedExecutionContext.post_exec

    def count(self):
        buffered(self)
        fetched.append(len(getattr(self.cursor_fetch_strategy, "_rowbuffer", ())))

    monkeypatch.setattr(BufferedExecutionContext, "post_exec", count)
    null_rule = replace(
        RULE,
        name="figure_is_null",
        claim=expect("ExpectColumnValuesToBeNull", column="figure"),
        offenders="figure is not null",
    )
    view = "select 'app' as source, 'd' as delivery_id, 1 as figure from range(200000)"
    results = run_gate("landing", [RULE, null_rule], {"facts": view}, {})
    assert [r.observed for r in results] == ["figure 1 (200,000 times)"] * 2
    assert fetched
    assert max(fetched) < 50


def test_attached_file_is_read_and_can_be_written_afterwards(tmp_path):
    path = tmp_path / "it's a warehouse.duckdb"
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute(f"create table facts as {FACTS.format(2)}")
    view = {"facts": "select * from warehouse.facts"}
    results = run_gate("landing", [RULE], view, {"warehouse": path})
    assert [r.success for r in results] == [True, False]
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("insert into facts values ('app', 'd9', 9)")


def test_attached_file_is_released_when_the_gate_fails(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(CannotFinish, match="view facts fails"):
        run_gate("landing", [RULE], {"facts": "select * from warehouse.gone"}, {"warehouse": path})
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("create table facts as select 1 as figure")


def test_missing_file_is_told(tmp_path):
    with pytest.raises(CannotFinish, match=r"cannot attach .*gone\.duckdb"):
        view = {"facts": FACTS.format(1)}
        run_gate("landing", [RULE], view, {"warehouse": tmp_path / "gone.duckdb"})


def test_docs_show_figures_and_no_values(tmp_path, capsys):
    secret = "ada@example.com"
    rule = replace(
        RULE,
        claim=expect("ExpectColumnValuesToBeInSet", column="figure", value_set=["a"]),
        offenders="figure not in ('a')",
        observed="'a stray value'",
    )
    view = {"facts": f"select 'app' as source, 'd' as delivery_id, '{secret}' as figure"}
    run_gate("landing", [rule], view, {}, tmp_path / "docs")
    assert write_docs(tmp_path / "docs") == 1
    pages = sorted((tmp_path / "docs").rglob("*.html"))
    assert (tmp_path / "docs" / "site" / "index.html") in pages
    assert any("validations" in page.parts for page in pages)
    written = [path for path in (tmp_path / "docs").rglob("*") if path.suffix in (".html", ".json")]
    assert not any(secret in path.read_text() for path in written)
    meta = {"rule": RULE.name, "dimension": "validity", "runbook": RULE.runbook}
    [kept] = [path for path in written if "validations" in path.parts and path.suffix == ".json"]
    [judged] = json.loads(kept.read_text())["results"]
    assert judged["expectation_config"]["meta"].items() >= meta.items()
    assert capsys.readouterr().out == ""


def test_docs_are_written_once_for_each_validation(tmp_path):
    docs = tmp_path / "docs"
    assert write_docs(docs) == 0
    view = {"facts": FACTS.format(1)}
    for _ in range(2):
        run_gate("landing", [RULE], view, {}, docs)
    assert write_docs(docs) == 2
    assert write_docs(docs) == 0
    run_gate("landing", [RULE], view, {}, docs)
    assert write_docs(docs) == 1
    assert len(list(docs.glob("site/validations/**/*.html"))) == 3


def test_docs_of_gates_that_another_process_ran_are_whole(tmp_path):
    """As where Dagster concludes in another process, or a run was killed before it concluded."""
    docs = tmp_path / "docs"
    run_gate("landing", [RULE], {"facts": FACTS.format(1)}, {}, docs)
    done = subprocess.run(
        [sys.executable, "-c", CONCLUDING, str(docs)], capture_output=True, text=True, check=True
    )
    assert "Exception" not in done.stderr
    [page] = docs.glob("site/validations/**/*.html")
    assert RULE.description in page.read_text()


def test_only_the_latest_runs_are_kept(tmp_path):
    for root in ("validations", "site/validations"):
        for second in range(5):
            for stage in ("landing", "staging"):
                (tmp_path / root / f"gate_{stage}" / stage / f"20250301T00000{second}Z").mkdir(
                    parents=True
                )
    forget_old_runs(tmp_path, "landing", keep=2)
    for root in ("validations", "site/validations"):
        kept = sorted(p.name for p in (tmp_path / root / "gate_landing" / "landing").iterdir())
        assert kept == ["20250301T000003Z", "20250301T000004Z"]
        assert len(list((tmp_path / root / "gate_staging" / "staging").iterdir())) == 5
