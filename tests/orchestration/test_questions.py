"""The page that leads readers to marts is made of what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import CannotFinish
from orchestration.evidence.schemas import MARTS as EVIDENCE
from orchestration.pages import questions
from orchestration.pages.questions import MARTS, Mart, marts, metrics, questions_html


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
