"""Names that differ in spelling only, found by hashing: never by comparing all with all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz.distance import OSA

from orchestration.taxonomy.lint_naming import words
from orchestration.taxonomy.lint_rules import Remark
from orchestration.taxonomy.model import Taxonomy

_DONE = frozenset({"complete", "completed", "done", "event", "success", "successful"})
_RIGHT_WORDS = frozenset(
    {
        *("consent", "content", "contest", "context", "country", "county", "liked", "linked"),
        *("posted", "pasted", "product", "produce", "shared", "shaped", "starred", "started"),
    }
)
"""Words one slip away from each other that are both meant."""
_SHORTEST_TYPO = 5


def stem(word: str) -> str:
    """A word without the ending of its tense or number: `opened`, `opens` and `open` alike."""
    if len(word) > 4 and word.endswith("ied"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith("ed"):
        word = word[:-2]
    elif len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
    elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    word = word.removesuffix("e")
    return word[:-1] if len(word) > 2 and word[-1] == word[-2] else word


def typos(vocabulary: Iterable[str]) -> dict[str, str]:
    """Word to the earlier word that it is one slip away from: a letter more, less, other, swapped.

    Words one slip apart have a text in common when one letter of each is left out, so only those
    that share such a text are compared. Numbers and first letters are seldom slips.
    """
    seen: dict[str, list[str]] = defaultdict(list)
    right: dict[str, str] = {}
    for word in dict.fromkeys(vocabulary):
        if len(word) < _SHORTEST_TYPO or not word.isalpha():
            continue
        shorter = {word, *(word[:at] + word[at + 1 :] for at in range(1, len(word)))}
        for other in dict.fromkeys(other for each in shorter for other in seen[each]):
            if _is_slip(word, other):
                right[word] = right.get(other, other)
                break
        for each in shorter:
            seen[each].append(word)
    return right


def _is_slip(word: str, other: str) -> bool:
    both_meant = {word, other} <= _RIGHT_WORDS or f"{word}s" == other or f"{other}s" == word
    is_long = max(len(word), len(other)) > _SHORTEST_TYPO
    return is_long and not both_meant and OSA.distance(word, other) == 1


def near_duplicates(taxonomy: Taxonomy) -> Iterator[Remark]:
    """Alike: event names, aliases of different events in one source, properties of one event."""
    yield from _events(taxonomy)
    yield from _aliases(taxonomy)
    yield from _properties(taxonomy)


def _events(taxonomy: Taxonomy) -> Iterator[Remark]:
    parts = {name: words(name) for name in taxonomy.events}
    right = typos(word for each in parts.values() for word in each)
    first: dict[tuple[str, ...], str] = {}
    for name, found in parts.items():
        stems = [stem(right.get(word, word)) for word in found if word not in _DONE]
        stems = stems or found
        keys = [("".join(stems),), ("any order", *sorted(stems))]
        other = next((first[key] for key in keys if key in first), None)
        if other is not None and stems:
            yield Remark(
                "near-duplicate",
                "warning",
                f"'{name}' and '{other}' may be one event; keep one and make the other an alias",
                ("events", name),
                also=("events", other),
            )
        for key in keys:
            first.setdefault(key, name)


def _aliases(taxonomy: Taxonomy) -> Iterator[Remark]:
    """Case counts in aliases, so two spellings of one name may map to two events unnoticed."""
    first: dict[tuple[str, str], tuple[str, str, tuple[str | int, ...]]] = {}
    for name, event in taxonomy.events.items():
        for source, aliases in event.aliases.items():
            for number, alias in enumerate(aliases):
                spelled = "".join(words(alias.name))
                if alias.when or not spelled:
                    continue
                at = ("events", name, "aliases", source, number)
                owner, other, also = first.setdefault((source, spelled), (name, alias.name, at))
                if owner != name and other != alias.name:
                    yield Remark(
                        "near-duplicate",
                        "warning",
                        f"'{alias.name}' of {source} is spelled like '{other}' of {owner}; "
                        "make them aliases of one event if they are one",
                        at,
                        also=also,
                    )


def _properties(taxonomy: Taxonomy) -> Iterator[Remark]:
    alike = _spellings(
        key
        for rules in (
            *(event.properties for event in taxonomy.events.values()),
            *taxonomy.property_groups.values(),
        )
        for key in rules
    )
    if not alike:
        return
    for name, event in taxonomy.events.items():
        first: dict[str, str] = {}
        for key in taxonomy.rules_of(name):
            if key in alike:
                other = first.setdefault(alike[key], key)
                if other != key:
                    own = next((each for each in (key, other) if each in event.properties), None)
                    yield Remark(
                        "near-duplicate",
                        "warning",
                        f"'{key}' and '{other}' of {name} may be one property; keep one and list "
                        "the other in its renames",
                        ("events", name, "properties", own)
                        if own
                        else ("events", name, "property_groups"),
                    )


def _spellings(names: Iterable[str]) -> Mapping[str, str]:
    """Property name to the spelling it shares with another name; names alone are left out."""
    parts = {name: words(name) for name in dict.fromkeys(names)}
    right = typos(word for each in parts.values() for word in each)
    groups: dict[str, list[str]] = defaultdict(list)
    for name, found in parts.items():
        groups["".join(right.get(word, word) for word in found)].append(name)
    return {name: key for key, group in groups.items() if key and len(group) > 1 for name in group}
