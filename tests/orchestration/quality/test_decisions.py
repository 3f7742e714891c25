"""Decisions are kept for ever, survive a killed writer, and cover exactly what they name."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from expectations.rules import RuleResult
from orchestration.errors import ConfigurationError
from orchestration.quality.decisions import FILE_NAME, accepted, read_decisions, record


def _accept(folder, rule="file_is_whole", **named):
    return record(folder, kind="accept", rule=rule, by="ada", why="vendor confirmed", **named)


def _result(rule="file_is_whole", source="app", delivery_id="d1"):
    return RuleResult(
        rule, "landing", source, delivery_id, False, "block", "torn", "fetch", "failed"
    )


def test_decisions_are_read_in_the_order_made(tmp_path):
    first = _accept(tmp_path, delivery_id="d1")
    second = _accept(tmp_path, delivery_id="d2")
    assert read_decisions(tmp_path) == [first, second]


def test_nothing_decided_is_no_error(tmp_path):
    assert read_decisions(tmp_path / "never made") == []


def test_earlier_lines_are_never_rewritten(tmp_path):
    _accept(tmp_path, delivery_id="d1")
    before = (tmp_path / FILE_NAME).read_bytes()
    _accept(tmp_path, delivery_id="d1")
    assert (tmp_path / FILE_NAME).read_bytes().startswith(before)


def test_time_is_kept_in_utc(tmp_path):
    at = datetime(2025, 3, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert _accept(tmp_path, at=at).at == "2025-03-01T17:00:00+00:00"
    with pytest.raises(ConfigurationError, match="time zone"):
        _accept(tmp_path, at=at.replace(tzinfo=None))


@pytest.mark.parametrize("field", ["rule", "by", "why"])
def test_decision_without_its_reason_is_refused(tmp_path, field):
    fields = {"rule": "file_is_whole", "by": "ada", "why": "because"} | {field: " "}
    with pytest.raises(ConfigurationError, match=field):
        record(tmp_path, kind="accept", **fields)
    assert not (tmp_path / FILE_NAME).exists()


def test_unknown_kind_is_refused_when_made_and_when_read(tmp_path):
    with pytest.raises(ConfigurationError, match="unknown decision 'forget'"):
        record(tmp_path, kind="forget", rule="r", by="ada", why="so")
    _accept(tmp_path)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes() + path.read_bytes().replace(b"accept", b"forget"))
    with pytest.raises(ConfigurationError, match=r"decisions\.jsonl:2: unknown decision"):
        read_decisions(tmp_path)


@pytest.mark.parametrize("line", [b"{", b"[]", b"7", b'{"kind": "accept"}', b"\xff", b""])
def test_broken_line_is_told_with_file_and_line(tmp_path, line):
    _accept(tmp_path)
    path = tmp_path / FILE_NAME
    good = path.read_bytes()
    path.write_bytes(good + line + b"\n" + good)
    with pytest.raises(ConfigurationError, match=r"decisions\.jsonl:2: "):
        read_decisions(tmp_path)


def test_half_written_last_line_is_reported_then_set_aside(tmp_path, caplog):
    first = _accept(tmp_path, delivery_id="d1")
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes() + b'{"kind": "acc')
    with caplog.at_level(logging.WARNING):
        assert read_decisions(tmp_path) == [first]
    assert f"{path}:2" in caplog.text
    second = _accept(tmp_path, delivery_id="d2")
    assert read_decisions(tmp_path) == [first, second]
    assert (tmp_path / f"{FILE_NAME}.torn").read_bytes() == b'{"kind": "acc\n'


def test_last_line_without_its_end_counts_when_it_is_whole(tmp_path):
    first = _accept(tmp_path, delivery_id="d1")
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_decisions(tmp_path) == [first]
    second = _accept(tmp_path, delivery_id="d2")
    assert read_decisions(tmp_path) == [first, second]


def test_decisions_made_at_once_are_all_kept(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _accept(tmp_path, delivery_id=f"d{n}"), range(40)))
    assert {d.delivery_id for d in read_decisions(tmp_path)} == {f"d{n}" for n in range(40)}


def test_acceptance_covers_one_rule_of_one_delivery(tmp_path):
    lookup = accepted([_accept(tmp_path, delivery_id="d1")])
    assert lookup.of(_result()).by == "ada"
    assert lookup.of(_result(delivery_id="d2")) is None
    assert lookup.of(_result(rule="two_counts_agree")) is None
    assert lookup.of(_result(delivery_id=None)) is None


def test_acceptance_for_a_source_covers_no_delivery(tmp_path):
    lookup = accepted([_accept(tmp_path, source="app")])
    assert lookup.of(_result(delivery_id=None)) is not None
    assert lookup.of(_result(delivery_id=None, source="web")) is None
    assert lookup.of(_result()) is None


def test_acceptance_of_what_is_judged_over_all_sources(tmp_path):
    lookup = accepted([_accept(tmp_path)])
    assert lookup.of(_result(delivery_id=None, source=None)) is not None
    assert lookup.of(_result(delivery_id=None)) is None


def test_latest_acceptance_counts(tmp_path):
    _accept(tmp_path, delivery_id="d1", at=datetime(2025, 3, 1, tzinfo=UTC))
    record(tmp_path, kind="accept", rule="file_is_whole", by="bob", why="again", delivery_id="d1")
    assert accepted(read_decisions(tmp_path)).of(_result()).by == "bob"


def test_lines_hold_every_field(tmp_path):
    _accept(tmp_path, delivery_id="d1", source="app")
    fields = json.loads((tmp_path / FILE_NAME).read_text())
    assert fields.keys() == {
        *("kind", "rule", "delivery_id", "source", "by", "why", "at"),
        *("incident_id", "to"),
    }
