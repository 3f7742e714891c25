"""Accepted suggestions as a change of `taxonomy.yaml`: its new text, and a patch to review."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.suggestion.suggesting import Arrival
from orchestration.taxonomy.suggestion.words import words
from orchestration.taxonomy.writing import edit

_NO_NEWLINE = "\n\\ No newline at end of file\n"


def new_event_name(taxonomy: Taxonomy, name: str) -> str | None:
    """What a new event for a name would be called; None where the dictionary has that name."""
    proposed = "_".join(words(name)) or name
    return None if proposed in taxonomy.events else proposed


def patched(
    text: str,
    taxonomy: Taxonomy,
    mapped: Iterable[tuple[Arrival, str]],
    new: Iterable[tuple[Arrival, str]] = (),
) -> str:
    """The dictionary's text with each arrival as an alias of its event, comments kept.

    `mapped` are arrivals with events of the dictionary, `new` such with names of new events, which
    become proposed: they map nothing until a person completes them.
    """
    changes: dict[tuple[str | int, ...], Any] = {}
    added: dict[tuple[str, str], list[str]] = {}
    for arrival, event in mapped:
        added.setdefault((event, arrival.source), []).append(arrival.name)
    for (event, source), names in sorted(added.items()):
        at = ("events", event, "aliases", source)
        there = len(taxonomy.events[event].aliases.get(source, ()))
        if there:
            changes |= {(*at, there + number): name for number, name in enumerate(sorted(names))}
        else:
            changes[at] = sorted(names)
    proposed: dict[str, dict[str, list[str]]] = {}
    for arrival, event in new:
        proposed.setdefault(event, {}).setdefault(arrival.source, []).append(arrival.name)
    for event, sources in sorted(proposed.items()):
        aliases: Mapping[str, list[str]] = {key: sorted(sources[key]) for key in sorted(sources)}
        changes["events", event] = {"status": "proposed", "aliases": dict(aliases)}
    return edit(text, changes) if changes else text


def unified(path: Path, before: str, after: str) -> str:
    """The change as a unified diff for `patch -p0`; empty where nothing changes."""
    shown = os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), shown, shown
    )
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in lines)
