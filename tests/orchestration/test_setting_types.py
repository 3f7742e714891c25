"""Durations: how they are written and read."""

from datetime import timedelta

import pytest

from orchestration.setting_types import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("7d", 604_800), ("12h", 43_200), ("30m", 1_800), ("45s", 45)]
)
def test_durations_read_and_write_back(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert format_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5h", "1w", "7D", "٣d", "9999999d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def test_durations_are_written_in_their_largest_whole_unit() -> None:
    assert format_duration(parse_duration("48h")) == "2d"
    assert format_duration(parse_duration("90m")) == "90m"
