"""The exports read back one record at a time, by the plainest code: slow, and easy to check."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PACIFIC = ZoneInfo("US/Pacific")
NEW_YORK = ZoneInfo("America/New_York")
REPOSITORY = Path(__file__).parents[3]


@dataclass
class Read:
    fates: Counter[str] = field(default_factory=Counter)
    events: list[dict[str, Any]] = field(default_factory=list)


def taxonomy() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "expectations" / "taxonomy.yaml").read_text())["events"]


def inflate(packed: bytes) -> tuple[bytes, bool]:
    """What can be read of a gzip stream, and whether it came to its end."""
    stream = zlib.decompressobj(31)
    data = stream.decompress(packed) + stream.flush()
    return data, stream.eof


def mixpanel(folder: Path) -> Read:
    read, best = Read(), {}
    for path in sorted(folder.iterdir()):
        data, whole = inflate(path.read_bytes())
        lines = data.split(b"\n")
        tail = lines.pop()
        if not whole:
            read.fates["quarantined"] += 1
        else:
            assert tail == b""
        for line in lines:
            record = parsed(line)
            if record is None or "time" not in record["properties"]:
                read.fates["quarantined"] += 1
                continue
            p = record["properties"]
            if record["event"] == "$identify":
                read.fates["identity"] += 1
                continue
            wall = EPOCH + timedelta(seconds=p["time"])
            assert str(wall.date()) == path.name[:10]
            at = wall.replace(tzinfo=PACIFIC).astimezone(UTC)
            assert timedelta() <= received(p) - at < timedelta(hours=7)
            key = (record["event"], p["distinct_id"], p["time"], p["$insert_id"])
            event = {
                "name": record["event"],
                "at": at,
                "device": p["$device_id"],
                "user": p.get("$user_id"),
                "ingested": p["mp_processing_time_ms"],
            }
            if key in best:
                read.fates["duplicate"] += 1
            if key not in best or best[key]["ingested"] < event["ingested"]:
                best[key] = event
    return finished(read, list(best.values()))


def received(properties: dict[str, Any]) -> datetime:
    return EPOCH + timedelta(milliseconds=properties["$mp_api_timestamp_ms"])


def amplitude(folder: Path) -> Read:
    read, rows = Read(), {}
    for path in sorted(folder.iterdir()):
        archive = zipfile.ZipFile(path)
        assert archive.testzip() is None
        for member in archive.namelist():
            for line in gzip.decompress(archive.read(member)).split(b"\n")[:-1]:
                record = parsed(line)
                if record is None or "event_time" not in record:
                    read.fates["quarantined"] += 1
                    continue
                arrived = stamp(record["server_received_time"])
                if stamp(record["event_time"]) - arrived > timedelta(hours=24):
                    read.fates["quarantined"] += 1
                elif record["event_type"] in ("$identify", "$groupidentify"):
                    read.fates["identity"] += 1
                elif record["uuid"] in rows:
                    assert rows[record["uuid"]] == record
                    read.fates["duplicate"] += 1
                else:
                    rows[record["uuid"]] = record
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for record in sorted(rows.values(), key=lambda r: r["server_received_time"]):
        first = kept.setdefault((record["device_id"], record["$insert_id"]), record)
        if first is not record:
            gap = stamp(record["server_received_time"]) - stamp(first["server_received_time"])
            assert gap < timedelta(days=7)
            read.fates["duplicate"] += 1
    events = [
        {
            "name": r["event_type"],
            "at": stamp(r["event_time"]),
            "device": r["device_id"],
            "user": r["user_id"],
            "version": r["version_name"],
            "platform": r["platform"],
        }
        for r in kept.values()
    ]
    return finished(read, events)


def shop(folder: Path) -> Read:
    read, events = Read(), []
    for path in sorted(folder.iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                try:
                    at = datetime.fromisoformat(row["timestamp"])
                except ValueError:
                    read.fates["quarantined"] += 1
                    continue
                name, user = row["event"], row["user_id"]
                events.append({"name": name, "at": at, "device": None, "user": user})
    return finished(read, events)


def segment(folder: Path) -> Read:
    read, kept = Read(), {}
    for path in sorted(folder.rglob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            record = json.loads(line)
            original, sent, received_at, at = (
                datetime.fromisoformat(record[name])
                for name in ("originalTimestamp", "sentAt", "receivedAt", "timestamp")
            )
            assert at == received_at - (sent - original)
            if record["type"] == "identify":
                read.fates["identity"] += 1
                continue
            first = kept.get(record["messageId"])
            if first is not None:
                read.fates["duplicate"] += 1
            if first is None or received_at < first[0]:
                kept[record["messageId"]] = (received_at, record, at)
    events = [
        {"name": r["event"], "at": at, "device": r["anonymousId"], "user": r["userId"]}
        for _, r, at in kept.values()
    ]
    return finished(read, events)


def adobe(folder: Path) -> Read:
    read, events = Read(), []
    for path in sorted(folder.glob("*.tsv.gz")):
        lookups = path.with_name(path.name[3:].replace(".tsv.gz", "-lookup_data.tar.gz"))
        with tarfile.open(lookups) as archive:
            header = archive.extractfile("column_headers.tsv").read().decode()
        names = header.rstrip("\n").split("\t")
        for line in gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]:
            hit = dict(zip(names, line.split("\t"), strict=True))
            if hit["exclude_hit"] != "0":
                read.fates["filtered"] += 1
                continue
            at = EPOCH + timedelta(seconds=int(hit["post_cust_hit_time_gmt"]))
            assert f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}" == hit["date_time"]
            user = hit["post_evar1"].replace("\\\\", "\\")
            events.append(
                {
                    "name": f"event{int(hit['post_event_list']) - 199}",
                    "at": at,
                    "device": (hit["post_visid_high"], hit["post_visid_low"]),
                    "user": user or None,
                }
            )
    return finished(read, events)


def qualtrics(folder: Path) -> list[dict[str, str]]:
    """Its responses that are no tests, under the names of the first of three header rows."""
    (path,) = folder.iterdir()
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    return [row for row in rows[2:] if row["Status"] == "0"]


def survey(folder: Path) -> list[dict[str, str]]:
    (path,) = folder.iterdir()
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def parsed(line: bytes) -> dict[str, Any] | None:
    try:
        return json.loads(line.decode())
    except (UnicodeDecodeError, json.JSONDecodeError):
        return None


def stamp(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def finished(read: Read, events: list[dict[str, Any]]) -> Read:
    read.events = sorted(events, key=lambda e: (e["at"], e["user"] is None))
    read.fates["loaded"] = len(events)
    return read


def named(source: str, read: Read) -> None:
    """Give each event its canonical name (None: unmapped), whether it counts, and its source."""
    words = taxonomy()
    canonical = {a: n for n, e in words.items() for a in (n, *e["aliases"].get(source, ()))}
    for event in read.events:
        event["source"] = source
        event["canonical"] = canonical.get(event["name"])
        ranges = words.get(event["canonical"], {}).get("primary", {})
        day = event["at"].astimezone(NEW_YORK).date()
        own = ranges.get(source, {})
        event["primary"] = not ranges or (
            source in ranges
            and own.get("from", day) <= day
            and ("until" not in own or day < own["until"])
        )


def give_persons(reads: dict[str, Read]) -> None:
    """Assign anonymous events by each vendor's rule: the first user, or the last one so far."""
    for source, read in reads.items():
        users: dict[str, list[str]] = defaultdict(list)
        for event in read.events:
            if event["user"] is not None:
                users[event["device"]].append(event["user"])
        latest: dict[str, str] = {}
        for event in read.events:
            device = event["device"]
            if event["user"] is not None:
                latest[device] = event["user"]
            first = next(iter(users[device]), None)
            last_owns = source in ("amplitude_app", "adobe_web")
            owner = latest.get(device, first) if last_owns else first
            event["person"] = event["user"] or owner or (source, device)


def session_count(events: list[dict[str, Any]]) -> int:
    count, last, start = 0, {}, {}
    for event in sorted(events, key=lambda e: e["at"]):
        person, at = event["person"], event["at"]
        gap_cut = person not in last or at - last[person] > timedelta(minutes=30)
        if gap_cut or at - start[person] > timedelta(hours=24):
            start[person], count = at, count + 1
        last[person] = at
    return count


def funnel(events: list[dict[str, Any]], steps: list[str], within: timedelta) -> list[int]:
    """Entities a step: every first step is tried, each later step taken as early as can be."""
    timelines = defaultdict(list)
    for event in sorted(events, key=lambda e: e["at"]):
        if event["primary"] and event["canonical"] in steps:
            timelines[event["person"]].append((event["at"], event["canonical"]))
    reached = [0] * len(steps)
    for timeline in timelines.values():
        furthest = 0
        for start in (at for at, name in timeline if name == steps[0]):
            now, depth = start, 1
            for step in steps[1:]:
                later = [a for a, n in timeline if n == step and now <= a <= start + within]
                if not later:
                    break
                now, depth = later[0], depth + 1
            furthest = max(furthest, depth)
        for place in range(furthest):
            reached[place] += 1
    return reached
