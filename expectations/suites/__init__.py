"""The rules of the three gates, a module a stage.

A rule blocks only where going on would corrupt or mislead; the rest warns and is reported.
"""

from expectations.rules import DEFAULT_LIMITS, Limits, Rule, Stage, rule_named
from expectations.suites.drift import drift_rules
from expectations.suites.landing import landing_rules
from expectations.suites.marts import marts_rules
from expectations.suites.staging import staging_rules

__all__ = ["all_rules", "find_rule", "rules_for"]


def rules_for(stage: Stage, limits: Limits = DEFAULT_LIMITS) -> tuple[Rule, ...]:
    """The rules of one stage's gate, with the configured limits."""
    if stage == "landing":
        return landing_rules(limits)
    if stage == "staging":
        return staging_rules(limits) + drift_rules()
    return marts_rules(limits)


def all_rules(limits: Limits = DEFAULT_LIMITS) -> tuple[Rule, ...]:
    """The rules of every gate; a name is used once among them, so an acceptance can name it."""
    return landing_rules(limits) + staging_rules(limits) + drift_rules() + marts_rules(limits)


def find_rule(name: str) -> Rule:
    """The rule of that name. Raises ConfigurationError, with the nearest right name, if none is."""
    return rule_named(name, all_rules())
