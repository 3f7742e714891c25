"""What changed between two dictionaries, what it breaks, and the version the later one must have.

Versions are semantic (semver.org 2.0.0), seen from those who send records and who read the tables:
major where records or queries that were right no longer are, minor where more is possible, patch
where only words changed. `version` and `since_version` are what is to be told, so no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

from orchestration.taxonomy.diff_properties import Impact, Shift, modes_between, rules_between
from orchestration.taxonomy.model import DEFAULTS, Alias, Event, Taxonomy, version_key
from orchestration.taxonomy.properties import Mode, ViolationKind
from orchestration.taxonomy.writing import to_document

Bump = Literal["none", "patch", "minor", "major"]
_BUMPS: Mapping[Impact, Bump] = {"text": "patch", "compatible": "minor", "breaking": "major"}
_WORDS = (
    *("description", "display_name", "owner", "objective", "kpi", "tags", "meta"),
    *("critical_in", "replaced_by"),
)


@dataclass(frozen=True)
class Change:
    """One difference. `path` is its place in dots; `event` is None outside of events.

    `before` and `after` are JSON values, None where there is nothing. `reason` says why the change
    has this impact.
    """

    event: str | None
    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any
    impact: Impact
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return asdict(self)


def diff(old: Taxonomy, new: Taxonomy) -> list[Change]:
    """The changes from `old` to `new`: the dictionary's own, then event by event."""
    found = [*_of_whole(old, new)]
    for name in dict.fromkeys((*old.events, *new.events)):
        if name not in new.events:
            found.append(_gone(name, old.events[name]))
        elif name not in old.events:
            came = _brief(new.events[name])
            found.append(
                Change(name, f"events.{name}", "added", None, came, "compatible", "a new event")
            )
        else:
            found += _of_event(name, old, new)
    return found


def bump_of(changes: Iterable[Change]) -> Bump:
    """The greatest bump that any of the changes asks for."""
    order = get_args(Bump)
    return max((_BUMPS[each.impact] for each in changes), key=order.index, default="none")


def next_version(version: str, bump: Bump) -> str:
    """The lowest version after `version` that says `bump`."""
    major, minor, patch = version_key(version)
    raised = {
        "none": (major, minor, patch),
        "patch": (major, minor, patch + 1),
        "minor": (major, minor + 1, 0),
        "major": (major + 1, 0, 0),
    }
    return ".".join(map(str, raised[bump]))


def bumped(
    old: Taxonomy, new: Taxonomy, changes: Sequence[Change]
) -> dict[tuple[str | int, ...], Any]:
    """The edits by which `new` tells its changes: `version`, and `since_version` of changed events.

    New wording leaves `since_version`: the warehouse keeps it with every record of the event.
    """
    right = max(new.version, next_version(old.version, bump_of(changes)), key=version_key)
    edits: dict[tuple[str | int, ...], Any] = {}
    if right != new.version:
        edits["version",] = right
    redefined = {each.event for each in changes if each.event and each.impact != "text"}
    for name, event in new.events.items():
        is_told = version_key(event.since_version) > version_key(old.version)
        if name in redefined and not is_told:
            edits["events", name, "since_version"] = right
    return edits


def _of_whole(old: Taxonomy, new: Taxonomy) -> Iterator[Change]:
    """Groups are compared in the events that have them; a group itself changes nothing."""
    for key in ("naming", "meta"):
        before, after = (to_document(each).get(key) for each in (old, new))
        if before != after:
            yield _change(None, Shift((key,), before, after, "text", "no record is judged by it"))
    for group in dict.fromkeys((*old.property_groups, *new.property_groups)):
        before, after = (
            {name: to_document(rule) for name, rule in each.property_groups[group].items()}
            if group in each.property_groups
            else None
            for each in (old, new)
        )
        if before != after:
            reason = "what it changes is told of the events that have it"
            if before is None or after is None:
                before, after = (None if each is None else sorted(each) for each in (before, after))
            yield _change(None, Shift(("property_groups", group), before, after, "text", reason))
    for shift in modes_between(old.enforcement, new.enforcement, (DEFAULTS, DEFAULTS)):
        yield _change(None, shift)


def _gone(name: str, event: Event) -> Change:
    impact: Impact = "breaking" if event.maps else "compatible"
    reason = "what arrives under its names is unmapped" if event.maps else "it mapped nothing"
    return Change(name, f"events.{name}", "removed", _brief(event), None, impact, reason)


def _brief(event: Event) -> dict[str, Any]:
    """What tells an event that came or went."""
    return {"kind": event.kind, "status": event.status, "description": event.description}


def _of_event(name: str, old: Taxonomy, new: Taxonomy) -> Iterator[Change]:
    before, after = old.events[name], new.events[name]
    modes = _modes(old, name), _modes(new, name)
    shifts = [
        *_words(before, after),
        *_status(before, after),
        *_aliases(before, after, _meanings(new), name),
        *_primary(before, after),
        *_authority(before, after),
        *modes_between(before.enforcement, after.enforcement, modes),
        *rules_between(("properties",), old.rules_of(name), new.rules_of(name), modes),
    ]
    if before.property_groups != after.property_groups:
        reason = "what it changes is told of the properties"
        shifts.append(
            Shift(
                ("property_groups",), before.property_groups, after.property_groups, "text", reason
            )
        )
    for shift in shifts:
        if not before.maps and shift.impact == "breaking":
            shift = replace(shift, impact="compatible", reason="it mapped nothing before")
        yield _change(name, shift)


