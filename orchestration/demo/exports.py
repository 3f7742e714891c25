"""Records become files in each vendor's own shape and naming.

Mixpanel: `YYYY-MM-DD.jsonl.gz`, a day of the project's wall clock. Amplitude: one ZIP a UTC day of
upload, with gzipped hours in it. The script: one CSV a week. Typeform: one CSV of responses.
Bytes depend on the records alone: gzip and ZIP stamps are fixed.
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
    extras = _event_properties(leading=",")
    campaigns = [f',"utm_campaign":"{c}"' if c else "" for c in story.CAMPAIGNS]

    def write(day: int, part: pd.DataFrame) -> None:
        columns = _shared_columns(part, crowd, salt, devices, users)
        platform = crowd.platform[_ints(part, "device") % len(crowd)]
        at_ms = _ints(part, "at_ms")
        columns |= {
            "event": lines.pick(story.MIXPANEL_NAMES, _ints(part, "event")),
            "time_s": (at_ms + utc_offset(at_ms, story.MIXPANEL_ZONE)) // SECOND,
            "os": lines.pick(story.MIXPANEL_OS, platform),
            "platform": lines.pick(story.PLATFORMS, platform),
            "lib": lines.pick(("swift", "android", "web"), platform),
            "extra": lines.pick(extras, _property_place(part)),
            "campaign": lines.pick(campaigns, crowd.campaign[_ints(part, "person")]),
        }
        data = lines.join(lines.render(lines.MIXPANEL_LINE, columns))
        torn = bool((part["damage"] == TORN).any())
        packed = torn_gzip(data) if torn else igzip.compress(data, LEVEL, mtime=0)
        (folder / f"{_date(day)}.jsonl.gz").write_bytes(packed)

    _each_file(rows, "file", write)


def write_amplitude(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """One ZIP for each UTC day of upload, named by its first and last hour, both included."""
    salt = f"{seed}|amplitude"
    devices = lines.device_ids(2 * len(crowd), salt, suffix="R")
    users = lines.quoted(crowd.user_ids)
    properties = _event_properties(leading="")
    states = [
        f'"initial_utm_campaign":"{c or "EMPTY"}"' + (f',"utm_campaign":"{c}"' if c else "")
        for c in story.CAMPAIGNS
    ]

    def write(day: int, part: pd.DataFrame) -> None:
        columns = _shared_columns(part, crowd, salt, devices, users)
        platform = crowd.platform[_ints(part, "device") % len(crowd)]
        columns |= {
            "event": lines.pick(story.AMPLITUDE_NAMES, _ints(part, "event")),
            "at_ms": _ints(part, "at_ms"),
            "upload_ms": _ints(part, "received_ms") + UPLOAD_LAG,
            "visit_ms": _ints(part, "visit_ms"),
            "device": _ints(part, "device"),
            "copy": _ints(part, "copy"),
            "os": lines.pick(story.AMPLITUDE_OS, platform),
            "platform": lines.pick(story.AMPLITUDE_PLATFORM, platform),
            "lib": lines.pick(
                ("amplitude-swift/1.9.2", "amplitude-android/1.16.8", "amplitude-ts/2.9.1"),
                platform,
            ),
            "event_properties": lines.pick(properties, _property_place(part)),
            "user_properties": lines.pick(states, crowd.campaign[_ints(part, "person")]),
        }
        last = max(int(part["file"].max()), day * 24 + 23)
        name = f"{_date(day)}T00_{_date(last // 24)}T{last % 24:02d}.zip"
        rendered = lines.render(lines.AMPLITUDE_LINE, columns)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_STORED) as archive:
            members = np.stack([_ints(part, "file"), _ints(part, "partition")])
            edges = np.flatnonzero(np.any(members[:, 1:] != members[:, :-1], axis=0)) + 1
            for begin, end in zip([0, *edges], [*edges, len(part)], strict=True):
                hour, partition = int(members[0, begin]), int(members[1, begin])
                archive.writestr(
                    zipfile.ZipInfo(_member_name(hour, partition), (1980, 1, 1, 0, 0, 0)),
                    igzip.compress(lines.join(rendered[begin:end]), LEVEL, mtime=0),
                )

    _each_file(rows, "archive", write)


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
        person = _ints(part, "person")
        year, week, _ = _date(monday).isocalendar()
        _write_csv(
            folder / f"shop_log_{year}-W{week:02d}.csv",
            query,
            {
                "event": lines.pick(story.SHOP_NAMES, _ints(part, "event")),
                "damage": _ints(part, "damage"),
                "at_ms": _ints(part, "at_ms"),
                "user_id": lines.pick(crowd.user_ids, person),
                "is_order": pa.array(part["event"].to_numpy() == story.CODES["order_paid"]),
                "cents": _ints(part, "cents"),
                "platform": lines.pick(story.PLATFORMS, crowd.platform[person]),
            },
        )

    _each_file(rows, "file", write)


OBSTACLES = ("", "I did not find the upload", "It asked for too much", "Nothing, it went well")
REMARKS = (
    "",
    "Great, thanks!",
    'The "upload" button hides, on my phone',
    "Two things:\n1. slow\n2. no W2, only 1040",
    "Zu viele Schritte, sonst gut \U0001f642",
    '"""',
)


