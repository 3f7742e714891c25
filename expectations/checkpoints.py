"""Running a gate: rules over views in, one result a rule and delivery (or source) out.

Great Expectations judges; a query of our own names every delivery that breaks a rule. The runner
trusts neither an empty gate, nor an empty view, nor a rule that raised, nor two counts of
offenders that differ: each is an error of the gate itself, never a green result. What a red
result stops is not decided here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.context import (
    RUNS_KEPT,
    GateDatabase,
    forget_old_runs,
    identifier,
    open_database,
    open_project,
)
from expectations.offenders import subject_columns, write_offenders
from expectations.rules import Rule, RuleResult, Stage, Status, tell_next_step
from orchestration.errors import CannotFinish

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.expectations.expectation import Expectation

# Texts told of one delivery; more are counted, for a message must be readable.
EXAMPLES = 5

Subject = tuple[str | None, str | None]


@dataclass(frozen=True)
class _Offence:
    """The rows of one subject that break a rule, and the commonest of their distinct texts."""

    rows: int
    texts: int
    examples: Sequence[Mapping[str, Any]]
    records: int | None


@dataclass(frozen=True)
class _Judgement:
    """What our own queries found for one rule: whom it breaks on, and whom it cannot judge."""

    offences: Mapping[Subject, _Offence]
    without_history: frozenset[Subject]


def run_gate(
    stage: Stage,
    rules: Sequence[Rule],
    views: Mapping[str, str],
    attach: Mapping[str, Path],
    docs_dir: Path | None = None,
    offenders_dir: Path | None = None,
) -> list[RuleResult]:
    """Judge `views` (name -> SELECT) by `rules`, and say how each delivery or source fared.

    The scope of a rule follows from its view's columns: with `delivery_id` it is judged for each
    delivery in the view, with `source` alone for each source any view of this gate knows, else once
    for all. `attach` (name -> DuckDB file) is opened read-only and closed again. With `docs_dir`
    the validations are kept, figures only, for `expectations.context.write_docs`. With
    `offenders_dir` all offending rows of each broken rule are written there (see
    `expectations.offenders`). Raises CannotFinish when the gate itself is not sound.
    """
    _refuse_unsound(stage, rules, views)
    with open_database({rule.view: views[rule.view] for rule in rules}, attach) as database:
        _refuse_empty_views(rules, database)
        judged = {rule.name: _judge(rule, database) for rule in rules}
        _refuse_disagreement(rules, judged, _validate(stage, rules, database, docs_dir))
        subjects = _subjects(views, database)
        if offenders_dir is not None:
            broken = [rule for rule in rules if judged[rule.name].offences]
            write_offenders(broken, database, offenders_dir)
    return [
        _result(rule, subject, rows, judged[rule.name])
        for rule in rules
        for subject, rows in subjects[rule.view].items()
    ]


def _refuse_unsound(stage: Stage, rules: Sequence[Rule], views: Mapping[str, str]) -> None:
    if not rules:
        raise CannotFinish(f"the {stage} gate has no rules; an empty gate proves nothing")
    names = [rule.name for rule in rules]
    problems = [
        *(f"{name} is stated twice" for name in sorted({n for n in names if names.count(n) > 1})),
        *(f"{rule.name} is a rule of {rule.stage}" for rule in rules if rule.stage != stage),
        *(f"{rule.name} has no view {rule.view}" for rule in rules if rule.view not in views),
        *(f"no rule judges view {v}" for v in views if v not in {rule.view for rule in rules}),
    ]
    if problems:
        raise CannotFinish(f"the {stage} gate is not sound: {'; '.join(problems)}")


def _refuse_empty_views(rules: Iterable[Rule], database: GateDatabase) -> None:
    for view in sorted({rule.view for rule in rules if rule.needs_rows}):
        if not database.rows(f"select 1 from {identifier(view)} limit 1"):
            raise CannotFinish(f"{view} has no rows to judge; Great Expectations would pass it")


def _subjects(views: Iterable[str], database: GateDatabase) -> dict[str, dict[Subject, int]]:
    """For each view, whom it is judged for and their rows.

    A view judged by source is judged for every source of the gate, and one judged for all is
    judged once: no rows means that there is nothing against them.
    """
    found: dict[str, dict[Subject, int]] = {}
    for view in views:
        rows = database.rows(
            f"select {subject_columns(view, database)}, count(*)"
            # Constants are no group: without the condition an empty view would give a row of 0.
            f" from {identifier(view)} group by all having count(*) > 0 order by all"
        )
        found[view] = {(source, delivery): count for source, delivery, count in rows}
    sources = sorted({s for subjects in found.values() for s, _ in subjects if s is not None})
    for view, subjects in found.items():
        columns = database.columns(view)
        if "source" in columns and "delivery_id" not in columns:
            found[view] = {(source, None): 0 for source in sources} | subjects
        if not found[view]:
            found[view] = {(None, None): 0}
    return found


def _judge(rule: Rule, database: GateDatabase) -> _Judgement:
    """Every subject whose rows break the rule, or are not enough to judge it by."""
    subject = subject_columns(rule.view, database)
    offences = database.rows(f"""
        with told as (
            select
                {subject},
                coalesce(cast(({rule.observed}) as varchar), 'no figure') as text,
                count(*) as times,
                sum({rule.records or "null::bigint"})::bigint as records
            from {identifier(rule.view)}
            where ({rule.offenders})
            group by all
            having count(*) > 0
        )
        select
            subject_source,
            subject_delivery,
            sum(times)::bigint,
            count(*),
            min({{'rank': -times, 'text': text, 'times': times}}, {EXAMPLES}),
            sum(records)::bigint
        from told
        group by all
    """)
    without_history = database.rows(
        f"select distinct {subject} from {identifier(rule.view)}"
        f" where not coalesce(({rule.history or 'true'}), false)"
    )
    return _Judgement(
        {(source, delivery): _Offence(*figures) for source, delivery, *figures in offences},
        frozenset((source, delivery) for source, delivery in without_history),
    )


def _result(rule: Rule, subject: Subject, rows: int, judgement: _Judgement) -> RuleResult:
    source, delivery_id = subject
    offence = judgement.offences.get(subject)
    status: Status = "passed"
    if offence is not None:
        status = "failed"
    elif subject in judgement.without_history:
        status = "not enough history"
    return RuleResult(
        rule=rule.name,
        stage=rule.stage,
        source=source,
        delivery_id=delivery_id,
        success=offence is None,
        severity=rule.severity,
        observed=_tell_observed(offence) if offence else f"rows checked: {rows:,}",
        next_step=tell_next_step(rule, source, delivery_id) if offence else "",
        status=status,
        records=offence.records if offence else None,
        dimension=rule.dimension,
    )


def _tell_observed(offence: _Offence) -> str:
    told = [
        example["text"] + (f" ({example['times']:,} times)" if example["times"] > 1 else "")
        for example in offence.examples
    ]
    more = offence.texts - len(told)
    return "; ".join(told) + (f"; and {more:,} more" if more else "")


def _validate(
    stage: Stage, rules: Sequence[Rule], database: GateDatabase, docs_dir: Path | None
) -> dict[str, "ExpectationValidationResult"]:
    """What Great Expectations says of each rule, by the rule's name."""
    project = open_project(docs_dir)
    import great_expectations as gx

    datasource = project.data_sources.add_sql("gate", connection_string=database.address)
    try:
        definitions = [
            _suite_over(view, [rule for rule in rules if rule.view == view], project, datasource)
            for view in dict.fromkeys(rule.view for rule in rules)
        ]
        checkpoint = project.checkpoints.add(
            gx.Checkpoint(
                name=stage,
                validation_definitions=definitions,
                # Counts only: offending values may be personal, and are never needed here.
                result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
            )
        )
        outcome = checkpoint.run(
            run_id=gx.RunIdentifier(run_name=stage, run_time=datetime.now(UTC))
        )
        if docs_dir is not None:
            forget_old_runs(docs_dir, stage, keep=RUNS_KEPT)
    finally:
        # Both hold connections of their own to the in-memory database and what is attached to it.
        datasource.get_engine().dispose()
        datasource.get_execution_engine().engine.dispose()
    return {
        result.expectation_config.meta["rule"]: result
        for suite in outcome.run_results.values()
        for result in suite.results
        if result.expectation_config is not None
    }


