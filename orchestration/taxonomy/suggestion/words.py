"""What two event names have in common: words, whatever their case, order, tense and abbreviation.

Pure functions over texts; the tables are in `vocabulary`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from rapidfuzz.distance import JaroWinkler

from orchestration.taxonomy.suggestion import vocabulary

_SAME_GROUP = 0.85  # likeness of two words of one group
_TYPO = 0.93  # Jaro-Winkler above which two words of five letters or more are one, misspelt
_SHORTEST_PREFIX = 4
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_VENDOR_MARK = re.compile(r"^\s*(\[[^\]]*\]|\$+)\s*(?=\S)")
_UNDOING = ("un", "dis", "de")


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, in order, without a vendor's mark such as `[Amplitude]`.

    >>> words("[Amplitude] taxReminder_ON")
    ('tax', 'reminder', 'on')
    """
    return tuple(word.lower() for word in _WORD.findall(_VENDOR_MARK.sub("", name)))


@cache
def stem(word: str) -> str:
    """The base of an English word as far as event names need it; the same for all its forms.

    >>> stem("uploaded"), stem("creation"), stem("submitted")
    ('upload', 'creat', 'submit')
    """
    word = vocabulary.FORMS.get(word, word)
    if word.endswith(("ied", "ies")) and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ions", "ion", "ings", "ing", "ed", "es", "s"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    word = word.removesuffix("e") if len(word) > 3 else word
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou"
    return word[:-1] if doubled else word


def _groups(table: str) -> dict[str, frozenset[str]]:
    """Stem to the names of its groups; a word may be in several."""
    found: dict[str, set[str]] = {}
    for line in table.split("\n"):
        members = line.split()
        for member in members:
            found.setdefault(stem(member), set()).add(members[0])
    return {word: frozenset(groups) for word, groups in found.items()}


_VERBS = _groups(vocabulary.VERBS)
_THINGS = _groups(vocabulary.THINGS)
_OPPOSITES = frozenset(
    frozenset(line.split()) for line in vocabulary.OPPOSITES.split("\n") if line.split()
)
_SETBACKS = frozenset(map(stem, vocabulary.SETBACKS.split()))
_STOP_WORDS = frozenset(vocabulary.STOP_WORDS.split())


@dataclass(frozen=True)
class Reading:
    """A name taken apart: stems of what it is about, groups of what is done, and all its stems."""

    things: tuple[str, ...]
    verbs: frozenset[str]
    stems: frozenset[str]


@cache
def read(name: str) -> tuple[Reading, ...]:
    """The ways to take a name apart, one for each word that may be its verb; at least one.

    A verb stands first or last. An inflected one is the verb (`checkout_started`), and a vague one
    is not where there is another (`Clicked Tax Form Upload`); else each may be.
    """
    plain = " ".join(vocabulary.ABBREVIATIONS.get(word, word) for word in words(name))
    for phrase, one in vocabulary.PHRASES.items():
        plain = re.sub(rf"\b{phrase}\b", one, plain)
    spelled = plain.split()
    kept = [
        word
        for at, word in enumerate(spelled)
        # "on" at the end of a name says that something was turned on.
        if word not in _STOP_WORDS or (word == "on" and at == len(spelled) - 1 > 0)
    ] or spelled
    stems = tuple(map(stem, kept))
    ends = [at for at in {0, len(stems) - 1} if stems and stems[at] in _VERBS]
    telling = [at for at in ends if not _VERBS[stems[at]] & vocabulary.VAGUE] or ends
    inflected = [at for at in telling if _is_inflected(kept[at])] or telling
    vague = set(ends) - set(telling)
    found = [
        Reading(
            tuple(each for i, each in enumerate(stems) if i != at and i not in vague),
            _VERBS[stems[at]],
            frozenset(stems),
        )
        for at in sorted(inflected)
    ]
    if not found or (len(stems) == 1 and stems[0] in _THINGS):
        found.append(Reading(stems, frozenset(), frozenset(stems)))
    return tuple(found)


def _is_inflected(word: str) -> bool:
    return word.endswith("ed") or word in vocabulary.FORMS


@cache
def alike(one: str, other: str) -> float:
    """How much two stems mean the same, in [0, 1]."""
    if one == other:
        return 1.0
    if _THINGS.get(one, frozenset()) & _THINGS.get(other, frozenset()):
        return _SAME_GROUP
    short, long = sorted((one, other), key=len)
    if len(short) >= _SHORTEST_PREFIX and long.startswith(short):
        return _SAME_GROUP
    if len(short) >= 5 and JaroWinkler.similarity(one, other) >= _TYPO:
        return _SAME_GROUP
    return 0.0


