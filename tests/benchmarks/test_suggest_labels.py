"""The labels of suggestions are sound, and the public plans are judged as well as is said."""

import yaml

from benchmarks.suggest_cases import LABELS, plan_names
from orchestration.taxonomy.suggestion.model import probabilities


def test_no_event_of_the_demo_is_both_fitted_and_held_out() -> None:
    events: dict[str, set[str]] = {"fit": set(), "held_out": set()}
    for labels in yaml.safe_load((LABELS / "demo.yaml").read_text())["cases"].values():
        named = [
            *labels.get("left_out", ()),
            *(event for each in labels.get("removed", {}).values() for event in each),
            *(each["event"] for each in labels.get("renamed", ()) if each["event"]),
            *(event for each in labels.get("natural", {}).values() for event in each.values()),
        ]
        events[labels["split"]] |= set(named)
    assert events["fit"] and events["held_out"]
    assert events["fit"] & events["held_out"] == set()


def test_the_plans_are_labelled_with_events_they_have() -> None:
    for case, labels in yaml.safe_load((LABELS / "plans.yaml").read_text())["cases"].items():
        meant = {event for event, _ in labels["names"].values() if event is not None}
        assert meant <= set(labels["events"]), case


def test_what_is_sure_in_the_plans_is_right_and_half_of_it_is_found() -> None:
    held_out = [each for each in plan_names() if each.split == "held_out"]
    sure = []
    for each in held_out:
        likely = probabilities(each.options)
        best = max(range(len(likely)), key=likely.__getitem__)
        if likely[best] >= 0.9:
            sure.append(each.options[best].event == each.truth)
    assert sum(sure) / len(sure) >= 0.95
    assert sum(sure) / sum(each.truth is not None for each in held_out) >= 0.5
