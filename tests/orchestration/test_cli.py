"""How a command ends when it is typed wrong."""

import sys

import pytest

from orchestration.cli import main


@pytest.mark.parametrize(
    "typed",
    [["funnel", "--nonsense"], ["nonsense"], ["taxonomy", "lint", "too", "much"], ["inspect"]],
)
def test_wrong_usage_is_said_and_no_bug(
    typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["waybill", *typed])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Usage: " in said and "bug" not in said
