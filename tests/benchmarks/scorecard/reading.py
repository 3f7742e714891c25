"""Reads written exports back, by the vendors' formats and nothing of the laboratory's code."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Record:
    name: str
    at: datetime  # UTC
    id: str
    user: str | None = None
    device: str | None = None
    platform: str | None = None
    version: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


def read(source: str, files: dict[str, bytes]) -> list[Record]:
    """Every record of a source's files. Raises what reading a broken file raises."""
    readers = {
        "amplitude_app": _amplitude,
        "mixpanel_app": _mixpanel,
        "segment_shop": _segment,
        "shop_log": _shop,
        "adobe_web": _adobe,
        "typeform_survey": _typeform,
    }
    return [record for data in _data(source, files) for record in readers[source](data)]


def _data(source: str, files: dict[str, bytes]) -> Iterator[bytes]:
    for name, data in sorted(files.items()):
        if source != "adobe_web" or ".tsv" in name:
            yield data


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    for line in gzip.decompress(data).splitlines():
        yield json.loads(line)


def _amplitude(data: bytes) -> Iterator[Record]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            for each in _lines(archive.read(member)):
                yield Record(
                    each["event_type"],
                    datetime.fromisoformat(each["event_time"]).replace(tzinfo=UTC),
                    each["$insert_id"],
                    each["user_id"],
                    each["device_id"],
                    each["platform"].lower(),
                    each.get("version_name"),
                    each["event_properties"],
                )


def _mixpanel(data: bytes) -> Iterator[Record]:
    for each in _lines(data):
        told = each["properties"]
        yield Record(
            each["event"],
            datetime.fromtimestamp(told["time"], UTC),
            told["$insert_id"],
            told.get("$user_id"),
            told["$device_id"],
            told["platform"],
            told["$app_version_string"],
            {k: v for k, v in told.items() if not k.startswith(("$", "mp_"))},
        )


def _segment(data: bytes) -> Iterator[Record]:
    for each in _lines(data):
        yield Record(
            each["event"],
            datetime.fromisoformat(each["timestamp"]),
            each["messageId"],
            each["userId"],
            each["anonymousId"],
            each["context"]["device"]["type"],
            each["context"]["app"]["version"],
            each["properties"],
        )


def _shop(data: bytes) -> Iterator[Record]:
    for each in csv.DictReader(io.StringIO(data.decode())):
        wall = datetime.fromisoformat(each["timestamp"]).replace(tzinfo=NEW_YORK)
        yield Record(
            each["event"],
            wall.astimezone(UTC),
            each["id"],
            each["user_id"] or None,
            None,
            each["platform"],
            None,
            {"amount": each["amount"]},
        )


def _adobe(data: bytes) -> Iterator[Record]:
    for line in gzip.decompress(data).decode().splitlines():
        cells = line.split("\t")
        yield Record(
            cells[15],
            datetime.fromtimestamp(int(cells[8]), UTC),
            f"{cells[0]}-{cells[1]}",
            cells[18] or None,
            f"{cells[2]}-{cells[3]}",
        )


def _typeform(data: bytes) -> Iterator[Record]:
    for each in csv.DictReader(io.StringIO(data.decode())):
        answers = list(each.values())
        yield Record(
            "response",
            datetime.fromisoformat(each["Submit Date (UTC)"]).replace(tzinfo=UTC),
            each["#"],
            each["user_id"],
            each["Network ID"],
            properties={"nps": int(answers[1]), "ease": int(answers[2])},
        )
