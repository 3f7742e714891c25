"""What a gate asserts, and what came out of it.

A `Rule` is a claim as data: it names a Great Expectations expectation with its arguments, and holds
no code of the engine, so suites can be listed without the seconds that importing it costs. Running
the rules is `expectations.checkpoints`; keeping their results is `orchestration.quality`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, Self

from orchestration.errors import ConfigurationError

Stage = Literal["landing", "staging", "marts"]
Severity = Literal["block", "warn"]
Dimension = Literal[
    "completeness", "validity", "uniqueness", "consistency", "timeliness", "reconciliation"
]
Status = Literal["passed", "failed", "not enough history"]


@dataclass(frozen=True)
class Limits:
    """Configured shares above which a rule fails (fractions of 1), and the rows a clock needs."""

    unreadable_share: float = 0.01
    unmapped_share: float = 0.05
    # A re-export that loses more than 1 % of its events is more likely broken than corrected.
    gone_share: float = 0.01
    quarantined_share: float = 0.01  # of a source's records
    # Fewer live rows than this say nothing about a clock: one late batch would block a delivery.
    clock_rows: int = 3
    # By kind of violation, the share of a delivery's events that may break the dictionary so.
    violations: Mapping[str, float] = field(default_factory=dict)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Claim:
    """An expectation by its class name, ours or Great Expectations' own, and its arguments."""

    expectation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def expect(expectation: str, **arguments: Any) -> Claim:
    """A `Claim`; an unknown class or argument is refused when the gate runs."""
    return Claim(expectation, arguments)


@dataclass(frozen=True)
class Rule:
    """One claim about a view of facts.

    `offenders` is an SQL condition over the view: the rows that break the rule. It is stated beside
    the expectation because Great Expectations returns at most 200 rows, and a delivery left out of
    that list would not be held; the runner refuses to go on when the two disagree. `observed` is an
    SQL text over one such row: the figure a person is shown. `history` is an SQL condition that
    holds where the row can be judged at all. `records` is an SQL number over one offending row: how
    many records it concerns, where that is known. `next_step` may use {rule}, {source}, {delivery}
    and {accept}.
    """

    name: str
    stage: Stage
    view: str
    severity: Severity
    dimension: Dimension
    claim: Claim
    offenders: str
    observed: str
    next_step: str
    description: str
    needs_rows: bool = True
    history: str | None = None
    records: str | None = None

    @property
    def runbook(self) -> str:
        """The anchor of this rule on the page of runbooks, `runbooks.html#<anchor>`."""
        return self.name


@dataclass(frozen=True)
class RuleResult:
    """One rule's result for one delivery, one source (`delivery_id` null) or all (both null).

    `records` is how many records a failure concerns, None where the rule does not know.
    `dimension` is None in judgements that an older release wrote.
    """

    rule: str
    stage: Stage
    source: str | None
    delivery_id: str | None
    success: bool
    severity: Severity
    observed: str
    next_step: str
    status: Status
    records: int | None = None
    dimension: Dimension | None = None

    @property
    def runbook(self) -> str:
        """The anchor of the rule on the page of runbooks: its name."""
        return self.rule

    @property
    def blocks(self) -> bool:
        """Whether this result, unless accepted, stops what follows."""
        return not self.success and self.severity == "block"

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The reverse of `to_json`. Raises TypeError when a field is missing or unknown."""
        return cls(**fields)


def accept_command(rule: str, source: str | None, delivery_id: str | None) -> str:
    """The command that accepts one red rule, on the record."""
    of = f" --delivery {delivery_id}" if delivery_id else f" --source {source}" if source else ""
    return f'waybill run --accept {rule}{of} --why "..."'


def tell_next_step(rule: Rule, source: str | None, delivery_id: str | None) -> str:
    """The rule's next step with the source and the delivery filled in."""
    return rule.next_step.format(
        rule=rule.name,
        source=source or "every source",
        delivery=delivery_id or "every delivery",
        accept=accept_command(rule.name, source, delivery_id),
    )


def rule_named(name: str, rules: Iterable[Rule]) -> Rule:
    """The rule of that name. Raises ConfigurationError, with the nearest right name, if none is."""
    by_name = {rule.name: rule for rule in rules}
    if name in by_name:
        return by_name[name]
    near = get_close_matches(name, by_name, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the rules are: {', '.join(sorted(by_name))}"
    raise ConfigurationError(f"no rule is called {name!r}; {hint}")
