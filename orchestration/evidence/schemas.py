"""The marts that Python writes: who reads each, what it answers, and its columns."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from orchestration.quality.tables import BOOL, DATE, FLOAT, INT, TEXT, TIME

COMMON = {
    **{"period_start": DATE, "period_end": DATE},
    **{"is_complete": BOOL, "is_open": BOOL, "fresh_at": TIME, "open_incident_id": TEXT},
}
"""The dates a row draws on, whether all of them have come whole, whether today is among them, the
newest event, UTC, and the incident that is open on it (see `quality.warned_rows`)."""


@dataclass(frozen=True)
class Mart:
    """A mart's reader, the one question it answers, its grain, and its columns in order."""

    reader: str
    question: str
    grain: str
    columns: dict[str, pa.DataType]

    @property
    def schema(self) -> pa.Schema:
        """Its Arrow schema, with the columns that every mart has at the end."""
        return pa.schema(list({**self.columns, **COMMON}.items()))

    @property
    def comment(self) -> str:
        """What the table says of itself in the warehouse."""
        return f"{self.question} For: {self.reader}. {self.grain}"


MARTS: dict[str, Mart] = {
    "fct_experiments": Mart(
        "product analyst",
        "Did the variant move each event, and may the result be believed?",
        "One row per experiment, treated variant, platform ((all) for the total) and event.",
        {
            **{"experiment": TEXT, "variant": TEXT, "control": TEXT, "platform": TEXT},
            **{"event_name": TEXT, "event_kind": TEXT, "starts_on": DATE, "ends_on": DATE},
            **{"persons": INT, "control_persons": INT, "converted": INT, "control_converted": INT},
            **{"rate": FLOAT, "control_rate": FLOAT, "relative_lift": FLOAT},
            **{"lift": FLOAT, "lift_low": FLOAT, "lift_high": FLOAT},
            **{"p_value": FLOAT, "p_holm": FLOAT, "p_bh": FLOAT},
            **{"always_low": FLOAT, "always_high": FLOAT, "always_p": FLOAT},
            **{"cuped_lift": FLOAT, "cuped_low": FLOAT, "cuped_high": FLOAT},
            **{"variance_kept": FLOAT, "crossed_persons": INT, "sample_ratio_p": FLOAT},
            **{"is_split_as_planned": BOOL, "conclusion": TEXT},
        },
    ),
    "fct_move_effects": Mart(
        "response coordinator",
        "Did a competitor's move or a campaign change an event, by how much, for whom, how soon?",
        "One row per move or campaign, measure, event, dimension and segment.",
        {
            **{"kind": TEXT, "name": TEXT, "competitor": TEXT, "measure": TEXT},
            **{"event_name": TEXT, "dimension": TEXT, "segment": TEXT},
            **{"starts_on": DATE, "ends_on": DATE, "days": INT, "due": FLOAT, "seen": FLOAT},
            **{"effect": FLOAT, "effect_low": FLOAT, "effect_high": FLOAT},
            **{"p_value": FLOAT, "p_holm": FLOAT, "is_hit": BOOL},
            **{"seen_on": DATE, "days_to_see": INT, "controls": TEXT, "placebo_dates": INT},
            **{"false_positive_rate": FLOAT, "widening": FLOAT},
        },
    ),
    "fct_interventions": Mart(
        "customer success director",
        "Was an intervention worth its cost?",
        "One row per intervention with a cost and an event it was to move.",
        {
            **{"intervention": TEXT, "event_name": TEXT, "starts_on": DATE, "ends_on": DATE},
            **{"cost": FLOAT, "currency": TEXT, "due": FLOAT, "seen": FLOAT, "extra": FLOAT},
            **{"effect": FLOAT, "effect_low": FLOAT, "effect_high": FLOAT, "p_value": FLOAT},
            **{"value_of_one": FLOAT, "revenue": FLOAT, "revenue_low": FLOAT},
            **{"revenue_high": FLOAT, "roi": FLOAT, "roi_low": FLOAT, "roi_high": FLOAT},
            **{"break_even_value": FLOAT},
        },
    ),
    "fct_season_readiness": Mart(
        "customer success director",
        "Are we ready for the season, against the same day of the same phase last time?",
        "One row per occurrence of a phase and micro-conversion.",
        {
            **{"phase": TEXT, "starts_on": DATE, "ends_on": DATE, "is_over": BOOL},
            **{"compared_days": INT, "before_starts_on": DATE, "event_name": TEXT},
            **{"persons": INT, "active_persons": INT, "rate": FLOAT},
            **{"persons_before": INT, "active_persons_before": INT, "rate_before": FLOAT},
            **{"difference": FLOAT, "difference_low": FLOAT, "difference_high": FLOAT},
            **{"p_holm": FLOAT, "signal": TEXT},
            **{"next_phase": TEXT, "next_starts_on": DATE, "days_left": INT},
        },
    ),
    "fct_micro_value": Mart(
        "executive",
        "Which few micro-conversions come before what we earn, and how sure is that?",
        "One row per season phase ((all) without phases), macro-conversion and micro-conversion.",
        {
            **{"season": TEXT, "macro_event": TEXT, "event_name": TEXT, "cuts": INT},
            **{"feature_days": INT, "outcome_days": INT},
            **{"persons": INT, "converted": INT, "rate": FLOAT},
            **{"others": INT, "others_converted": INT, "others_rate": FLOAT},
            **{"difference": FLOAT, "difference_low": FLOAT, "difference_high": FLOAT},
            **{"odds_ratio": FLOAT, "odds_low": FLOAT, "odds_high": FLOAT, "p_holm": FLOAT},
            **{"grade": TEXT, "experiment": TEXT, "is_in_set": BOOL, "set_rank": INT},
            **{"set_keeps": FLOAT, "stability": FLOAT},
        },
    ),
    "fct_attribution": Mart(
        "marketing strategist",
        "Which campaigns do macro-conversions come from, by each common rule?",
        "One row per macro-conversion, campaign and rule.",
        {
            **{"macro_event": TEXT, "campaign": TEXT, "rule": TEXT, "conversions": FLOAT},
            **{"share": FLOAT, "touched_conversions": INT, "all_conversions": INT},
            **{"lookback_days": INT},
        },
    ),
}
