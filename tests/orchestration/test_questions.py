"""The page that leads readers to marts is made of what the models say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from orchestration.errors import CannotFinish
from orchestration.evidence.schemas import MARTS as EVIDENCE
from orchestration.pages import questions
from orchestration.pages.questions import MARTS, Mart, marts, metrics, questions_html
from tests.dbt_project.test_dbt_project import READERS


def test_every_mart_is_on_the_page_with_its_question() -> None:
    found = marts()
    assert {mart.name for mart in found} == {path.stem for path in MARTS.rglob("*.sql")} | {
        *EVIDENCE
    }
    page = questions_html(found, metrics())
    assert all(f"marts.{mart.name}" in page for mart in found)
    assert "waybill query --example promotion_lift" in page
    assert "Activation rate" in page
    assert "http" not in page.replace("http-equiv", "")


def test_every_reader_has_an_exposure_of_all_marts_that_are_for_it() -> None:
    exposures = yaml.safe_load((MARTS / "exposures.yml").read_text())["exposures"]
    shown = {
        each["owner"]["name"]: set(re.findall(r"'(\w+)'\)", " ".join(each["depends_on"])))
        for each in exposures
    }
    assert set(shown) == READERS
    assert [m.name for m in marts() if m.name not in shown[m.reader]] == []
    assert all(each["description"].endswith(".") for each in exposures)


def test_dbt_knows_the_marts_that_python_writes() -> None:
    (source,) = yaml.safe_load((MARTS / "evidence.yml").read_text())["sources"]
    assert {table["name"] for table in source["tables"]} == set(EVIDENCE)
    assert all("One row per " in table["description"] for table in source["tables"])


def test_every_example_leads_to_a_mart() -> None:
    used = {example.name for mart in marts() for example in mart.examples}
    assert used == {example.name for example in questions.examples()}


def test_text_is_escaped() -> None:
    mart = Mart("fct_x", "x", "executive", "<script>?", "<b>", (("a", "<i>"),), ())
    page = questions_html([mart], [])
    assert "<script>?" not in page
    assert "&lt;script&gt;?" in page


def test_a_mart_without_a_question_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fct_x.yml").write_text("models: [{name: fct_x, config: {meta: {reader: nobody}}}]")
    monkeypatch.setattr(questions, "MARTS", tmp_path)
    with pytest.raises(CannotFinish, match="fct_x names no reader or no question"):
        marts()
