"""What changed in the rules of properties, and whether values that were right still are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from orchestration.taxonomy.properties import JsonType, Mode, PropertyRule, ViolationKind
from orchestration.taxonomy.writing import to_document

Modes = Mapping[ViolationKind, Mode]
Impact = Literal["text", "compatible", "breaking"]
"""Words only; more is possible than before; what was right may no longer be."""

_LOWER = ("minimum", "exclusive_minimum", "min_length", "min_items")
_UPPER = ("maximum", "exclusive_maximum", "max_length", "max_items")
_WORDS = ("description", "examples", "meta")
_NARROWED = "values that were right are violations"
_WIDENED = "more values are right"


@dataclass(frozen=True)
class Shift:
    """One change below an event: `before` and `after` are JSON values, None where nothing is."""

    at: tuple[str, ...]
    before: Any
    after: Any
    impact: Impact
    reason: str


def rules_between(
    at: tuple[str, ...],
    old: Mapping[str, PropertyRule],
    new: Mapping[str, PropertyRule],
    around: tuple[Modes, Modes],
) -> Iterator[Shift]:
    """Changes of properties by name, and below them rule by rule.

    `around` is what is done about violations where a property does not say so, before and after.
    """
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            reason = "readers may ask for it, and it is no longer promised"
            yield Shift((*at, key), to_document(old[key]), None, "breaking", reason)
        elif key not in old:
            needed = new[key].required
            yield Shift(
                (*at, key),
                None,
                to_document(new[key]),
                "breaking" if needed else "compatible",
                "records without it are violations" if needed else "an optional property more",
            )
        else:
            yield from _within((*at, key), old[key], new[key], around)


def _within(
    at: tuple[str, ...], old: PropertyRule, new: PropertyRule, around: tuple[Modes, Modes]
) -> Iterator[Shift]:
    if old == new:
        return
    one, other = to_document(old), to_document(new)
    for key in (*_WORDS, "pii"):
        if one.get(key) != other.get(key):
            impact: Impact = "text" if key in _WORDS else "compatible"
            reason = "for people only" if key in _WORDS else "it is treated as another kind of data"
            yield Shift((*at, key), one.get(key), other.get(key), impact, reason)
    if old.required != new.required:
        yield Shift(
            (*at, "required"),
            old.required,
            new.required,
            "breaking" if new.required else "compatible",
            "records without it are violations" if new.required else "records may lack it",
        )
    for key, is_wider in _widenings(old, new).items():
        if one.get(key) != other.get(key):
            yield Shift(
                (*at, key),
                one.get(key),
                other.get(key),
                "compatible" if is_wider else "breaking",
                _WIDENED if is_wider else _NARROWED,
            )
    yield from _words_of_sources((*at, "renames"), old.renames, new.renames)
    yield from _words_of_sources((*at, "values"), old.values, new.values)
    yield from modes_between(old.enforcement, new.enforcement, around, at)
    yield from rules_between((*at, "properties"), old.properties, new.properties, around)
    if (old.items is None) != (new.items is None):
        is_wider = new.items is None
        yield Shift(
            (*at, "items"),
            one.get("items"),
            other.get("items"),
            "compatible" if is_wider else "breaking",
            _WIDENED if is_wider else _NARROWED,
        )
    elif old.items is not None and new.items is not None:
        yield from _within((*at, "items"), old.items, new.items, around)


def _widenings(old: PropertyRule, new: PropertyRule) -> dict[str, bool]:
    """By rule that says which values are right: whether all that were still are."""
    return {
        "type": _kinds(old.type) <= _kinds(new.type),
        "enum": new.enum is None
        or (old.enum is not None and {*map(repr, old.enum)} <= {*map(repr, new.enum)}),
        "format": new.format is None,
        "pattern": new.pattern is None,
        "multiple_of": new.multiple_of is None
        or (old.multiple_of is not None and old.multiple_of % new.multiple_of == 0),
        **{key: _is_looser(getattr(old, key), getattr(new, key), 1) for key in _UPPER},
        **{key: _is_looser(getattr(old, key), getattr(new, key), -1) for key in _LOWER},
    }


def _kinds(types: list[JsonType] | None) -> set[str]:
    """The JSON types that may be; every integer is a number."""
    everything = {*get_args(JsonType)} - {"null-free"}
    if types is None:
        return everything
    found = {*types}
    if "number" in found:
        found.add("integer")
    return everything - {"null"} if "null-free" in found else {*found}


def _is_looser(old: float | None, new: float | None, sign: int) -> bool:
    return new is None or (old is not None and sign * new >= sign * old)


def _words_of_sources(
    at: tuple[str, ...],
    old: Mapping[str, list[str]] | Mapping[str, dict[str, Any]],
    new: Mapping[str, list[str]] | Mapping[str, dict[str, Any]],
) -> Iterator[Shift]:
    """Names and values of sources: a word more is compatible; one less, or with another meaning."""
    for source in dict.fromkeys((*old, *new)):
        one, other = (_meanings(each.get(source, ())) for each in (old, new))
        for word in dict.fromkeys((*one, *other)):
            if one.get(word) != other.get(word):
                is_new = word not in one
                yield Shift(
                    (*at, source, word),
                    one.get(word),
                    other.get(word),
                    "compatible" if is_new else "breaking",
                    "a word more is understood" if is_new else "what is sent means something else",
                )


def _meanings(words: list[str] | dict[str, Any] | tuple[()]) -> dict[str, Any]:
    """Word to what it means, in a list; a list of names only says that they are known."""
    if isinstance(words, dict):
        return {word: [meaning] for word, meaning in words.items()}
    return {word: word for word in words}


def modes_between(
    old: Modes, new: Modes, around: tuple[Modes, Modes], at: tuple[str, ...] = ()
) -> Iterator[Shift]:
    """Changes of what is done about violations; stricter is breaking where records lose by it.

    `old` and `new` are what is said here. `around` is what holds where nothing is, as in
    `rules_between`; what is said here and holds anyway is told as words.
    """
    strictness = get_args(Mode)
    for kind in dict.fromkeys((*old, *new)):
        before, after = old.get(kind, around[0][kind]), new.get(kind, around[1][kind])
        if before == after and (kind in old) != (kind in new):
            reason = "the same is done as before"
            yield Shift((*at, "enforcement", kind), old.get(kind), new.get(kind), "text", reason)
        elif before != after:
            is_stricter = after in ("strip", "quarantine") and (
                strictness.index(after) > strictness.index(before)
            )
            yield Shift(
                (*at, "enforcement", kind),
                before,
                after,
                "breaking" if is_stricter else "compatible",
                "records lose by it" if is_stricter else "no record loses by it",
            )
