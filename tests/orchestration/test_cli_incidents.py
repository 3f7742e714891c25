"""The verbs around incidents and alerts, on a home whose log was written by hand."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.config import load_migration
from orchestration.quality.incidents import log
from orchestration.quality.incidents.grouping import Owners, observe
from orchestration.quality.incidents.lifecycle import transitions
from tests.orchestration.quality.incidents.findings import change, held

CONFIG = """
home: home
taxonomy: taxonomy.yaml
sources:
  app: {vendor: mixpanel, location: exports, timezone: UTC, owner: mobile}
alerts:
  routes:
    growth: {url_env: NOBODY_SET_THIS, owner: growth}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "migration.yaml"
    path.write_text(CONFIG)
    migration = load_migration(path)
    found = [
        held("file_is_whole", "d1", 7, sentence="[b]a.json[/b] is cut off"),
        change("loss_on_platform", 5, segment="platform=android", lost=1_200.0),
        change("surge", 1, 3),
    ]
    now = datetime(2025, 4, 20, tzinfo=UTC)
    log.write(migration, transitions({}, observe(found, Owners()), now, "run"))
    return path


@pytest.fixture
def waybill(config, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["waybill", *words, "--config", str(config)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_open_ones_are_listed_the_worst_first(waybill):
    code, out, _ = waybill("incidents", "--json")
    told = json.loads(out)
    assert code == 0 and told["open"] == 2
    assert [each["cause"] for each in told["incidents"]] == ["file_is_whole", "loss_on_platform"]
    _, out, _ = waybill("incidents", "--all", "--json")
    assert len(json.loads(out)["incidents"]) == 3


def test_the_table_fits_80_columns_and_shows_data_as_it_is(waybill):
    code, out, _ = waybill("incidents")
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    assert "[b]a.json[/b]" in out and "1,200 events" in " ".join(out.split())


def test_what_people_do_is_shown_with_the_incident(waybill):
    _, out, _ = waybill("incidents", "--json")
    short = json.loads(out)["incidents"][0]["incident_id"][:6]
    for words in (
        ("ack", short, "--by", "ada"),
        ("assign", short, "growth"),
        ("note", short, "the vendor knows"),
        ("resolve", short, "--why", "sent again"),
    ):
        code, _, err = waybill("incidents", *words)
        assert code == 0, err
    code, out, _ = waybill("incidents", "show", short, "--json")
    told = json.loads(out)
    assert (told["status"], told["owner"]) == ("resolved", "growth")
    assert [(each["transition"], each["why"]) for each in told["log"]] == [
        ("opened", None),
        ("acknowledge", "seen"),
        ("assign", "assigned to growth"),
        ("note", "the vendor knows"),
        ("resolve", "sent again"),
    ]
    assert told["log"][1]["by"] == "ada"
    code, out, _ = waybill("incidents", "show", short)
    assert code == 0 and "sent again" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("incidents", "show", "zz"), "begins with 'zz'"),
        (("incidents", "resolve", "zz"), "--why"),
        (("alerts", "test", "--route", "grow"), "did you mean 'growth'?"),
    ],
)
def test_wrong_usage_is_2(waybill, words, said):
    code, _, err = waybill(*words)
    assert code == 2 and said in err


def test_routes_show_where_their_address_is_from_and_who_has_none(waybill):
    code, out, _ = waybill("alerts", "--json")
    told = json.loads(out)
    assert code == 0 and told["routes"][0]["address"] == "$NOBODY_SET_THIS"
    assert len(told["unrouted"]) == 2
    code, out, _ = waybill("alerts")
    assert code == 0 and "no route takes" in out


def test_a_route_that_fails_its_test_is_3(waybill):
    code, _, err = waybill("alerts", "test")
    assert code == 3 and "NOBODY_SET_THIS is not set" in err


def test_send_without_anything_to_send(waybill):
    code, out, _ = waybill("alerts", "send", "--json")
    assert code == 0 and json.loads(out)["sent"] == 0
