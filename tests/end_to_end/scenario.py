"""A small world that is hard on an incremental build, as deliveries of two vendors.

Late log-ins, shared devices, aliases and merges that arrive late, copies of events in other files,
re-exports that add and lose rows, sessions over midnight and longer than a day, reused insert ids.
"""

import gzip
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2025, 3, 6, tzinfo=UTC)
DAYS = 8

CONFIG = """
home: home
taxonomy: taxonomy.yaml
reporting_timezone: America/New_York
sources:
  mp: {vendor: mixpanel, location: exports/mp, timezone: UTC}
  amp: {vendor: amplitude, location: exports/amp}
funnels:
  short: {steps: [opened, saved, paid], within: 2d}
activation:
  quick: {events: [opened, saved], within: 2d}
activity_cohorts: {within: 1d, outcome_within: 2d, levels: {some: 1, strong: 4}}
waves:
  first: {sources: [mp], from: 2025-03-06, to: 2025-03-08}
"""

TAXONOMY = """
version: 1
events:
  opened: {description: Opened., kind: micro, owner: product, aliases: {mp: [Open]}}
  saved: {description: Saved., kind: micro, owner: product}
  paid:
    description: Paid.
    kind: macro
    owner: finance
    primary: {mp: {until: 2025-03-10}, amp: {from: 2025-03-10}}
"""


@dataclass(frozen=True)
class File:
    """One delivered file; later versions of a name come after earlier ones."""

    source: str
    name: str
    content: bytes


def deliveries(seed: int) -> list[File]:
    """Files of a world drawn from `seed`; the same seed gives the same bytes."""
    draw = random.Random(seed)
    files = []
    for day in range(DAYS):
        lines = [_mixpanel(draw, day) for _ in range(40)]
        lines += draw.choices(lines, k=4)  # copies within the file
        if day in (3, 6):
            lines += [_alias(draw, day), _merge(draw, day)]
        files.append(File("mp", f"{day}.jsonl", _text(lines)))
        amplitude = [_amplitude(draw, day) for _ in range(30)]
        amplitude += draw.choices(amplitude, k=3)
        if day == 5:
            amplitude.append({"amplitude_id": 1, "merged_amplitude_id": 2, "merge_time": _ms(day)})
        files.append(File("amp", f"{day}.json.gz", gzip.compress(_text(amplitude), mtime=0)))
        if day % 3 == 2:  # a re-export of an earlier day: some rows are gone, some are new
            kept = [line for line in lines if draw.random() > 0.1]
            extra = [_mixpanel(draw, day - 1) for _ in range(5)]
            files.append(File("mp", f"{day}.jsonl", _text(kept + extra)))
    overlap = [json.loads(line) for line in files[0].content.decode().splitlines()[:10]]
    files.append(File("mp", "overlap.jsonl", _text(overlap)))
    return files


def _text(lines: list[dict]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _moment(draw: random.Random, day: int) -> datetime:
    # many events lie around midnight in New York (04:00 and 05:00 UTC), some days are unbroken
    if draw.random() < 0.4:
        return START + timedelta(days=day, hours=4.9 + draw.random() / 4)
    if day in (1, 2) and draw.random() < 0.5:
        return START + timedelta(days=day, minutes=20 * draw.randrange(72))
    return START + timedelta(days=day, seconds=draw.randrange(86400))


def _ms(day: int) -> int:
    return int((START + timedelta(days=day)).timestamp() * 1000)


def _who(draw: random.Random, day: int) -> tuple[str, str | None]:
    device = f"d{draw.randrange(12)}"
    logged_in = draw.random() < day / DAYS
    return device, f"u{draw.randrange(8)}" if logged_in else None


def _mixpanel(draw: random.Random, day: int) -> dict:
    device, user = _who(draw, day)
    moment = _moment(draw, day)
    properties = {
        "time": int(moment.timestamp()),
        "distinct_id": user or f"$device:{device}",
        "$device_id": device,
        "$insert_id": f"i{draw.randrange(10_000)}",
        "mp_processing_time_ms": int(moment.timestamp() * 1000) + draw.randrange(5000),
        "n": draw.randrange(3),
    }
    if user:
        properties["$user_id"] = user
    if draw.random() < 0.1:
        del properties["$insert_id"]
    return {
        "event": draw.choice(["Open", "opened", "saved", "paid", "other"]),
        "properties": properties,
    }


def _alias(draw: random.Random, day: int) -> dict:
    moment = int(_moment(draw, day).timestamp())
    ids = {"distinct_id": f"u{draw.randrange(8)}", "alias": f"u{draw.randrange(8)}"}
    return {"event": "$create_alias", "properties": {**ids, "time": moment}}


def _merge(draw: random.Random, day: int) -> dict:
    moment = int(_moment(draw, day).timestamp())
    ids = [f"u{draw.randrange(8)}", f"u{draw.randrange(8)}"]
    return {"event": "$merge", "properties": {"$distinct_ids": ids, "time": moment}}


def _amplitude(draw: random.Random, day: int) -> dict:
    device, user = _who(draw, day)
    moment = _moment(draw, day)
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    received = (moment + timedelta(seconds=draw.randrange(60))).strftime("%Y-%m-%d %H:%M:%S.%f")
    return {
        "event_type": draw.choice(["opened", "saved", "paid", "strange"]),
        "event_time": stamp,
        "server_received_time": received,
        "uuid": f"x{draw.randrange(10**9)}",
        # few ids, so that one is used again within and beyond its seven days
        "$insert_id": f"k{draw.randrange(60)}" if draw.random() < 0.5 else None,
        "device_id": device,
        "user_id": user,
        "amplitude_id": draw.randrange(4) if user is None else None,
        "session_id": -1,
        "platform": draw.choice(["iOS", "Android"]),
        "event_properties": {"n": draw.randrange(3)},
    }
