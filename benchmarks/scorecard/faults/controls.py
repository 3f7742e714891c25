"""Weeks in which nothing is wrong: what they raise is a false alarm."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pandas as pd

from benchmarks.scorecard.faults.base import Fault, Moment
from benchmarks.scorecard.sources import ALL_SOURCES, MIXPANEL, SEGMENT
from benchmarks.scorecard.vendors import Files, packed
from benchmarks.scorecard.world import FIRST_BAD_DAY, Push, World

_control = partial(Fault, family="control")


def _day(number: int) -> date:
    return FIRST_BAD_DAY + timedelta(days=number)


def _campaign(world: World) -> World:
    push = Push("winter promotion", _day(1), _day(3), 1.5)
    return replace(world, campaigns=(*world.campaigns, push))


def _holiday(world: World) -> World:
    return replace(world, holidays=(*world.holidays, Push("Veterans Day", _day(2), _day(2), 0.7)))


def _release(world: World) -> World:
    return replace(world, releases=(*world.releases, ("5.3.0", _day(1))))


def _lines(files: Files) -> tuple[str, list[bytes]]:
    [(name, data)] = files.items()
    return name, gzip.decompress(data).splitlines(keepends=True)


def _reordered(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    name, lines = _lines(files)
    order = moment.rng().permutation(len(lines))
    return {name: packed(b"".join(lines[place] for place in order))}


def _split(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    name, lines = _lines(files)
    parts = [lines[: len(lines) // 3], lines[len(lines) // 3 :]]
    return {
        name.replace("part-0000", f"part-{number:04d}"): packed(b"".join(part))
        for number, part in enumerate(parts)
    }


def _again(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    [(name, data)] = files.items()
    return {name: data, f"again/{name}": data}


FAULTS = (
    _control(name="clean_week", sources=(), what="a week like those before"),
    _control(
        name="known_campaign",
        sources=ALL_SOURCES,
        what="a campaign of the company's calendar",
        world=_campaign,
    ),
    _control(
        name="known_holiday",
        sources=ALL_SOURCES,
        what="a public holiday of the company's calendar",
        world=_holiday,
    ),
    _control(
        name="planned_release",
        sources=ALL_SOURCES,
        what="a new version that people adopt",
        world=_release,
    ),
    _control(
        name="reordered_export",
        sources=(MIXPANEL,),
        what="the same rows in another order",
        files=_reordered,
    ),
    _control(
        name="split_differently",
        sources=(SEGMENT,),
        what="a day in two files instead of one",
        files=_split,
    ),
    _control(
        name="identical_again",
        sources=(MIXPANEL,),
        what="a file of the same content under another name",
        files=_again,
    ),
)
