"""How the marts hang together: their keys and what these refer to, as the models' yml says.

A key is a column with a `unique` test, else the columns of `is_unique_together`, else `key` of the
mart's meta. A reference is a `relationships` test, or `refers_to: mart.column` in a column's meta
where the row may be missing: a person of billing who never had an event has none in `dim_persons`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.errors import CannotFinish
from orchestration.pages import render

_REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(frozen=True)
class Reference:
    """What a column refers to; `is_certain` where a test holds that the row is there."""

    mart: str
    column: str
    is_certain: bool


@dataclass(frozen=True)
class KeyColumn:
    """A column that identifies its row, refers to another mart, or is referred to."""

    name: str
    is_key: bool
    refers_to: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Entity:
    """A mart with its key columns alone."""

    name: str
    subject: str
    columns: tuple[KeyColumn, ...]

    def is_one_by(self, column: str) -> bool:
        """Whether the column alone says which row is meant."""
        return [each.name for each in self.columns if each.is_key] == [column]


def entities(models: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Entity]:
    """The entities of models, given as subject and mapping of the yml; in their order.

    Raises CannotFinish for a reference that leads nowhere.
    """
    known = {model["name"]: (subject, model) for subject, model in models}
    keys = {name: _key(model) for name, (_, model) in known.items()}
    references = {
        name: {column["name"]: _references(column) for column in model["columns"]}
        for name, (_, model) in known.items()
    }
    wanted: dict[str, set[str]] = {name: set() for name in known}
    for name, columns in references.items():
        for reference in (each for found in columns.values() for each in found):
            there = {c["name"] for c in known.get(reference.mart, ("", {}))[1].get("columns", ())}
            if reference.column not in there:
                raise CannotFinish(
                    f"{name} refers to {reference.mart}.{reference.column}, which is not there;"
                    " mend its relationships or refers_to"
                )
            wanted[reference.mart].add(reference.column)
    return [
        Entity(
            name,
            subject,
            tuple(
                KeyColumn(column, column in keys[name], found)
                for column, found in references[name].items()
                if column in keys[name] or found or column in wanted[name]
            ),
        )
        for name, (subject, _) in known.items()
    ]


def _key(model: Mapping[str, Any]) -> tuple[str, ...]:
    for column in model["columns"]:
        if "unique" in column.get("data_tests", ()):
            return (str(column["name"]),)
    for test in model.get("data_tests", ()):
        if isinstance(test, Mapping) and "is_unique_together" in test:
            return tuple(test["is_unique_together"]["arguments"]["columns"])
    return tuple(model.get("config", {}).get("meta", {}).get("key", ()))


def _references(column: Mapping[str, Any]) -> tuple[Reference, ...]:
    tested = [
        (test["relationships"]["arguments"], "where" not in test["relationships"].get("config", {}))
        for test in column.get("data_tests", ())
        if isinstance(test, Mapping) and "relationships" in test
    ]
    found = [Reference(_REF.findall(to["to"])[0], to["field"], sure) for to, sure in tested]
    told = column.get("config", {}).get("meta", {}).get("refers_to")
    if told is not None:
        mart, _, field = str(told).partition(".")
        found.append(Reference(mart, field, False))
    return tuple(found)


# --- the picture: a box a mart, columns of boxes from who refers to who is referred to -----------

_CHARACTER, _HEAD, _ROW, _PAD, _GAP, _LANE = 7.3, 30, 22, 10, 22, 76


@dataclass(frozen=True)
class Line:
    """One row of a box: a key column, and where it leads if no line is drawn."""

    y: int
    column: KeyColumn
    leads_to: str


@dataclass(frozen=True)
class Box:
    """A mart's place in the picture of its subject, in pixels."""

    entity: Entity
    x: int
    y: int
    width: int
    height: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Link:
    """A curve between a row and the row it refers to; the feet say how many rows meet there."""

    path: str
    is_certain: bool
    many: tuple[str, ...]
    one: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """One subject: its boxes and links, in a field of `width` by `height` pixels."""

    subject: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]


def pictures(found: Sequence[Entity]) -> list[Picture]:
    """A picture a subject, the one that others refer to most first.

    Lines are drawn between neighbours of one subject only: what leads further is told by name in
    its row, so that no line crosses a box.
    """
    subjects: dict[str, list[Entity]] = {}
    for entity in found:
        subjects.setdefault(entity.subject, []).append(entity)
    home = {entity.name: entity.subject for entity in found}
    led_to = [home[ref.mart] for each in found for c in each.columns for ref in c.refers_to]
    ordered = sorted(subjects, key=lambda subject: (-led_to.count(subject), subject))
    return [_picture(subject, subjects[subject]) for subject in ordered]


