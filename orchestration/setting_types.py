"""What settings are made of: durations, time zones, paths beside their file, counts and shares."""

import re
import zoneinfo
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from orchestration.yaml_models import refuse, unknown

_UNIT_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """Read `7d`, `12h`, `30m` or `45s`, a whole number over zero. Raises ValueError otherwise."""
    found = re.fullmatch(r"([0-9]{1,6})([dhms])", text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"'{text}' is no duration; write it like 7d, 12h, 30m or 45s")
    return timedelta(seconds=int(found[1]) * _UNIT_SECONDS[found[2]])


def format_duration(duration: timedelta) -> str:
    """Write a duration of whole seconds in its largest whole unit: the reverse of the parser."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in _UNIT_SECONDS.items() if seconds % size == 0)
    return f"{seconds // _UNIT_SECONDS[unit]}{unit}"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    expanded = path.expanduser()
    return expanded if folder is None else (folder / expanded).resolve()


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # walks some 600 files


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise refuse(unknown("time zone", name, _zones()))
    return name


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise refuse(str(error)) from None


ConfiguredPath = Annotated[Path, AfterValidator(_beside_the_file)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """Frozen settings; a key nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