def write_survey(folder: Path, crowd: People, seed: int) -> int:
    """One CSV of responses from some of the account holders; returns their number."""
    rng = stream(seed, "survey")
    accounts = np.flatnonzero(crowd.account)
    count = max(10, len(accounts) // 20)
    person = rng.choice(accounts, count)
    first, last = day_number(date(2025, 4, 1)), day_number(story.LAST_DAY) + 1
    submitted = np.sort(rng.integers(first * 86_400 + 600, last * 86_400, count))
    query = """
        select left(md5(concat(salt, '|', n)), 32) as "#",
            nps as "How likely are you to recommend the tax assistant, from 0 to 10?",
            obstacle as "What got in your way?",
            remark as "Anything else, in your own ""words""?",
            user_id, 'completed' as "Response Type",
            strftime(make_timestamp((at_s - took_s) * 1000000), '%Y-%m-%d %H:%M:%S')
                as "Start Date (UTC)",
            '' as "Stage Date (UTC)",
            strftime(make_timestamp(at_s * 1000000), '%Y-%m-%d %H:%M:%S') as "Submit Date (UTC)",
            left(md5(concat(salt, '|network|', n)), 10) as "Network ID", '' as "Tags"
        from rows"""
    _write_csv(
        folder / "tax_assistant_survey.csv",
        query,
        {
            "salt": lines.pick([f"{seed}|survey"], np.zeros(count, np.int64)),
            "n": np.arange(count),
            "nps": np.minimum(10, rng.binomial(12, 0.7, count)),
            "obstacle": lines.pick(OBSTACLES, rng.integers(0, len(OBSTACLES), count)),
            "remark": lines.pick(REMARKS, rng.integers(0, len(REMARKS), count)),
            "user_id": lines.pick(crowd.user_ids, person),
            "at_s": submitted,
            "took_s": rng.integers(20, 600, count),
        },
    )
    return count


def torn_gzip(data: bytes) -> bytes:
    """`data` gzipped and cut in mid-stream so that all but half of its last line is readable.

    A flush at the cut makes what a reader can get out the same for every inflater.
    """
    last = data.rfind(b"\n", 0, len(data) - 1) + 1
    cut = last + (len(data) - last) // 2
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    head = packer.compress(data[:cut]) + packer.flush(zlib.Z_SYNC_FLUSH)
    return head + (packer.compress(data[cut:]) + packer.flush())[:3]


def _each_file(rows: pd.DataFrame, key: str, write: Callable[[int, pd.DataFrame], None]) -> None:
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
    person = _ints(part, "person")
    city = crowd.city[person]
    days = local_day(_ints(part, "at_ms"))
    version = np.searchsorted([day_number(d) for d in story.VERSION_DAYS], days, side="right")
    version = np.where(crowd.eagerness[person] < 0.5, version, np.minimum(version, 1))
    return {
        "salt": lines.pick([salt], np.zeros(len(part), np.int64)),
        "act": _ints(part, "act"),
        "damage": _ints(part, "damage"),
        "device_id": lines.pick(devices, _ints(part, "device")),
        "user_json": lines.pick(users, _ints(part, "user")),
        "received_ms": _ints(part, "received_ms"),
        "processed_ms": _ints(part, "processed_ms"),
        "city": lines.pick([c for c, _ in story.CITIES], city),
        "region": lines.pick([r for _, r in story.CITIES], city),
        "version": lines.pick(story.VERSIONS, version),
    }


def _event_properties(leading: str) -> list[str]:
    """For each event three texts, one a variant; identity records and drifted names included."""
    plain = [
        [f'{leading}"{e.property_name}":"{v}"' for v in e.property_values]
        if e.property_values
        else ["", "", ""]
        for e in story.EVENTS
    ]
    drifted = plain[story.CODES["tax_reminder_enabled"]]
    return [text for texts in [*plain, drifted, [""] * 3, [""] * 3] for text in texts]


def _property_place(part: pd.DataFrame) -> Ints:
    return _ints(part, "event") * 3 + _ints(part, "variant")


def _write_csv(path: Path, query: str, columns: Columns) -> None:
    with lines.engine() as connection:
        connection.register("rows", pa.table(dict(columns)))
        connection.sql(query).write_csv(str(path), header=True)


def _member_name(hour: int, partition: int) -> str:
    project = story.AMPLITUDE_PROJECT
    return f"{project}/{project}_{_date(hour // 24)}_{hour % 24}#{PARTITIONS[partition]}.json.gz"


def _ints(rows: pd.DataFrame, column: str) -> Ints:
    return rows[column].to_numpy(np.int64)


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)
