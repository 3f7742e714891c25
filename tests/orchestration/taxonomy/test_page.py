"""The dictionary's page: whole, escaped, small, and searchable in a real browser."""

import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from orchestration.funnel_config import Funnel
from orchestration.taxonomy.dbt_docs import overview, plain
from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.page import MARTS, dictionary_html, sparkline
from orchestration.taxonomy.traffic import DAYS, EventTraffic, Traffic, traffic_of
from tests.orchestration.taxonomy.snapshots import Sent, dictionary, snapshot

HOSTILE = "</script><img src=x onerror=alert(1)>"
WRITTEN = datetime(2025, 4, 1, tzinfo=UTC)
MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "marts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def page(taxonomy: Taxonomy, traffic: Traffic | None = None, **funnels: Funnel) -> str:
    return dictionary_html(taxonomy, funnels, traffic, written=WRITTEN)


def traffic(tmp_path: Path, *sent: Sent, **keys: Any) -> Traffic | None:
    with duckdb.connect(snapshot(tmp_path / "s.duckdb", sent, **keys)) as connection:
        return traffic_of(connection, dictionary())


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_event_is_told_whole() -> None:
    shown = text_of(
        page(
            dictionary(
                order_settled={
                    "description": "Settled.",
                    "kind": "macro",
                    "owner": "finance",
                    "stage": "conversion",
                    "objective": "Revenue",
                    "kpi": "Orders a week",
                    "status": "deprecated",
                    "deprecated_on": "2025-03-01",
                    "replaced_by": "order_paid",
                    "primary": {"old": {"until": "2025-02-01"}},
                    "aliases": {
                        "old": [
                            {"name": "DONE", "from": "2025-01-01", "when": {"type": ["a", "b"]}}
                        ]
                    },
                    "properties": {"plan": {"enum": ["free"], "pii": "other", "required": True}},
                }
            ),
            checkout=Funnel(steps=["cart_opened", "order_paid"]),
        )
    )
    for words in (
        "deprecated on 2025-03-01",
        "Funnel stage conversion",
        "Objective Revenue",
        "KPI Orders a week",
        "Replaced by order_paid",
        "Replaces order_settled",
        "old until 2025-02-01 (exclusive)",
        "old DONE from 2025-01-01, where type is a or b",
        "plan required other one of free",
        "checkout (step 2 of 2)",
        "marts.fct_macro_conversions",
        "There is no data yet",
    ):
        assert words in shown, words


def test_volumes_health_and_empty_properties_are_of_30_days(tmp_path: Path) -> None:
    old: Sent = ("old", "cart_opened", "cart_opened", {})
    snapshot(tmp_path / "s.duckdb", [old], on=date(2025, 1, 1))
    found = traffic(
        tmp_path,
        ("old", "ORDER", "order_paid", {"amount": 1}),
        ("old", "ORDER", "order_paid", {"amount": None}),
        ("new", "?", None, {}),
        violations=[
            ("old", "order_paid", "amount", "wrong_type", date(2025, 3, 1), 4),
            ("old", "order_paid", "amount", "wrong_type", date(2025, 1, 1), 90),
        ],
    )
    assert found is not None and found.last_on == date(2025, 3, 1)
    paid = found.events["order_paid"]
    assert paid.daily == {"old": [0] * (DAYS - 1) + [2]}
    assert paid.violations == {"wrong_type": 4}
    assert (paid.empty_share("amount"), paid.empty_share("email")) == (0.5, 1.0)
    assert found.events["cart_opened"].records == 0
    html = page(dictionary(), found)
    assert "4 violations" in html and "silent for 30 days" in html and "never arrived" in html
    assert html.count("<path") == 1


def test_no_events_are_no_data(tmp_path: Path) -> None:
    assert traffic(tmp_path, ("new", "?", None, {})) is None


def test_a_sparkline_stays_in_its_picture() -> None:
    assert sparkline([0, 5, 10, 10]) == "M0 21l1 -10 1 -10 1 0"
    assert sparkline([0, 0]) == "M0 21l1 0"


