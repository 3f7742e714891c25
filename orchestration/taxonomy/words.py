"""Rules and conditions of the dictionary in plain words, as pages and tables show them."""

from __future__ import annotations

import json

from orchestration.taxonomy.model import Alias
from orchestration.taxonomy.properties import PropertyRule


def rule_words(rule: PropertyRule) -> str:
    """What the values must be, `integer; at least 1`; empty where anything will do."""
    parts = [" or ".join(rule.type)] if rule.type else []
    if rule.enum is not None:
        parts.append("one of " + ", ".join(_plain(value) for value in rule.enum))
    if rule.format:
        parts.append(f"as {rule.format}")
    if rule.pattern:
        parts.append(f"matches {rule.pattern}")
    for words, bound in (
        ("at least", rule.minimum),
        ("at most", rule.maximum),
        ("over", rule.exclusive_minimum),
        ("under", rule.exclusive_maximum),
        ("a multiple of", rule.multiple_of),
    ):
        if bound is not None:
            parts.append(f"{words} {bound}")
    for unit, least, most in (
        ("characters", rule.min_length, rule.max_length),
        ("items", rule.min_items, rule.max_items),
    ):
        if least is not None or most is not None:
            parts.append(f"{_between(least, most)} {unit}")
    if rule.items is not None and (of := rule_words(rule.items)):
        parts.append(f"each item: {of}")
    return "; ".join(parts)


def alias_words(alias: Alias) -> str:
    """When an alias holds, `from 2025-01-01, where plan is pro or team`; empty for always."""
    parts = []
    if alias.start is not None:
        parts.append(f"from {alias.start}")
    if alias.until is not None:
        parts.append(f"until {alias.until} (exclusive)")
    for key in alias.when:
        parts.append(f"where {key} is " + " or ".join(map(_plain, alias.wanted(key))))
    return ", ".join(parts)


def _between(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
