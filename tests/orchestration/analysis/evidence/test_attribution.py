"""Attribution against hand-worked cases, walks through the chain, and its law of sums."""

from collections import Counter

import numpy as np
import pytest

from orchestration.analysis.evidence.attribution import MODELS, Path, attribute

PATHS = [
    Path(("mail", "ads", "social"), 10, 20),
    Path(("mail",), 5, 40),
    Path(("ads", "mail"), 4, 6),
    Path(("social", "ads", "social", "mail"), 3, 9),
]


def test_the_simple_rules_by_hand() -> None:
    credit = attribute(PATHS)
    assert credit["first"].to_dict() == {"mail": 15, "ads": 4, "social": 3}
    assert credit["last"].to_dict() == {"mail": 12, "ads": 0, "social": 10}
    assert credit.loc["mail", "linear"] == pytest.approx(10 / 3 + 5 + 2 + 0.75)
    # ends of three or more: 40 % each, between: 20 % shared; of two: half and half
    assert credit.loc["mail", "position"] == pytest.approx(4 + 5 + 2 + 1.2)
    assert credit.loc["ads", "position"] == pytest.approx(2 + 2 + 0.3)


def test_the_removal_effect_by_hand() -> None:
    # a leads half to b, half to nothing; b converts half: without b nothing is left, without a
    # neither, so both are worth the same
    credit = attribute([Path(("a", "b"), 1, 1), Path(("a",), 0, 2)])
    assert credit["data_driven"].to_dict() == pytest.approx({"a": 0.5, "b": 0.5})
    # two ways that do not meet: in proportion to what each brings
    credit = attribute([Path(("a",), 3, 7), Path(("b",), 1, 9)])
    assert credit["data_driven"].to_dict() == pytest.approx({"a": 3, "b": 1})


def test_every_model_credits_every_conversion_once() -> None:
    sums = attribute(PATHS).sum()
    assert sums.to_dict() == pytest.approx(dict.fromkeys(MODELS, 22))


def test_paths_without_campaigns_credit_nobody() -> None:
    assert attribute([]).empty
    assert attribute([Path((), 5, 5)]).empty
    assert attribute([Path(("a",), 0, 5)]).to_numpy().sum() == 0


def test_the_removal_effect_is_that_of_random_walks() -> None:
    """An independent oracle: walk the chain of first-order transitions, with and without each."""
    moves: dict[str, Counter[str]] = {}
    for path in PATHS:
        for here, there in zip(("start", *path.campaigns), path.campaigns, strict=False):
            moves.setdefault(here, Counter())[there] += path.converted + path.lost
        moves.setdefault(path.campaigns[-1], Counter()).update(
            {"won": path.converted, "lost": path.lost}
        )
    rng = np.random.default_rng(1)

    def won(without: str | None, walks: int = 6_000) -> float:
        count = 0
        for _ in range(walks):
            here = "start"
            while here not in ("won", "lost") and here != without:
                names = list(moves[here])
                weights = np.array([moves[here][name] for name in names], dtype=float)
                here = names[rng.choice(len(names), p=weights / weights.sum())]
            count += here == "won"
        return count / walks

    base = won(None)
    effects = {name: base - won(name) for name in ("ads", "mail", "social")}
    shares = {name: 22 * each / sum(effects.values()) for name, each in effects.items()}
    assert attribute(PATHS)["data_driven"].to_dict() == pytest.approx(shares, abs=0.7)