def _picture(subject: str, members: Sequence[Entity]) -> Picture:
    by_name = {entity.name: entity for entity in members}
    depth: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in depth:
            depth[name] = 0  # two that refer to each other stand side by side
            below = [
                rank(ref.mart) + 1
                for column in by_name[name].columns
                for ref in column.refers_to
                if ref.mart in by_name and ref.mart != name
            ]
            depth[name] = max(below, default=0)
        return depth[name]

    for entity in members:
        rank(entity.name)
    linked = {
        name
        for entity in members
        for column in entity.columns
        for ref in column.refers_to
        if ref.mart in by_name and depth[entity.name] == depth[ref.mart] + 1
        for name in (entity.name, ref.mart)
    }
    stacks = [
        [each for each in members if each.name in linked and depth[each.name] == level]
        for level in range(max(depth.values()), -1, -1)
    ]
    boxes: list[Box] = []
    left, tallest = _PAD, 0
    for stack in filter(None, stacks):
        placed = _stack(stack, left, _PAD, depth, by_name)
        boxes += placed
        left = max(box.x + box.width for box in placed) + _LANE
        tallest = max(tallest, placed[-1].y + placed[-1].height)
    alone = [each for each in members if each.name not in linked]
    boxes += _grid(alone, max(left - _LANE, 640), tallest + _GAP if tallest else _PAD)
    return Picture(
        subject,
        max(box.x + box.width for box in boxes) + _PAD,
        max(box.y + box.height for box in boxes) + _PAD,
        tuple(boxes),
        tuple(_links(boxes, depth)),
    )


def _stack(
    stack: Sequence[Entity], x: int, y: int, depth: Mapping[str, int], inside: Mapping[str, Entity]
) -> list[Box]:
    """Boxes below each other, as wide as the widest."""

    def is_drawn(entity: Entity, ref: Reference) -> bool:
        return ref.mart in inside and depth[entity.name] == depth[ref.mart] + 1

    placed = []
    width = 0
    for entity in stack:
        lines = tuple(
            Line(
                _HEAD + _ROW * place + _ROW // 2,
                column,
                ", ".join(r.mart for r in column.refers_to if not is_drawn(entity, r)),
            )
            for place, column in enumerate(entity.columns)
        )
        letters = [len(entity.name), *(len(e.column.name) + len(e.leads_to) + 8 for e in lines)]
        width = max(width, round(max(letters) * _CHARACTER) + 2 * _PAD)
        height = _HEAD + _ROW * len(lines) + 6
        placed.append(Box(entity, x, y, 0, height, lines))
        y += height + _GAP
    return [Box(b.entity, b.x, b.y, width, b.height, b.lines) for b in placed]


def _grid(alone: Sequence[Entity], width: int, y: int) -> list[Box]:
    """Boxes that no line leads to, in rows of the given width."""
    placed: list[Box] = []
    x, below = _PAD, y
    for entity in alone:
        (box,) = _stack([entity], x, y, {}, {})
        if x > _PAD and x + box.width > width:
            x, y = _PAD, below + _GAP
            (box,) = _stack([entity], x, y, {}, {})
        placed.append(box)
        x, below = box.x + box.width + _GAP, max(below, box.y + box.height)
    return placed


def _links(boxes: Sequence[Box], depth: Mapping[str, int]) -> Iterable[Link]:
    by_name = {box.entity.name: box for box in boxes}
    for box in boxes:
        for line in box.lines:
            for ref in line.column.refers_to:
                target = by_name.get(ref.mart)
                if target is None or depth[box.entity.name] != depth[ref.mart] + 1:
                    continue
                at = next(each.y for each in target.lines if each.column.name == ref.column)
                x1, y1 = box.x + box.width, box.y + line.y
                x2, y2 = target.x, target.y + at
                middle = (x1 + x2) // 2
                # a foot of three toes where many rows meet, a bar where it is one
                ends = {
                    "start": (_foot(x1, y1, 1), _bar(x1 + 8, y1)),
                    "end": (_foot(x2, y2, -1), _bar(x2 - 8, y2)),
                }
                one_here = box.entity.is_one_by(line.column.name)
                one_there = target.entity.is_one_by(ref.column)
                sides = (("start", one_here), ("end", one_there))
                yield Link(
                    f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}",
                    ref.is_certain,
                    tuple(ends[side][0] for side, is_one in sides if not is_one),
                    tuple(ends[side][1] for side, is_one in sides if is_one),
                )


def _foot(x: int, y: int, towards: int) -> str:
    return f"M{x} {y - 6}L{x + 10 * towards} {y}L{x} {y + 6}"


def _bar(x: int, y: int) -> str:
    return f"M{x} {y - 6}V{y + 6}"


def keys_html(found: Sequence[Entity]) -> str:
    """The page; what comes from files is escaped."""
    return render("keys.html.j2", pictures=pictures(found))
