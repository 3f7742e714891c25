"""Records become files in each vendor's own shape and naming.

Mixpanel: `YYYY-MM-DD.jsonl.gz`, a day of the project's wall clock. Amplitude: one ZIP a UTC day of
upload, with gzipped hours in it. The script: one CSV a week. Bytes depend on the records alone:
gzip and ZIP stamps are fixed.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from isal import igzip

from orchestration.demo import lines, story
from orchestration.demo.clocks import Ints, local_day, utc_offset
from orchestration.demo.faults import BAD_TIME, NO_TIME, TORN
from orchestration.demo.records import UPLOAD_LAG
from orchestration.demo.story import SECOND, day_number
from orchestration.demo.world import People, stream

LEVEL = 1
PARTITIONS = (118, 7)
Columns = dict[str, pa.Array | Ints]


def write_mixpanel(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """One file for each project-local day; a torn record ends its file in mid-stream."""
    salt = f"{seed}|mixpanel"
    devices = lines.device_ids(2 * len(crowd), salt)
    users = lines.quoted(crowd.user_ids)
    extras = event_properties(leading=",")
    campaigns = [f',"utm_campaign":"{c}"' if c else "" for c in story.CAMPAIGNS]

    def write(day: int, part: pd.DataFrame) -> None:
        columns = _shared_columns(part, crowd, salt, devices, users)
        platform = crowd.platform[ints(part, "device") % len(crowd)]
        at_ms = ints(part, "at_ms")
        columns |= {
            "event": lines.pick(story.MIXPANEL_NAMES, ints(part, "event")),
            "time_s": (at_ms + utc_offset(at_ms, story.MIXPANEL_ZONE)) // SECOND,
            "os": lines.pick(story.MIXPANEL_OS, platform),
            "platform": lines.pick(story.PLATFORMS, platform),
            "lib": lines.pick(("swift", "android", "web"), platform),
            "extra": lines.pick(extras, property_place(part)),
            "campaign": lines.pick(campaigns, crowd.campaign[ints(part, "person")]),
        }
        data = lines.join(lines.render(lines.MIXPANEL_LINE, columns))
        torn = bool((part["damage"] == TORN).any())
        packed = torn_gzip(data) if torn else igzip.compress(data, LEVEL, mtime=0)
        (folder / f"{date_of(day)}.jsonl.gz").write_bytes(packed)

    each_file(rows, "file", write)


def write_amplitude(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """One ZIP for each UTC day of upload, named by its first and last hour, both included."""
    salt = f"{seed}|amplitude"
    devices = lines.device_ids(2 * len(crowd), salt, suffix="R")
    users = lines.quoted(crowd.user_ids)
    properties = event_properties(leading="")
    states = [
        f'"initial_utm_campaign":"{c or "EMPTY"}"' + (f',"utm_campaign":"{c}"' if c else "")
        for c in story.CAMPAIGNS
    ]

    def write(day: int, part: pd.DataFrame) -> None:
        columns = _shared_columns(part, crowd, salt, devices, users)
        platform = crowd.platform[ints(part, "device") % len(crowd)]
        columns |= {
            "event": lines.pick(story.AMPLITUDE_NAMES, ints(part, "event")),
            "at_ms": ints(part, "at_ms"),
            "upload_ms": ints(part, "received_ms") + UPLOAD_LAG,
            "visit_ms": ints(part, "visit_ms"),
            "device": ints(part, "device"),
            "copy": ints(part, "copy"),
            "os": lines.pick(story.AMPLITUDE_OS, platform),
            "platform": lines.pick(story.AMPLITUDE_PLATFORM, platform),
            "lib": lines.pick(
                ("amplitude-swift/1.9.2", "amplitude-android/1.16.8", "amplitude-ts/2.9.1"),
                platform,
            ),
            "event_properties": lines.pick(properties, property_place(part)),
            "user_properties": lines.pick(states, crowd.campaign[ints(part, "person")]),
        }
        last = max(int(part["file"].max()), day * 24 + 23)
        name = f"{date_of(day)}T00_{date_of(last // 24)}T{last % 24:02d}.zip"
        rendered = lines.render(lines.AMPLITUDE_LINE, columns)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_STORED) as archive:
            members = np.stack([ints(part, "file"), ints(part, "partition")])
            edges = np.flatnonzero(np.any(members[:, 1:] != members[:, :-1], axis=0)) + 1
            for begin, end in zip([0, *edges], [*edges, len(part)], strict=True):
                hour, partition = int(members[0, begin]), int(members[1, begin])
                archive.writestr(
                    zipfile.ZipInfo(_member_name(hour, partition), (1980, 1, 1, 0, 0, 0)),
                    igzip.compress(lines.join(rendered[begin:end]), LEVEL, mtime=0),
                )

    each_file(rows, "archive", write)


def write_shop(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """One CSV for each ISO week (UTC), as the script's cron job leaves them behind."""
    query = f"""
        select event, case damage when {NO_TIME} then '' when {BAD_TIME} then 'not a date'
            else strftime(make_timestamp(at_ms * 1000), '%Y-%m-%dT%H:%M:%SZ') end as timestamp,
            user_id, case when is_order then printf('%.2f', cents / 100) end as amount, platform
        from rows"""
    cents = stream(seed, "amounts").lognormal(np.log(3500), 0.5, len(rows)).astype(np.int64)
    rows = rows.assign(cents=cents)

    def write(monday: int, part: pd.DataFrame) -> None:
        person = ints(part, "person")
        year, week, _ = date_of(monday).isocalendar()
        write_csv(
            folder / f"shop_log_{year}-W{week:02d}.csv",
            query,
            {
                "event": lines.pick(story.SHOP_NAMES, ints(part, "event")),
                "damage": ints(part, "damage"),
                "at_ms": ints(part, "at_ms"),
                "user_id": lines.pick(crowd.user_ids, person),
                "is_order": pa.array(part["event"].to_numpy() == story.CODES["order_paid"]),
                "cents": ints(part, "cents"),
                "platform": lines.pick(story.PLATFORMS, crowd.platform[person]),
            },
        )

    each_file(rows, "file", write)


