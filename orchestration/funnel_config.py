"""What a funnel is: its steps, and the rules by which an attempt counts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from orchestration.setting_types import Duration, Settings
from orchestration.yaml_models import Name, refuse, unknown

Per = Literal["person", "session", "account"]
PROPERTY = "properties."
VALUE_COLUMNS = (
    *("source", "platform", "os", "app_version", "country", "region", "locale", "product_line"),
    *("campaign", "utm_source", "utm_medium", "utm_campaign", "experiment_id", "variant_id"),
    *("user_id", "device_id", "anonymous_id"),
)
"""Columns of `marts.fct_events` that a step's value may be read from."""


def _known_value(name: str) -> str:
    if name.startswith(PROPERTY):
        if name == PROPERTY:
            raise refuse("name the property, like properties.plan")
    elif name not in VALUE_COLUMNS:
        raise refuse(f"{unknown('column', name, VALUE_COLUMNS)} (or properties.<key>)")
    return name


Value = Annotated[str, AfterValidator(_known_value)]


class FunnelRules(Settings):
    """How attempts count.

    `order` any: the steps in any order; the figures of step n are then those of any n of them.
    `exclude`: an attempt ends at the first of these events after its first step.
    `reentry`: furthest counts an entity once, by its best attempt; first by its first attempt
    alone; every counts each attempt.
    `ties` refuse: a step must be later than the one before it, not at the same instant.
    `hold`: all steps of an attempt have the same value of this, and records without one do not
    count. `account` is what tells accounts apart, for `per: account`.
    """

    order: Literal["given", "any"] = "given"
    exclude: list[Name] = []
    reentry: Literal["furthest", "first", "every"] = "furthest"
    ties: Literal["allow", "refuse"] = "allow"
    hold: Value | None = None
    account: Value | None = None


class Funnel(FunnelRules):
    """Steps in order (canonical event names); `within` None means no limit of time."""

    steps: Annotated[list[Name], Field(min_length=2)]
    within: Duration | None = None
    per: Per = "person"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if wrong := contradiction(self, self.steps, self.per):
            raise refuse(wrong)
        return self

    def variables(self) -> dict[str, Any]:
        """The funnel as the models read it; the window in seconds, None without one."""
        return {
            "steps": self.steps,
            "within_seconds": None if self.within is None else int(self.within.total_seconds()),
            "per": self.per,
            "how": rules_of(self),
        }


def rules_of(rules: FunnelRules) -> dict[str, Any]:
    """The rules alone, as the engine's argument `how`."""
    return {name: getattr(rules, name) for name in FunnelRules.model_fields}


def contradiction(rules: FunnelRules, steps: list[str], per: Per) -> str | None:
    """What in the rules contradicts the steps or the unit, and how to mend it; None if nothing."""
    if both := sorted(set(rules.exclude) & set(steps)):
        return f"exclude: '{both[0]}' is a step too; remove it from one of them"
    if rules.order == "any" and len(set(steps)) < len(steps):
        return "steps: one comes twice, which in any order means nothing; name it once"
    if rules.order == "any" and rules.ties == "refuse":
        return "ties: in any order no step comes before another; remove ties"
    if (per == "account") != (rules.account is not None):
        return "account: give it with per: account, such as properties.company_id, and only then"
    return None