def _suite_over(
    view: str, rules: Iterable[Rule], project: "EphemeralDataContext", datasource: Any
) -> Any:
    import great_expectations as gx

    suite = project.suites.add(
        gx.ExpectationSuite(name=view, expectations=[_expectation(rule) for rule in rules])
    )
    asset = datasource.add_table_asset(name=view, table_name=view)
    batch = asset.add_batch_definition_whole_table("all")
    return project.validation_definitions.add(
        gx.ValidationDefinition(name=view, data=batch, suite=suite)
    )


def _expectation(rule: Rule) -> "Expectation":
    """The rule's claim as an expectation, ours before Great Expectations' own."""
    from importlib import import_module
    from importlib.util import find_spec

    name = rule.claim.expectation
    module = "expectations.custom." + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if find_spec(module) is None:
        module = "great_expectations.expectations"
    kind = getattr(import_module(module), name, None)
    if kind is None:
        raise CannotFinish(f"rule {rule.name} names no known expectation: {name}")
    try:
        expectation: Expectation = kind(
            **rule.claim.arguments,
            severity="critical" if rule.severity == "block" else "warning",
            description=rule.description,
            meta={"rule": rule.name, "dimension": rule.dimension, "runbook": rule.runbook},
        )
    except (TypeError, ValueError) as error:
        raise CannotFinish(f"rule {rule.name} cannot be stated: {error}") from error
    return expectation


def _refuse_disagreement(
    rules: Iterable[Rule],
    judged: Mapping[str, _Judgement],
    validated: Mapping[str, "ExpectationValidationResult"],
) -> None:
    for rule in rules:
        result = validated.get(rule.name)
        if result is None:
            raise CannotFinish(f"Great Expectations gave no result for rule {rule.name}")
        if raised := list(_exceptions(result.exception_info)):
            raise CannotFinish(f"rule {rule.name} could not be judged: {'; '.join(raised)}")
        ours = sum(offence.rows for offence in judged[rule.name].offences.values())
        figures = result.result
        # Over an empty view there is no count at all.
        theirs = int(figures.get("unexpected_count", figures.get("observed_value")) or 0)
        if theirs != ours or result.success != (ours == 0):
            raise CannotFinish(
                f"rule {rule.name} is judged in two ways: Great Expectations counts {theirs:,}"
                f" offending rows, the listing {ours:,}; its two conditions must be mended"
            )


def _exceptions(info: Mapping[str, Any] | None) -> Iterable[str]:
    """The messages of an `exception_info`: one flat record, or one a metric that failed."""
    if not info:
        return
    records = [info] if "raised_exception" in info else list(info.values())
    for message in dict.fromkeys(r["exception_message"] for r in records if r["raised_exception"]):
        yield str(message)
