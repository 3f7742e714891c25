"""What of a dictionary is not in another that was read back from an export of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.taxonomy.formats.parts import Dropped, Place
from orchestration.taxonomy.model import Event, Taxonomy
from orchestration.taxonomy.writing import to_document


def spelled_out(taxonomy: Taxonomy) -> tuple[Taxonomy, list[Dropped]]:
    """The dictionary with shared rules written into each event, and what sharing is lost by that.

    No format has groups of properties, or a rule on further properties for every event.
    """
    closed = taxonomy.enforcement.get("extra_property")
    events: dict[str, Event] = {}
    lost: list[Dropped] = []
    for name, event in taxonomy.events.items():
        enforcement = dict(event.enforcement)
        if closed is not None:
            enforcement.setdefault("extra_property", closed)
        events[name] = event.model_copy(
            update={
                "properties": taxonomy.rules_of(name),
                "property_groups": [],
                "enforcement": enforcement,
            }
        )
        if event.property_groups:
            lost.append(Dropped(name, ("property_groups",), "their properties are the event's own"))
        # An import proposes; that an event is in use goes without saying, that it is no longer not.
        if event.status in ("deprecated", "retired"):
            lost.append(Dropped(name, ("status",), f"{event.status}; a plan read back is proposed"))
    if closed is not None:
        lost.append(Dropped(None, ("enforcement", "extra_property"), "is said of each event"))
    rest = {key: mode for key, mode in taxonomy.enforcement.items() if key != "extra_property"}
    update = {"events": events, "property_groups": {}, "enforcement": rest}
    return taxonomy.model_copy(update=update), lost


def losses(wanted: Taxonomy, found: Taxonomy, renamed: Mapping[str, str]) -> Iterator[Dropped]:
    """Each place at which `found` says less than `wanted`, or something else.

    `renamed` are the events that `found` has by another name.
    """
    for name, event in wanted.events.items():
        other = renamed.get(name, name)
        if other not in found.events:
            yield Dropped(name, (), "is not in the file")
            continue
        if other != name:
            yield Dropped(name, ("name",), "is no name of the format", other)
        yield from _differences(name, (), _document(event), _document(found.events[other]))
    for name in found.events.keys() - {renamed.get(name, name) for name in wanted.events}:
        yield Dropped(name, (), "is read from the file, but not in the dictionary")
    yield from _differences(None, (), _rest(wanted), _rest(found))


def _document(event: Event) -> dict[str, Any]:
    return {key: value for key, value in to_document(event).items() if key != "status"}


def _rest(taxonomy: Taxonomy) -> dict[str, Any]:
    return {key: value for key, value in to_document(taxonomy).items() if key != "events"}


def _differences(event: str | None, at: Place, wanted: Any, found: Any) -> Iterator[Dropped]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            if key not in found and key == "meta":
                yield from _differences(event, (*at, key), value, {})
            elif key not in found:
                yield Dropped(event, (*at, key))
            else:
                yield from _differences(event, (*at, key), value, found[key])
        for key in found.keys() - wanted.keys():
            yield Dropped(event, (*at, key), "is added", found[key])
    elif not _same(wanted, found):
        yield Dropped(event, at, kept=found)


def _same(one: Any, other: Any) -> bool:
    """Equality in JSON: true is not 1, but 1.0 is."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
