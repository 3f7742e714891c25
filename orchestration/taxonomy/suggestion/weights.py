"""The weights of the model, as `python -m benchmarks.suggest --fit` printed them on 2026-11-22."""

WEIGHTS = {
    "bias": -2.0,
    "same_letters": 0.621,
    "same_words": 1.038,
    "things_and_verb": 1.222,
    "things": 2.779,
    "same_verb": 3.214,
    "shared_properties": 1.49,
    "twins": 3.282,
    "handover": 2.869,
    "paths": 0.774,
    "hours": 0.0,
    "volume": 1.173,
    "level": 1.573,
    "extra_words": -2.218,
    "missing_words": 0.0,
    "other_verb": -1.079,
    "strange_properties": -0.86,
    "no_twins": -4.096,
    "side_by_side": -4.167,
}
