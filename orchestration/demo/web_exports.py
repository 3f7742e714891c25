"""The website's and the shop's tools: Adobe's data feed and Segment's logs.

Adobe: a day of the suite's clock is one delivery of data file, lookups and manifest. Segment: one
gzip of JSON lines for each UTC day of receipt, below a folder named by its milliseconds.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
from isal import igzip

from orchestration.demo import lines, story
from orchestration.demo.clocks import utc_offset
from orchestration.demo.exports import LEVEL, Columns, date_of, each_file, ints
from orchestration.demo.faults import EXCLUDED
from orchestration.demo.story import DAY, SECOND
from orchestration.demo.world import People, email_of, stream

SEGMENT_SOURCE = "8FzVzNj3Tq"


def _stamp(column: str) -> str:
    return f"strftime(make_timestamp(({column}) * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')"


# a browser's clock is off by `skew_ms`; Segment corrects what it reports by it
SEGMENT_LINE = f"""
select concat(
    '{{"anonymousId":"', device_id, '","channel":"browser","context":{{"library":',
    '{{"name":"analytics.js","version":"2.11.1"}},"locale":"en-US"}},',
    case when is_identify then concat('"traits":{{"email":"', email, '"}},"type":"identify"')
        else concat('"event":"', event, '","properties":{{"currency":"USD"}},"type":"track"') end,
    ',"integrations":{{}},"messageId":"ajs-next-', left(md5(concat(salt, '|', act)), 32),
    '","originalTimestamp":"', {_stamp("at_ms + skew_ms")},
    '","receivedAt":"', {_stamp("received_ms")},
    '","sentAt":"', {_stamp("received_ms + skew_ms")},
    '","timestamp":"', {_stamp("at_ms")},
    '","userId":', user_json, ',"version":2,"writeKey":"demo-write-key"}}', chr(10)) as line
from rows
"""


def write_segment(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """`segment-logs/<source>/<day in milliseconds>/<part>.gz`."""
    salt = f"{seed}|segment"
    devices = lines.device_ids(2 * len(crowd), salt)
    users = lines.quoted(crowd.user_ids)
    emails = [email_of(person) for person in range(len(crowd))]
    skew = stream(seed, "segment clocks").integers(-300 * SECOND, 300 * SECOND, len(crowd))

    def write(day: int, part: pd.DataFrame) -> None:
        person = ints(part, "person")
        columns: Columns = {
            "salt": lines.pick([salt], np.zeros(len(part), np.int64)),
            "act": ints(part, "act"),
            "device_id": lines.pick(devices, ints(part, "device")),
            "user_json": lines.pick(users, ints(part, "user")),
            "email": lines.pick(emails, person),
            "event": lines.pick(story.SEGMENT_NAMES, ints(part, "event")),
            "is_identify": (ints(part, "event") == story.IDENTIFY).astype(np.int64),
            "at_ms": ints(part, "at_ms"),
            "received_ms": ints(part, "received_ms"),
            "skew_ms": skew[person],
        }
        place = folder / "segment-logs" / SEGMENT_SOURCE / str(day * DAY)
        place.mkdir(parents=True)
        data = lines.join(lines.render(SEGMENT_LINE, columns))
        (place / "part-0000.gz").write_bytes(igzip.compress(data, LEVEL, mtime=0))

    each_file(rows, "file", write)


HIT_COLUMNS = (
    *("hitid_high", "hitid_low", "post_visid_high", "post_visid_low", "visit_num"),
    *("visit_page_num", "visit_start_time_gmt", "hit_time_gmt", "post_cust_hit_time_gmt"),
    *("date_time", "exclude_hit", "hit_source", "customer_perspective", "duplicate_purchase"),
    *("post_page_event", "post_event_list", "post_pagename", "post_campaign", "post_evar1"),
    *(f"post_evar{number}" for number in range(11, 11 + len(story.ADOBE_EVARS))),
)
HIT = f"""
select concat_ws(chr(9),
    md5_number_upper(concat(salt, '|', act)), md5_number_lower(concat(salt, '|', act)),
    md5_number_lower(concat(salt, '|visitor|', device)), device, 1, abs(act) % 1000 + 1,
    visit_ms // 1000, received_ms // 1000, at_ms // 1000,
    strftime(make_timestamp(wall_ms * 1000), '%Y-%m-%d %H:%M:%S'),
    case when damage = {EXCLUDED} then 4 else 0 end, 1, 0, 0, 0, 200 + event, 'Tax assistant',
    campaign, replace(coalesce(user_id, ''), chr(92), chr(92) || chr(92)), evars) || chr(10) as line
from rows
"""


def write_adobe(folder: Path, rows: pd.DataFrame, crowd: People, seed: int) -> None:
    """For each day the hits, the lookups that name their columns, and the manifest."""
    salt = f"{seed}|adobe"
    variables = _variables()

    def write(day: int, part: pd.DataFrame) -> None:
        at_ms = ints(part, "at_ms")
        columns: Columns = {
            "salt": lines.pick([salt], np.zeros(len(part), np.int64)),
            "act": ints(part, "act"),
            "device": ints(part, "device"),
            "damage": ints(part, "damage"),
            "event": ints(part, "event"),
            "at_ms": at_ms,
            "wall_ms": at_ms + utc_offset(at_ms, story.REPORTING_ZONE),
            "received_ms": ints(part, "received_ms"),
            "visit_ms": ints(part, "visit_ms"),
            "campaign": lines.pick(story.CAMPAIGNS, crowd.campaign[ints(part, "person")]),
            "user_id": lines.pick(crowd.user_ids, ints(part, "user")),
            "evars": lines.pick(variables, ints(part, "event") * 3 + ints(part, "variant")),
        }
        name = f"{story.ADOBE_SUITE}_{date_of(day)}"
        hits = igzip.compress(lines.join(lines.render(HIT, columns)), LEVEL, mtime=0)
        lookups = _lookups()
        (folder / f"01-{name}.tsv.gz").write_bytes(hits)
        (folder / f"{name}-lookup_data.tar.gz").write_bytes(lookups)
        manifest = _manifest(name, lookups, hits, len(part))
        (folder / f"{name}.txt").write_text(manifest, encoding="ascii")

    each_file(rows, "file", write)


def _variables() -> list[str]:
    """For each event three texts, one a variant: the cells of the variables from eVar11 on."""
    return [
        "\t".join(
            event.property_values[variant]
            if event.property_values and event.property_name == name
            else ""
            for name in story.ADOBE_EVARS
        )
        for event in story.EVENTS
        for variant in range(3)
    ]


def _lookups() -> bytes:
    names = "\t".join(HIT_COLUMNS) + "\n"
    events = "".join(f"{200 + n}\t{name}\n" for n, name in enumerate(story.ADOBE_EVENTS))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("column_headers.tsv", names), ("event.tsv", events)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode("ascii")))
    return igzip.compress(packed.getvalue(), LEVEL, mtime=0)


def _manifest(name: str, lookups: bytes, hits: bytes, records: int) -> str:
    def about(kind: str, file: str, data: bytes) -> list[str]:
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return [f"{kind}: {file}", f"MD5-Digest: {digest}", f"File-Size: {len(data)}"]

    return "\n".join(
        [
            "Datafeed-Manifest-Version: 1.0",
            "Lookup-Files: 1",
            "Data-Files: 1",
            f"Total-Records: {records}",
            "",
            *about("Lookup-File", f"{name}-lookup_data.tar.gz", lookups),
            "",
            *about("Data-File", f"01-{name}.tsv.gz", hits),
            f"Record-Count: {records}",
            "",
        ]
    )