def test_the_marts_named_are_there() -> None:
    models = {path.stem for path in MODELS.rglob("*.sql")}
    assert {mart.removeprefix("marts.") for marts in MARTS.values() for mart in marts} <= models


def hostile() -> Taxonomy:
    return dictionary(
        **{
            HOSTILE: {
                "description": HOSTILE,
                "kind": "micro",
                "owner": HOSTILE,
                "stage": HOSTILE,
                "tags": [HOSTILE],
                "replaced_by": "order_paid",
                "aliases": {"old": [HOSTILE]},
                "properties": {HOSTILE: {"enum": [HOSTILE], "description": HOSTILE}},
            }
        }
    )


def test_everything_is_escaped_and_nothing_fetched() -> None:
    html = page(hostile())
    assert "<img" not in html and html.count("</script>") == 1
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(""", html)


def test_two_thousand_events_stay_small() -> None:
    rule = {"type": "string", "description": "What kind it is.", "enum": ["a", "b", "c"]}
    events = {
        f"object_number_{n}_changed": {
            "description": f"A person changed object number {n} in one of the settings.",
            "kind": "micro",
            "owner": f"team_{n % 20}",
            "aliases": {"old": [f"Object {n} Changed"], "new": [f"object.{n}.changed"]},
            "properties": {f"property_{m}": rule for m in range(5)},
        }
        for n in range(2000)
    }
    daily = {source: [n * 37 % 1000 for n in range(DAYS)] for source in ("old", "new")}
    found = Traffic(date(2025, 4, 1), {name: EventTraffic(WRITTEN, daily) for name in events})
    assert len(page(dictionary(**events), found).encode()) < 5_000_000


def dom(tmp_path: Path, html: str, fragment: str) -> str:
    """The page as a browser has it once its script has run."""
    assert CHROMIUM is not None
    path = tmp_path / "page.html"
    path.write_text(html)
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--virtual-time-budget=4000", "--dump-dom", f"{path.as_uri()}#{fragment}"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def visible(html: str) -> list[str]:
    tags = re.findall(r'<details class="event"[^>]*>', html)
    return [tag for tag in tags if not re.search(r'\shidden(=""|>|\s)', tag)]


@pytest.mark.skipif(CHROMIUM is None, reason="no browser here")
class TestInABrowser:
    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ("ORDER%20commerce", ["order_paid"]),  # an alias and an owner, in any case
            ("amount", ["order_paid"]),  # a property
            ("cart%20opened.", ["cart_opened"]),  # a description
            ("nothing%20has%20this", []),
        ],
    )
    def test_search_finds(self, tmp_path: Path, words: str, names: list[str]) -> None:
        shown = dom(tmp_path, page(dictionary()), f"q={words}")
        found = [
            match[1] for tag in visible(shown) if (match := re.search('id="event-(.*?)"', tag))
        ]
        assert found == names
        assert f">{len(names)} of 3<" in shown

    def test_a_link_opens_its_event_whatever_its_name(self, tmp_path: Path) -> None:
        shown = dom(tmp_path, page(hostile()), quote(f"event-{HOSTILE}"))
        (tag,) = [tag for tag in visible(shown) if re.search(r'\sopen(=""|>|\s)', tag)]
        assert "onerror" in tag
        assert "<img" not in re.sub(r'"[^"]*"', "", shown)


@given(st.text() | st.sampled_from(["{% enddocs %}", "{{ x }}", "| a |", "<b>", "&amp;"]))
def test_text_in_dbt_docs_is_never_more_than_text(text: str) -> None:
    assert not set(plain(text)) & set("{}%|<>*_`[]\\\n")
    assert Environment().from_string(plain(text)).render() == plain(text)


def test_dbt_docs_hold_every_event() -> None:
    text = overview(hostile())
    assert text.count("\n| **") == 4
    assert text.count("{%") == 2 and "<img" not in text