def torn_gzip(data: bytes) -> bytes:
    """`data` gzipped and cut in mid-stream so that all but half of its last line is readable.

    A flush at the cut makes what a reader can get out the same for every inflater.
    """
    last = data.rfind(b"\n", 0, len(data) - 1) + 1
    cut = last + (len(data) - last) // 2
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    head = packer.compress(data[:cut]) + packer.flush(zlib.Z_SYNC_FLUSH)
    return head + (packer.compress(data[cut:]) + packer.flush())[:3]


def each_file(rows: pd.DataFrame, key: str, write: Callable[[int, pd.DataFrame], None]) -> None:
    """Call `write` with each run of equal keys, on as many threads as there are cores."""
    keys = rows[key].to_numpy(np.int64)
    cuts = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    begins, ends = [0, *cuts], [*cuts, len(keys)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [
            pool.submit(write, int(keys[begin]), rows.iloc[begin:end])
            for begin, end in zip(begins, ends, strict=True)
        ]
        for job in jobs:
            job.result()


def _shared_columns(
    part: pd.DataFrame, crowd: People, salt: str, devices: pa.Array, users: pa.Array
) -> Columns:
    """The columns both tools' lines are made of."""
    person = ints(part, "person")
    city = crowd.city[person]
    days = local_day(ints(part, "at_ms"))
    version = np.searchsorted([day_number(d) for d in story.VERSION_DAYS], days, side="right")
    version = np.where(crowd.eagerness[person] < 0.5, version, np.minimum(version, 1))
    return {
        "salt": lines.pick([salt], np.zeros(len(part), np.int64)),
        "act": ints(part, "act"),
        "damage": ints(part, "damage"),
        "device_id": lines.pick(devices, ints(part, "device")),
        "user_json": lines.pick(users, ints(part, "user")),
        "received_ms": ints(part, "received_ms"),
        "processed_ms": ints(part, "processed_ms"),
        "city": lines.pick([c for c, _ in story.CITIES], city),
        "region": lines.pick([r for _, r in story.CITIES], city),
        "version": lines.pick(story.VERSIONS, version),
    }


def event_properties(leading: str) -> list[str]:
    """For each event three texts, one a variant; identity records and drifted names included."""
    plain = [
        [f'{leading}"{e.property_name}":"{v}"' for v in e.property_values]
        if e.property_values
        else ["", "", ""]
        for e in story.EVENTS
    ]
    drifted = plain[story.CODES["tax_reminder_enabled"]]
    return [text for texts in [*plain, drifted, [""] * 3, [""] * 3] for text in texts]


def property_place(part: pd.DataFrame) -> Ints:
    """Where the texts of `event_properties` for each record are."""
    return ints(part, "event") * 3 + ints(part, "variant")


def write_csv(path: Path, query: str, columns: Columns) -> None:
    """Write what `query` makes of `columns` (its table `rows`), with a header."""
    with lines.engine() as connection:
        connection.register("rows", pa.table(dict(columns)))
        connection.sql(query).write_csv(str(path), header=True)


def _member_name(hour: int, partition: int) -> str:
    project = story.AMPLITUDE_PROJECT
    return f"{project}/{project}_{date_of(hour // 24)}_{hour % 24}#{PARTITIONS[partition]}.json.gz"


def ints(rows: pd.DataFrame, column: str) -> Ints:
    """A column as whole numbers."""
    return rows[column].to_numpy(np.int64)


def date_of(day: int) -> date:
    """The date of a day's number."""
    return date(1970, 1, 1) + timedelta(days=day)
