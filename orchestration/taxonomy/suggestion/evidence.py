"""Why a name may be an event, in words: the measures that weigh most, for it and against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestration.taxonomy.suggestion.model import Candidate
from orchestration.taxonomy.suggestion.records import TWIN_SECONDS
from orchestration.taxonomy.suggestion.weights import WEIGHTS

_WORTH_SAYING = 0.3  # in units of the score
_AGAINST = "against: "
_PAIRS_NAMED = 3


def evidence(name: str, candidate: Candidate) -> list[str]:
    """One sentence for each measure that moves the score, what weighs most first."""
    weighed = {measure: WEIGHTS[measure] * value for measure, value in candidate.measures().items()}
    said = [*_of_spelling(name, candidate, weighed)]
    for measure, sentence in _SENTENCES.items():
        if abs(weighed[measure]) >= _WORTH_SAYING and (text := sentence(candidate)):
            said.append((abs(weighed[measure]), text))
    return [text for _, text in sorted(said, key=lambda each: -each[0])]


def _of_spelling(
    name: str, candidate: Candidate, weighed: Mapping[str, float]
) -> list[tuple[float, str]]:
    like = candidate.likeness
    known = f"'{like.known}'"
    weight = sum(
        weighed[m] for m in ("same_letters", "same_words", "things_and_verb", "things", "same_verb")
    )
    said: list[tuple[float, str]] = []
    if like.same_letters:
        said.append((weight, f"'{name}' is {known} in another case or style"))
    elif like.same_words:
        said.append((weight, f"'{name}' has the words of {known} in another order or form"))
    elif like.things >= 0.5 and like.same_verb:
        said.append((weight, f"what is done, and to what, is the same as in {known}"))
    elif like.things >= 0.5:
        said.append((weight, f"it is about the same thing as {known}"))
    elif like.same_verb:
        said.append((weight, f"what is done is the same as in {known}"))
    if like.other_verb:
        said.append((-weighed["other_verb"], f"{_AGAINST}another verb than in {known}"))
    if like.extra >= 0.4:
        said.append((-weighed["extra_words"], f"{_AGAINST}it has words that {known} has not"))
    return said


def _properties(candidate: Candidate) -> str:
    pairs = [
        theirs if theirs == ours else f"{theirs} (here {ours})"
        for theirs, ours in candidate.agreement.pairs[:_PAIRS_NAMED]
    ]
    return f"it has properties of the event: {', '.join(pairs)}" if pairs else ""


def _twins(candidate: Candidate) -> str:
    behaviour = candidate.behaviour
    return (
        f"{behaviour.twins:.0%} of its records have one of the event in {behaviour.twins_in}, "
        f"by the same person within {TWIN_SECONDS} s"
    )


def _handover(candidate: Candidate) -> str:
    behaviour = candidate.behaviour
    fell = behaviour.share_before > behaviour.share_after
    moved, made = ("fell", "brought") if fell else ("rose", "had")
    return (
        f"around {behaviour.handover_on} the event's share of the source {moved} "
        f"from {behaviour.share_before:.1%} to {behaviour.share_after:.1%}, "
        f"by about as much as the name {made}"
    )


_SENTENCES: Mapping[str, Callable[[Candidate], str]] = {
    "shared_properties": _properties,
    "twins": _twins,
    "handover": _handover,
    "paths": lambda _: "what people do before and after it is more alike than with other events",
    "volume": lambda each: (
        f"its share of the days moves with the event's in another source "
        f"(correlation {each.behaviour.volume:.2f})"
    ),
    "level": lambda each: (
        "it is about as large a share of the records as the event in another source"
        if each.behaviour.level >= 0.7
        else ""
    ),
    "strange_properties": lambda each: (
        f"{_AGAINST}their properties differ" if each.agreement.strange >= 0.5 else ""
    ),
    "no_twins": lambda _: (
        f"{_AGAINST}another source has the event, but not by these persons at these times"
    ),
    "side_by_side": lambda _: f"{_AGAINST}both arrive in this source on the same days",
}
