"""The probability that a name is an event: a conditional logit over a few measures.

Every candidate event of a name has a score, a weighted sum of measures; "none of them" has the
score 0. The probability of a candidate is its share of the exponentials (McFadden, "Conditional
logit analysis of qualitative choice behavior", 1973). So the probabilities of one name add up to
one, and two events that fit equally well cannot both be likely. An event whose name says the
opposite is no candidate, whatever else speaks for it.

The weights are fitted by `python -m benchmarks.suggest --fit`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from orchestration.taxonomy.suggestion.behaviour import Behaviour
from orchestration.taxonomy.suggestion.properties import Agreement
from orchestration.taxonomy.suggestion.weights import WEIGHTS
from orchestration.taxonomy.suggestion.words import Likeness

BIAS = "bias"
FOR = (
    "same_letters",
    "same_words",
    "things_and_verb",
    "things",
    "same_verb",
    "shared_properties",
    "twins",
    "handover",
    "paths",
    "hours",
    "volume",
    "level",
)
"""Measures that can only speak for an event, so that a weight below zero is no fit."""
AGAINST = (
    "extra_words",
    "missing_words",
    "other_verb",
    "strange_properties",
    "no_twins",
    "side_by_side",
)
MEASURES = (BIAS, *FOR, *AGAINST)


@dataclass(frozen=True)
class Candidate:
    """An event that a name may be, and what was measured of the two."""

    event: str
    likeness: Likeness
    agreement: Agreement = field(default_factory=Agreement)
    behaviour: Behaviour = field(default_factory=Behaviour)
    is_opposite: bool = False

    def measures(self) -> Mapping[str, float]:
        """What the model weighs, by name."""
        likeness, behaviour = self.likeness, self.behaviour
        return MappingProxyType(
            {
                BIAS: 1.0,
                "same_letters": likeness.same_letters,
                "same_words": likeness.same_words,
                "things_and_verb": likeness.things * likeness.same_verb,
                "things": likeness.things,
                "same_verb": likeness.same_verb,
                "shared_properties": self.agreement.shared,
                "twins": behaviour.twins,
                "handover": behaviour.handover,
                "paths": behaviour.paths,
                "hours": behaviour.hours,
                "volume": max(0.0, behaviour.volume),
                "level": behaviour.level,
                "extra_words": likeness.extra,
                "missing_words": likeness.missing,
                "other_verb": likeness.other_verb,
                "strange_properties": self.agreement.strange,
                "no_twins": behaviour.no_twins,
                "side_by_side": behaviour.side_by_side,
            }
        )


def probabilities(
    candidates: Sequence[Candidate], weights: Mapping[str, float] = WEIGHTS
) -> list[float]:
    """The probability of each candidate of one name, in order; what is left is none of them."""
    scores = [
        -math.inf
        if each.is_opposite
        else sum(weights[name] * value for name, value in each.measures().items())
        for each in candidates
    ]
    return shares(scores)


def shares(scores: Iterable[float]) -> list[float]:
    """Softmax with a last alternative of score 0, which is left out of the answer."""
    listed = list(scores)
    top = max((0.0, *listed))
    weights = [math.exp(score - top) for score in listed]
    total = sum(sorted(weights)) + math.exp(-top)
    return [weight / total for weight in weights]
