"""The figures of a run: judgements on file and the working marts, as the report's values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb

from expectations.rules import RuleResult
from expectations.suites import all_rules
from orchestration.config import Migration
from orchestration.landing.catalog import Landed
from orchestration.pipeline import all_landed
from orchestration.quality.decisions import Accepted, accepted, read_decisions
from orchestration.quality.gate_results import read_results
from orchestration.quality.gates import limits
from orchestration.quality.report import rows
from orchestration.quality.report.model import (
    Day,
    Fact,
    Figures,
    Outcome,
    PastRun,
    RuleHistory,
)
from orchestration.quality.report.rows import Marts
from orchestration.quality.report.samples import read_quarantine
from orchestration.quality.status import status_of
from orchestration.warehouse import marts_file, snapshot_file

RUNS_SHOWN = 20


def read_figures(
    migration: Migration,
    run_id: str,
    *,
    failure: str | None = None,
    earlier: Sequence[PastRun] = (),
) -> Figures:
    """All that the report of the run shows, as of now; `failure` is why the run did not finish.

    Raises CannotFinish when a judgement on file cannot be read.
    """
    decisions = read_decisions(migration.decisions_dir)
    landed = all_landed(migration)
    present = {each.manifest.delivery_id for each in landed if each.state in ("current", "held")}
    results = read_results(migration.gates_dir, present)
    acceptance = accepted(decisions)
    figures = Figures(
        run_id=run_id,
        written_at=datetime.now(UTC),
        timezone=migration.reporting_timezone,
        failure=failure,
        facts=facts_of(results, acceptance),
        held=held_dates(landed),
        earlier=tuple(earlier),
        snapshot_at=_changed_at(migration),
    )
    with open_marts(migration) as marts:
        if marts is None:
            return replace(figures, rules=rules_of(migration, results, acceptance, {}))
        return replace(
            figures,
            rules=rules_of(migration, results, acceptance, read_history(marts)),
            flows=rows.read_flows(marts),
            days=with_held(rows.read_days(marts), figures.held),
            freshness=rows.read_freshness(marts),
            quarantine=read_quarantine(migration, marts),
            incidents=rows.read_incidents(marts),
            changes=rows.read_changes(marts),
            detectability=rows.read_detectability(marts),
            todo=tuple(status_of(migration).todo),
            survey_sources=rows.survey_sources(marts),
            last_event_on=rows.last_event_on(marts),
        )


@contextmanager
def open_marts(migration: Migration) -> Iterator[Marts | None]:
    """The working marts, read-only; None before a first build."""
    path = marts_file(migration)
    if not path.exists():
        yield None
        return
    with duckdb.connect(path, read_only=True) as connection:
        yield Marts(connection, path.stem)


def _changed_at(migration: Migration) -> datetime | None:
    path = snapshot_file(migration)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None


def facts_of(results: Iterable[RuleResult], acceptance: Accepted) -> tuple[Fact, ...]:
    """Failed results, those that block before warnings, the most records first."""
    failed = [
        Fact(
            result.stage,
            result.rule,
            result.source,
            result.delivery_id,
            result.severity,
            result.observed,
            result.next_step,
            result.records,
            decision.why if (decision := acceptance.of(result)) else None,
        )
        for result in results
        if not result.success
    ]
    return tuple(
        sorted(failed, key=lambda f: (f.accepted is not None, f.severity, -(f.records or 0)))
    )


def held_dates(landed: Iterable[Landed]) -> dict[str, tuple[date, ...]]:
    """By source, the vendor's dates in deliveries that a gate holds back."""
    found: dict[str, set[date]] = {}
    for each in landed:
        if each.state == "held":
            dates = found.setdefault(each.manifest.source, set())
            dates.update(each.manifest.dated)
    return {source: tuple(sorted(dates)) for source, dates in found.items()}


def with_held(
    days: Mapping[str, Sequence[Day]], held: Mapping[str, Sequence[date]]
) -> dict[str, tuple[Day, ...]]:
    """The days, those of held deliveries marked, also where no event of them is loaded."""
    merged: dict[str, tuple[Day, ...]] = {}
    for source in sorted({*days, *held}):
        by_date = {day.on: day for day in days.get(source, ())}
        for on in held.get(source, ()):
            note = "a delivery of this date is held back by a red gate"
            known = by_date.get(on, Day(on, "held", 0))
            by_date[on] = replace(known, state="held", note=note)
        merged[source] = tuple(by_date[on] for on in sorted(by_date))
    return merged


History = Mapping[tuple[str, str], tuple[Outcome, ...]]


def read_history(marts: Marts) -> History:
    """By stage and rule, the worst outcome of the last runs that judged it, oldest first."""
    found = marts.of(
        "quality.fct_gate_results",
        """with runs as (
            select stage, rule, run_id, max(judged_at) as judged_at,
                bool_or(not success and severity = 'block' and accepted_at is null) as is_red,
                bool_or(not success and severity = 'warn' and accepted_at is null) as is_warned,
                bool_or(not success and accepted_at is not null) as is_accepted,
                bool_and(status = 'not enough history') as is_unjudged
            from quality.fct_gate_results group by stage, rule, run_id
            qualify row_number() over (
                partition by stage, rule order by max(judged_at) desc, run_id) <= ?
        )
        select stage, rule, list(case when is_red then 'red' when is_warned then 'warned'
            when is_accepted then 'accepted' when is_unjudged then 'unjudged' else 'passed' end
            order by judged_at, run_id) as history
        from runs group by all""",
        [RUNS_SHOWN],
    )
    return {(row["stage"], row["rule"]): tuple(row["history"]) for row in found}


def rules_of(
    migration: Migration,
    results: Iterable[RuleResult],
    acceptance: Accepted,
    history: History,
) -> tuple[RuleHistory, ...]:
    """Every rule in the order of its suite with what it found; one never judged has no results."""
    by_rule: dict[str, list[RuleResult]] = {}
    for result in results:
        by_rule.setdefault(result.rule, []).append(result)
    told = []
    for rule in all_rules(limits(migration)):
        own = by_rule.get(rule.name, [])
        failed = [result for result in own if not result.success]
        told.append(
            RuleHistory(
                stage=rule.stage,
                rule=rule.name,
                dimension=rule.dimension,
                severity=rule.severity,
                judged=len(own),
                failed=len(failed),
                unjudged=sum(result.status == "not enough history" for result in own),
                accepted=sum(acceptance.of(result) is not None for result in failed),
                observed=_told(failed[0]) if failed else "",
                history=history.get((rule.stage, rule.name), ()),
            )
        )
    return tuple(told)


def _told(result: RuleResult) -> str:
    return f"{result.source}: {result.observed}" if result.source else result.observed