@lru_cache(maxsize=1 << 16)
def are_opposite(one: str, other: str) -> bool:
    """Whether two names say opposite things: started and finished, on and off, paid and failed.

    So they do where a word of one is the opposite of a word of the other, and neither name has
    both; or where only one of them tells of a setback.
    """
    here, there = read(one)[0].stems, read(other)[0].stems
    if (here & _SETBACKS == frozenset()) != (there & _SETBACKS == frozenset()):
        return True
    for mine in here - there:
        for theirs in there - here:
            if mine in {p + theirs for p in _UNDOING} or theirs in {p + mine for p in _UNDOING}:
                return True
            if any(
                frozenset((a, b)) in _OPPOSITES
                for a in _VERBS.get(mine, ())
                for b in _VERBS.get(theirs, ())
            ):
                return True
    return False


Weight = Callable[[str], float]


def rarity(names: Iterable[str]) -> Weight:
    """How much a stem tells: words of few names tell more (inverse document frequency)."""
    readings = [read(name)[0] for name in names]
    count: dict[str, int] = {}
    for reading in readings:
        for each in set(reading.stems):
            count[each] = count.get(each, 0) + 1
    return lambda each: math.log(1 + (len(readings) + 1) / (count.get(each, 0) + 1))


@dataclass(frozen=True)
class Likeness:
    """How a name is like one known name.

    `things` in [0, 1] is the weighted share of words about the same thing; `extra` is the share of
    the arriving name's words that the known one has not, `missing` that of the known one's.
    `same_verb` and `other_verb` are 0 where a name has no verb. `same_words` is 1 where only case,
    order and tense differ, `same_letters` where only case and what stands between words does.
    """

    known: str
    things: float = 0.0
    extra: float = 0.0
    missing: float = 0.0
    same_verb: float = 0.0
    other_verb: float = 0.0
    same_words: float = 0.0
    same_letters: float = 0.0

    @property
    def score(self) -> float:
        """What ranks the known names of one event."""
        return self.things + 0.5 * (self.same_verb - self.other_verb) + self.same_words


def likeness(name: str, known: str, weight: Weight) -> Likeness:
    """Compare a name with a known one; `weight` says how much a word tells."""
    is_same = _joined(name) == _joined(known)
    if not is_same and (_is_code(name) or _is_code(known)):
        return Likeness(known)
    found = (
        _likeness(mine, theirs, known, weight) for mine in read(name) for theirs in read(known)
    )
    best = max(found, key=lambda each: each.score)
    return replace(best, same_words=1.0, same_letters=1.0) if is_same else best


def _likeness(mine: Reading, theirs: Reading, known: str, weight: Weight) -> Likeness:
    here, missing_here = _covered(mine.things, theirs.things, weight)
    there, missing_there = _covered(theirs.things, mine.things, weight)
    total = here + missing_here + there + missing_there
    same_verb = float(bool(mine.verbs & theirs.verbs))
    return Likeness(
        known=known,
        things=(here + there) / total if total else 0.0,
        extra=missing_here / (here + missing_here) if here + missing_here else 0.0,
        missing=missing_there / (there + missing_there) if there + missing_there else 0.0,
        same_verb=same_verb,
        other_verb=float(bool(mine.verbs and theirs.verbs)) - same_verb,
        same_words=float(mine.stems == theirs.stems),
    )


def _covered(ours: tuple[str, ...], others: tuple[str, ...], weight: Weight) -> tuple[float, float]:
    """Weight of the words that the others have too, and of those they have not."""
    found = missing = 0.0
    for each in ours:
        best = max((alike(each, other) for other in others), default=0.0)
        found += weight(each) * best
        missing += weight(each) * (1 - best)
    return found, missing


@cache
def _is_code(name: str) -> bool:
    """Whether a name has no words, such as Adobe's `event12`: like nothing and unlike nothing."""
    return all(word.isdigit() or len(word) == 1 or word in _STOP_WORDS for word in words(name))


@cache
def _joined(name: str) -> str:
    return "".join(words(name))


def closest(name: str, known: Iterable[str], weight: Weight) -> Likeness:
    """The likeness to the most alike of an event's known names, of which there is at least one."""
    return max(
        (likeness(name, each, weight) for each in known),
        key=lambda found: (found.score, found.known),
    )


def contradicts(name: str, known: Iterable[str], weight: Weight) -> bool:
    """Whether a name is the opposite of an event: of one of its names, and agrees with no other.

    An event with the aliases `Feature On` and `Feature Off` is the opposite of neither.
    """
    names = tuple(known)
    return any(are_opposite(name, each) for each in names) and not any(
        likeness(name, each, weight).same_verb and not are_opposite(name, each) for each in names
    )
