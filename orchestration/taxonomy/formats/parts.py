"""What every format shares: what was read, what was lost, keys of events, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.model import Event, Taxonomy, version_key

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
FIRST_VERSION = "1.0.0"


@dataclass(frozen=True)
class Dropped:
    """Something one side says that the other does not take over.

    `at` is the place in an event as the dictionary writes it, or in the whole dictionary where
    `event` is None. `kept` is what stands there instead, None for nothing.
    """

    event: str | None
    at: Place
    note: str = ""
    kept: JsonValue = None

    @property
    def what(self) -> str:
        """The place, and what became of it, in one line."""
        instead = "" if self.kept is None else f"becomes {json.dumps(self.kept, default=str)}"
        place = ".".join(map(str, self.at)) or "the whole event"
        said = "; ".join(part for part in (instead, self.note) if part)
        return f"{place}: {said}" if said else place

    def to_json(self) -> dict[str, Any]:
        """The event and what of it was dropped."""
        return {"event": self.event, "what": self.what}


@dataclass(frozen=True)
class Imported:
    """A dictionary read from another format, and what it has no place for."""

    taxonomy: Taxonomy
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class Files:
    """What an export writes: the text of each file.

    `renamed` are the events that the format cannot call by their name.
    """

    texts: Mapping[Path, str]
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """A format of tracking plans. The first of `variants` is written where none is asked for."""

    title: str
    read: Callable[[Path], Imported]
    write: Callable[[Taxonomy, Path, str], Files]
    variants: tuple[str, ...]


@dataclass
class Reading:
    """Collects what is dropped while one event is read, under the format's namespace in `meta`."""

    namespace: str
    dropped: list[Dropped] = field(default_factory=list)

    def drop(self, at: Place, note: str = "") -> None:
        """Something at this place of the event is not taken over."""
        self.dropped.append(Dropped(None, at, note))


@dataclass(frozen=True)
class Draft:
    """An event as read: its name in the format, keys it may have, plainest first, and its fields.

    `rank` orders who chooses a key first. `dropped` get their event when the key is chosen.
    """

    name: str
    keys: tuple[str, ...]
    fields: Mapping[str, Any]
    rank: tuple[Any, ...] = ()
    dropped: Sequence[Dropped] = ()


def settle(model: type[Model], fields: Mapping[str, Any]) -> tuple[Model, list[str]]:
    """The model from the fields it accepts, and the names of those it does not."""
    kept = dict(fields)
    refused: list[str] = []
    while True:
        try:
            return model.model_validate(kept, strict=True), refused
        except ValidationError as error:
            wrong = [name for name in _offending(error) if name in kept]
            if not wrong:
                raise
            for name in dict.fromkeys(wrong):
                del kept[name]
                refused.append(name)


def _offending(error: ValidationError) -> Iterable[str]:
    for detail in error.errors(include_url=False):
        place = detail["loc"]
        for problem in detail.get("ctx", {}).get("problems", [None]):
            whole = (*place, *(problem.at if problem is not None else ()))
            yield str(whole[0]) if whole else ""


def gather(
    drafts: Sequence[Draft],
    namespace: str,
    *,
    meta: Mapping[str, Any] | None = None,
    version: str | None = None,
    dropped: Sequence[Dropped] = (),
) -> Imported:
    """The dictionary of some drafts; each is proposed, whatever its plan says of it.

    Events of one name keep apart: the one that ranks first has the name as key, the others a longer
    one, with the name in `meta`. Raises ConfigurationError where there is no draft.
    """
    if not drafts:
        raise ConfigurationError("holds no event, so there is nothing to import")
    lost = list(dropped)
    events: dict[str, Event] = {}
    for draft, key in zip(drafts, _keys(drafts), strict=True):
        fields = {"status": "proposed", **draft.fields}
        if key != draft.name:
            own = {"name": draft.name, **fields.get("meta", {}).get(namespace, {})}
            fields["meta"] = {**fields.get("meta", {}), namespace: own}
        event, refused = settle(Event, {k: v for k, v in fields.items() if v not in (None, "")})
        lost += [replace(each, event=key) for each in draft.dropped]
        lost += [Dropped(key, (name,), "not in the form the dictionary needs") for name in refused]
        events[key] = event
    newest = max((event.since_version for event in events.values()), key=version_key)
    taxonomy = Taxonomy(
        version=max(version or newest, newest, key=version_key),
        events=events,
        meta={namespace: dict(meta)} if meta else {},
    )
    return Imported(taxonomy, tuple(lost))


def _keys(drafts: Sequence[Draft]) -> list[str]:
    """A key for each draft, all different, the same whatever their order in the file."""
    chosen: dict[int, str] = {}
    taken: set[str] = set()
    for number in sorted(range(len(drafts)), key=lambda n: drafts[n].rank):
        wanted = drafts[number].keys if drafts[number].keys[0] else ("unnamed",)
        key = next((key for key in wanted if key not in taken), None)
        count = 2
        while key is None:
            longer = f"{wanted[-1]} ({count})"
            key = None if longer in taken else longer
            count += 1
        chosen[number] = key
        taken.add(key)
    return [chosen[number] for number in range(len(drafts))]


def own_meta(part: Any, namespace: str) -> dict[str, Any]:
    """What `meta` of an event, a property or the dictionary keeps for a format."""
    value = part.meta.get(namespace)
    return dict(value) if isinstance(value, dict) else {}


def native_name(key: str, event: Event, namespace: str) -> str:
    """What a format calls an event: its own name for it where it is known, else the key."""
    return str(own_meta(event, namespace).get("name", key))


def major_version(value: Any) -> str | None:
    """A whole number of a plan as a version, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return f"{int(text)}.0.0" if text.isdecimal() and text.isascii() else None


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that say something."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def text_list(value: Any) -> list[str] | None:
    """A list of non-empty texts, None for anything else."""
    is_one = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    return list(value) if is_one else None
