"""The pages as files: whole in themselves, escaped, small, and fit for every reader."""

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.quality.report.history import index_html, past_run_of
from orchestration.quality.report.model import Day, Detectable, Figures, Flow, Quarantine, Sample
from orchestration.quality.report.page import run_html
from orchestration.quality.report.weekly import Week, weekly_html
from orchestration.quality.runbooks import runbooks_html
from tests.orchestration.quality.report.states import (
    FIRST_DAY,
    GREEN,
    INCIDENT,
    LOSS,
    NOW,
    RED_LANDING,
    SILENT_LOSS,
    STATES,
    rule,
)

CHROMIUM = Path("/usr/bin/chromium")
PAGES: dict[str, Any] = {
    **{name: (lambda figures=figures: run_html(figures)) for name, figures in STATES.items()},
    "index": lambda: index_html([past_run_of(each) for each in STATES.values()], "UTC"),
    "index of none": lambda: index_html([], "UTC"),
    "runbooks": runbooks_html,
    "weekly of nothing": lambda: weekly_html(Week(NOW, "UTC", None)),
    "weekly": lambda: weekly_html(
        Week(NOW, "UTC", date(2025, 4, 15), changes=(LOSS,), incidents=(INCIDENT,))
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fetches_nothing(name: str) -> None:
    text = PAGES[name]()
    assert "default-src 'none'" in text
    fetched = re.findall(r"(?:src|@import|url\()\s*=?\s*[\"'(]?(?:https?:)?//", text)
    links = re.findall(r'<link|href="(?!#|\.\./|[\w/-]+\.html)', text)
    assert (fetched, links) == ([], [])


@pytest.mark.parametrize("name", PAGES)
def test_links_within_a_page_lead_somewhere(name: str) -> None:
    text = PAGES[name]()
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


@pytest.mark.parametrize("figures", STATES.values(), ids=STATES)
def test_links_to_the_runbooks_lead_somewhere(figures: Figures) -> None:
    wanted = set(re.findall(r'href="\.\./runbooks\.html#([^"]+)"', run_html(figures)))
    assert wanted <= set(re.findall(r' id="([^"]+)"', runbooks_html()))


def test_what_comes_from_data_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    sample = Sample(evil, evil, evil, 1, evil, False)
    text = run_html(
        replace(
            SILENT_LOSS,
            failure=evil,
            flows=(Flow(evil, 2, {"loaded": 2}),),
            days={evil: GREEN.days["survey"]},
            changes=(replace(LOSS, sentence=evil, next_step=evil, cause=evil),),
            incidents=(replace(INCIDENT, title=evil, sentence=evil, cause=evil),),
            quarantine=(Quarantine(evil, evil, 1, (sample,)),),
            rules=(rule(evil, failed=1, observed=evil),),
        )
    )
    assert evil not in text
    assert text.count("<script>") == 1  # the page's own


def test_an_empty_first_day_says_so_in_plain_sentences() -> None:
    text = run_html(FIRST_DAY)
    for said in (
        "No record has been built into the warehouse yet.",
        "No source has a day to show yet.",
        "There is nothing to compare yet.",
        "No incident.",
        "No gate has judged anything yet.",
        "No record is quarantined.",
        "Not enough history to say which losses would be seen.",
    ):
        assert said in text


def test_state_is_told_without_colour() -> None:
    text = run_html(RED_LANDING)
    assert re.search(r'<text x="\d+" y="11">H</text>', text)
    assert "held back by a gate" in text
    assert re.search(r'role="img" aria-label="14 as expected, 1 held back', text)


def test_numbers_have_separators_and_times_name_their_zone() -> None:
    text = run_html(GREEN)
    assert "41,200" in text and "times in America/New_York" in text
    assert "2025-04-16 03:03" in text


def large() -> Figures:
    """A hundred sources for a year, with everything a report may be full of."""
    draw = random.Random(5)
    states = ("full", "full", "full", "full", "low", "missing", "over", "unjudged")
    first = date(2024, 4, 16)
    names = [f"source_of_a_long_name_{number:03}" for number in range(100)]
    return replace(
        SILENT_LOSS,
        flows=tuple(Flow(name, 10**6, {"loaded": 10**6 - 5, "quarantined": 5}) for name in names),
        days={
            name: tuple(
                Day(first + timedelta(n), draw.choice(states), 1000, 1000, 900, 1100)
                for n in range(365)
            )
            for name in names
        },
        rules=tuple(rule(f"rule_{n}", failed=3, observed="app: found " * 20) for n in range(60)),
        changes=(LOSS,) * 200,
        incidents=(INCIDENT,) * 500,
        detectability=tuple(
            Detectable("rate", f"event_{n}", "app", "platform=ios", 5.0, 0.5, None)
            for n in range(2000)
        ),
        quarantine=tuple(
            Quarantine(
                name,
                "not_json",
                9,
                tuple(Sample(name, "not_json", "f", n, "x" * 200, True) for n in range(3)),
            )
            for name in names
        ),
    )


def test_a_hundred_sources_for_a_year_stay_under_three_megabytes() -> None:
    assert len(run_html(large()).encode()) < 3_000_000


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no browser")
def test_pages_are_accessible_and_fit_every_screen(tmp_path: Path) -> None:
    """axe-core finds nothing, light and dark; nothing is wider than a phone."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    playwright = pytest.importorskip("playwright.sync_api")
    found = {}
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, text in PAGES.items():
            path = tmp_path / f"{name.replace(' ', '_')}.html"
            path.write_text(text())
            for scheme, width in (("light", 1280), ("dark", 390)):
                page = browser.new_page(
                    viewport={"width": width, "height": 900}, color_scheme=scheme
                )
                page.goto(path.as_uri())
                wrong = [
                    (each["id"], each["nodes"][0]["html"])
                    for each in axe.run(page).response["violations"]
                ]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wrong.append(("wider than the screen", ""))
                if wrong:
                    found[name, scheme] = wrong
                page.close()
        browser.close()
    assert found == {}