def _modes(taxonomy: Taxonomy, name: str) -> dict[ViolationKind, Mode]:
    """What is done about each kind of violation of an event, wherever that is said."""
    return {kind: taxonomy.mode(name, kind) for kind in DEFAULTS}


def _change(event: str | None, shift: Shift) -> Change:
    path = ".".join((*(("events", event) if event is not None else ()), *shift.at))
    kind: Literal["added", "removed", "changed"] = "changed"
    if shift.before is None:
        kind = "added"
    elif shift.after is None:
        kind = "removed"
    return Change(event, path, kind, shift.before, shift.after, shift.impact, shift.reason)


def _words(before: Event, after: Event) -> Iterator[Shift]:
    one, other = to_document(before), to_document(after)
    for key in _WORDS:
        if one.get(key) != other.get(key):
            yield Shift((key,), one.get(key), other.get(key), "text", "for people only")
    if before.stage != after.stage:
        reason = "tables group it otherwise"
        yield Shift(("stage",), before.stage, after.stage, "compatible", reason)
    if before.kind != after.kind:
        reason = "it counts among other events than before"
        yield Shift(("kind",), before.kind, after.kind, "breaking", reason)


def _status(before: Event, after: Event) -> Iterator[Shift]:
    if before.status != after.status:
        impact: Impact = "breaking" if after.status in ("proposed", "retired") else "compatible"
        reason = {
            "proposed": "what arrives under its names is unmapped",
            "retired": "what still arrives is a violation",
            "deprecated": "it still maps; use another from now on",
            "active": "what arrives under its names is this event",
        }[after.status]
        yield Shift(("status",), before.status, after.status, impact, reason)
    if before.deprecated_on != after.deprecated_on:
        yield Shift(
            ("deprecated_on",),
            _day(before.deprecated_on),
            _day(after.deprecated_on),
            "compatible",
            "it still maps",
        )
    one, other = before.retired_on, after.retired_on
    if one != other:
        is_sooner = other is not None and (one is None or other < one)
        reason = "records are violations sooner" if is_sooner else "records are allowed longer"
        yield Shift(
            ("retired_on",),
            _day(one),
            _day(other),
            "breaking" if is_sooner else "compatible",
            reason,
        )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _meanings(taxonomy: Taxonomy) -> dict[tuple[str, str], str]:
    """What a name of a source means, for the reason of a removed alias."""
    return {
        (source, alias.name): name
        for name, event in taxonomy.events.items()
        if event.maps
        for source, aliases in event.aliases.items()
        for alias in aliases
    }


def _aliases(
    before: Event, after: Event, meanings: Mapping[tuple[str, str], str], name: str
) -> Iterator[Shift]:
    """Aliases that came or went; of one name whose days or conditions changed, both at once."""
    for source in dict.fromkeys((*before.aliases, *after.aliases)):
        old, new = before.aliases.get(source, []), after.aliases.get(source, [])
        gone = [each for each in old if each not in new]
        came = [each for each in new if each not in old]
        for word in dict.fromkeys(each.name for each in (*gone, *came)):
            left = [each for each in gone if each.name == word]
            added = [each for each in came if each.name == word]
            is_kept = all(any(_covers(wide, each) for wide in new) for each in left)
            impact: Impact = "compatible" if is_kept else "breaking"
            if not left:
                reason = "a name more maps"
            elif is_kept:
                reason = "it maps on more days or records"
            elif (other := meanings.get((source, word))) not in (None, name):
                reason = f"the name now means {other}"
            else:
                reason = "records of that name no longer map, or not all"
            yield Shift(("aliases", source, word), _written(left), _written(added), impact, reason)


def _written(aliases: Sequence[Alias]) -> Any:
    """Aliases of one name, each as it stands in the file; None for none."""
    documents = [to_document(each) for each in aliases]
    return documents or None


def _covers(wide: Alias, alias: Alias) -> bool:
    """Whether every record that meets `alias` meets `wide`."""
    return (
        wide.name == alias.name
        and (wide.start is None or (alias.start is not None and wide.start <= alias.start))
        and (wide.until is None or (alias.until is not None and alias.until <= wide.until))
        and all(
            key in alias.when and {*map(repr, alias.wanted(key))} <= {*map(repr, wide.wanted(key))}
            for key in wide.when
        )
    )


def _primary(before: Event, after: Event) -> Iterator[Shift]:
    for source in dict.fromkeys((*before.primary, *after.primary)):
        one, other = (
            to_document(each.primary[source]) if source in each.primary else None
            for each in (before, after)
        )
        if one != other:
            reason = "another source counts on some days, so figures change"
            yield Shift(("primary", source), one, other, "breaking", reason)


def _authority(before: Event, after: Event) -> Iterator[Shift]:
    one, other = (to_document(each).get("authority") for each in (before, after))
    if one != other:
        reason = "its conversions are counted from elsewhere, so figures change"
        yield Shift(("authority",), one, other, "breaking", reason)
