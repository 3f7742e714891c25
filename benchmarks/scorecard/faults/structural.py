"""Files that are not what they should be, on the first day alone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.scorecard.faults.base import Fault, Moment
from benchmarks.scorecard.sources import (
    ADOBE,
    AMPLITUDE,
    MIXPANEL,
    SEGMENT,
    SHOP,
    SURVEY,
    rows_of,
)
from benchmarks.scorecard.vendors import Files, files_of, packed

_broken = partial(Fault, family="structural", days=1)

MISSING_HOUR = 14
CUT = 0.6
"""Where a torn file ends."""
LOST_SHARE = 0.1
"""Share of the rows that the re-export lacks."""


def _only(files: Files) -> tuple[str, bytes]:
    [(name, data)] = files.items()
    return name, data


def _truncated(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    name, data = _only(files)
    return {name: data[: int(len(data) * CUT)]}


def _corrupt(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    """Bytes in the middle are overwritten, as by a bad copy: the size stays."""
    name, data = _only(files)
    middle = len(data) // 2
    noise = np.random.default_rng(moment.world.seed).bytes(64)
    return {name: data[:middle] + noise + data[middle + 64 :]}


def _unreadable_lines(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    """Every eighth line is cut in half, as by a log that several processes write."""
    name, data = _only(files)
    lines = gzip.decompress(data).split(b"\n")
    cut = (b[: len(b) // 2] if n % 8 == 3 else b for n, b in enumerate(lines))
    return {name: packed(b"\n".join(cut))}


def _missing_hour(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    name, data = _only(files)
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(content, "w") as new:
        for member in old.infolist():
            if f"_{MISSING_HOUR}#" not in member.filename:
                new.writestr(member, old.read(member))
    return {name: content.getvalue()}


def _other_vendor(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    """The legacy tool's export of the day, in the other tool's folder and under its name."""
    name, _ = _only(files)
    foreign = rows_of(moment.world, MIXPANEL, moment.day)
    _, data = _only(files_of(MIXPANEL, foreign, moment.day))
    return {name.replace(".zip", ".json.gz"): data}


def _lost_rows(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    """The file of the day before comes again with fewer rows; the day's own is as it should be."""
    before = moment.earlier()
    kept = before[moment.rng().random(len(before)) >= LOST_SHARE]
    return files | files_of(moment.source, kept, moment.day - timedelta(days=1))


def _without_column(files: Files, column: str) -> Files:
    name, data = _only(files)
    table = list(csv.reader(io.StringIO(data.decode(), newline="")))
    place = table[0].index(column)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(
        [*row[:place], *row[place + 1 :]] for row in table
    )
    return {name: text.getvalue().encode()}


def _without_key(rows: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    return rows.assign(absent=pd.Series([("version_name",)] * len(rows), dtype=object))


def _cut_by_vendor(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    name, data = _only(files)
    lines = gzip.decompress(data).splitlines(keepends=True)
    return {name: packed(b"".join(lines[: int(len(lines) * CUT)]) + b"terminated early\n")}


def _wrong_manifest(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    told, right = str(len(rows) + 37).encode(), str(len(rows)).encode()
    return {
        name: data.replace(b"Records: " + right, b"Records: " + told).replace(
            b"Record-Count: " + right, b"Record-Count: " + told
        )
        if name.endswith(".txt")
        else data
        for name, data in files.items()
    }


def _text_for_all(files: Files, rows: pd.DataFrame, moment: Moment) -> Files:
    """The export answers with a page that says why there is none."""
    name, _ = _only(files)
    page = {"error": "rate limit exceeded", "request": f"export of {moment.day}", "status": 429}
    return {name: packed(json.dumps(page).encode())}


FAULTS = (
    _broken(
        name="truncated_gzip",
        sources=(MIXPANEL,),
        what="a download that broke off",
        files=_truncated,
    ),
    _broken(
        name="corrupt_bytes",
        sources=(SEGMENT,),
        what="bytes in the middle of a file are others",
        files=_corrupt,
    ),
    _broken(
        name="unreadable_lines",
        sources=(SEGMENT,),
        what="lines that are cut in half",
        files=_unreadable_lines,
    ),
    _broken(
        name="missing_hour",
        sources=(AMPLITUDE,),
        what="an archive lacks one hour",
        hour=MISSING_HOUR,
        files=_missing_hour,
    ),
    _broken(
        name="missing_day",
        sources=(MIXPANEL,),
        what="a day's file never comes",
        files=lambda files, rows, moment: {},
    ),
    _broken(
        name="late_delivery",
        sources=(ADOBE,),
        what="a day's files come a day late",
        late_days=1,
    ),
    _broken(
        name="empty_delivery",
        sources=(SHOP,),
        what="a file with a header and no rows",
        files=lambda files, rows, moment: {
            name: data.split(b"\n", 1)[0] + b"\n" for name, data in files.items()
        },
    ),
    _broken(
        name="zero_byte_file",
        sources=(SURVEY,),
        what="a file of no bytes",
        files=lambda files, rows, moment: dict.fromkeys(files, b""),
    ),
    _broken(
        name="error_page",
        sources=(MIXPANEL,),
        what="the vendor's error message was saved as the export",
        files=_text_for_all,
    ),
    _broken(
        name="other_vendor_file",
        sources=(AMPLITUDE,),
        what="another tool's export lies in the folder",
        files=_other_vendor,
    ),
    _broken(
        name="reexport_lost_rows",
        sources=(MIXPANEL,),
        what="yesterday's file comes again with fewer rows",
        files=_lost_rows,
    ),
    _broken(
        name="column_dropped",
        sources=(SHOP,),
        what="a mapped column is gone",
        segment=("platform",),
        files=lambda files, rows, moment: _without_column(files, "platform"),
    ),
    _broken(
        name="key_dropped",
        sources=(AMPLITUDE,),
        what="a key of every record is gone",
        rows=_without_key,
    ),
    _broken(
        name="lookup_missing",
        sources=(ADOBE,),
        what="the feed comes without its lookups",
        files=lambda files, rows, moment: {
            name: data for name, data in files.items() if "lookup" not in name
        },
    ),
    _broken(
        name="manifest_count_wrong",
        sources=(ADOBE,),
        what="the manifest names more records than came",
        files=_wrong_manifest,
    ),
    _broken(
        name="cut_by_vendor",
        sources=(MIXPANEL,),
        what="the vendor gave up midway and says so in the last line",
        files=_cut_by_vendor,
    ),
    _broken(
        name="zone_setting_wrong",
        sources=(MIXPANEL,),
        what="the source's zone in migration.yaml is wrong",
        days=7,
        settings={MIXPANEL: {"timezone": "US/Pacific"}},
    ),
)
