"""Every mart whose rows are figures says how far they can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from orchestration.dbt import PROJECT
from orchestration.evidence.schemas import MODELS

TRUST = {"is_complete", "fresh_at", "open_incident_id"}
# Rows of these are single facts, or what a thing is: the row is there or it is not.
FACTS = {
    *("dim_dates", "dim_event_properties", "dim_event_types", "dim_persons"),
    *("fct_campaign_touches", "fct_commerce_conversions", "fct_events", "fct_failed_events"),
    *("fct_invoices", "fct_legacy_figures", "fct_macro_conversions", "fct_macro_events"),
    *("fct_macro_evidence", "fct_micro_conversions", "fct_opportunities", "fct_revenue"),
    *("fct_sessions", "fct_subscription_changes", "fct_subscription_days", "fct_subscriptions"),
    *("fct_support_tickets", "fct_survey_answers", "fct_ticket_changes"),
}
# What tools and survey vendors count themselves, by dates and names of their own.
OF_VENDORS = {"fct_failed_event_counts", "fct_survey_response_rates"}


def untold(models: list[dict[str, Any]]) -> list[str]:
    """Marts of figures that leave out what readers need to know before they decide."""
    return [
        model["name"]
        for model in models
        if model["name"] not in FACTS | OF_VENDORS
        and not {column["name"] for column in model["columns"]} >= TRUST
    ]


def models_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text()).get("models", [])
    return found


def test_figures_say_whether_they_are_whole_fresh_and_undisputed() -> None:
    models = [
        model for path in (PROJECT / "models" / "marts").rglob("*.yml") for model in models_of(path)
    ]
    evidence = models_of(MODELS)
    assert len(models) > 30 and evidence
    assert untold([*models, *evidence]) == []
    names = {model["name"] for model in models}
    assert names >= FACTS | OF_VENDORS, "what is gone needs no exception"


def test_a_mart_that_says_nothing_is_found() -> None:
    columns = [{"name": name} for name in ("occurred_on", "is_complete", "fresh_at")]
    assert untold([{"name": "fct_new", "columns": columns}]) == ["fct_new"]
