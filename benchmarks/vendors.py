"""Landing of every vendor's form against the plain DuckDB read of the same files.

A million generated records a vendor, in four files. Ours keeps the bytes, frames, lifts the
envelope and writes Parquet with the record verbatim; the plain read lets DuckDB parse the files
into columns and writes them as Parquet. Each runs in a process of its own.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.exports import BENCH, REPO
from benchmarks.processes import measure
from orchestration.config import load_migration
from orchestration.landing.arrivals import arrive, land_arrivals
from orchestration.sources import REGISTRY
from orchestration.sql import literal

EVENTS = 1_000_000
FILES = 4
LIMIT = 2.0
LIMITS = {"adobe_analytics": 3.0}
JSON = "read_json({files}, format = 'newline_delimited')"
CSV = "read_csv({files}, all_varchar = true, header = true)"
TSV = (
    "read_csv({files}, delim = '\\t', quote = '', escape = '', header = {header}, "
    "all_varchar = true, max_line_size = 10000000)"
)
Tell = Callable[[str], None]

# what records are made of: n is their number
_AT = "timestamp '2025-03-01' + to_milliseconds(n * 1000)"
_ISO = f"strftime({_AT}, '%Y-%m-%dT%H:%M:%S.000Z')"
_PLAIN = f"strftime({_AT}, '%Y-%m-%d %H:%M:%S')"
_USER = "'user' || n % 5000"
_DEVICE = "md5('device' || n % 9000)"
_ID = "md5('id' || n)"
_BAG = (
    "{'plan': 'gold', 'screen': 'home', 'form_type': '1040', 'step': n % 7, "
    "'price': n % 100 / 4, 'is_new': n % 2 = 0}"
)
_ADOBE_VARIABLES = 250


@dataclass(frozen=True)
class Form:
    """How a vendor writes a record: SQL of its line, what stands before, and how to read it."""

    line: str
    plain: str = JSON
    head: str = ""
    suffix: str = "json"
    settings: Mapping[str, Any] = field(default_factory=dict)


def _object(**members: str) -> str:
    pairs = ", ".join(f"{literal(name)}, {sql}" for name, sql in members.items())
    return f"json_object({pairs})::varchar"


def _tabs(*cells: str) -> str:
    return f"concat_ws(chr(9), {', '.join(cells)})"


def _commas(*cells: str) -> str:
    return f"concat_ws(',', {', '.join(cells)})"


def _segment_like(*, user_id: str) -> str:
    return _object(
        anonymousId=_DEVICE,
        channel="'browser'",
        context="{'library': {'name': 'js', 'version': '2'}, 'locale': 'en-US'}",
        event="'Saved'",
        messageId=_ID,
        originalTimestamp=_ISO,
        properties=_BAG,
        receivedAt=_ISO,
        sentAt=_ISO,
        timestamp=_ISO,
        type="'track'",
        userId=user_id,
    )


FORMS: dict[str, Form] = {
    "mixpanel": Form(
        _object(
            event="'Saved'",
            properties="json_merge_patch(json_object('time', epoch(" + _AT + ")::bigint, "
            f"'distinct_id', {_USER}, '$device_id', {_DEVICE}, '$user_id', {_USER}, "
            f"'$insert_id', {_ID}, '$os', 'iOS'), json({_BAG}))",
        ),
        settings={"timezone": "UTC"},
    ),
    "amplitude": Form(
        _object(
            **{"$insert_id": _ID},
            event_type="'saved'",
            event_time=_PLAIN,
            uuid=_ID,
            user_id=_USER,
            device_id=_DEVICE,
            session_id="-1",
            server_received_time=_PLAIN,
            server_upload_time=_PLAIN,
            platform="'iOS'",
            event_properties=_BAG,
            user_properties="{'plan': 'gold'}",
            app="1",
        )
    ),
    "segment": Form(_segment_like(user_id=_USER)),
    "rudderstack": Form(
        _segment_like(user_id=_USER).replace(
            "json_object(", "json_object('rudderId', 'r' || n % 5000, 'request_ip', '', ", 1
        )
    ),
    "ga4": Form(
        _object(
            event_date="'20250301'",
            event_timestamp=f"(epoch_us({_AT}))::varchar",
            event_name="'saved'",
            event_params="[{'key': 'plan', 'value': {'string_value': 'gold'}},"
            " {'key': 'step', 'value': {'string_value': '3'}}]",
            user_id=_USER,
            user_pseudo_id=_DEVICE,
            stream_id="'1'",
            platform="'WEB'",
            event_bundle_sequence_id="n::varchar",
        )
    ),
    "snowplow": Form(
        _tabs(
            "'app'",
            "'web'",
            *([_PLAIN] * 3),
            "'unstruct'",
            _ID,
            *(["''"] * 5),
            _USER,
            *(["''"] * 2),
            _DEVICE,
            *(["''"] * 115),
        ),
        plain=TSV,
        suffix="tsv",
    ),
    "posthog": Form(
        _object(
            uuid=_ID,
            event="'saved'",
            distinct_id=_USER,
            person_id=_ID,
            properties=_BAG,
            timestamp=_ISO,
            created_at=_ISO,
            elements_chain="''",
        )
    ),
    "adobe_analytics": Form(
        _tabs(
            "n::ubigint + 9223372036854775808::ubigint",
            "n",
            "n % 9000",
            "7",
            *(f"epoch({_AT})::bigint" for _ in range(2)),
            _PLAIN,
            *("0" for _ in range(4)),
            "'200'",
            _USER,
            "'gold'",
            *("''" for _ in range(_ADOBE_VARIABLES - 2)),
        ),
        plain=TSV,
        head="\t".join(
            [
                *("hitid_high", "hitid_low", "post_visid_high", "post_visid_low"),
                *("hit_time_gmt", "post_cust_hit_time_gmt", "date_time", "exclude_hit"),
                *("hit_source", "duplicate_purchase", "post_page_event", "post_event_list"),
                *(f"post_evar{number}" for number in range(1, _ADOBE_VARIABLES + 1)),
            ]
        ),
        suffix="tsv",
        settings={"timezone": "UTC"},
    ),
    "tabular": Form(
        _commas(_ID, "'saved'", _PLAIN, _DEVICE, _USER, "'gold'", "n % 7"),
        plain=CSV,
        head="id,event,at,device,user,plan,step",
        suffix="csv",
        settings={"timezone": "UTC", "columns": {"event": "event", "occurred_at": "at"}},
    ),
    "typeform": Form(
        _commas(_ID, "n % 11", "'a remark'", "'completed'", _PLAIN, _PLAIN, "'network'"),
        plain=CSV,
        head="#,How likely?,Why?,Response Type,Start Date (UTC),Submit Date (UTC),Network ID",
        suffix="csv",
    ),
    "qualtrics": Form(
        _commas(_PLAIN, _PLAIN, "0", "100", "60", "1", _PLAIN, "'R_' || n", "n % 5", "'a remark'"),
        plain=CSV,
        head="StartDate,EndDate,Status,Progress,Duration (in seconds),Finished,RecordedDate,"
        "ResponseId,Q1,Q2_TEXT\n"
        "Start,End,Status,Progress,Duration,Finished,Recorded,Response ID,How easy?,Why?\n"
        + ",".join(
            f'"{{""ImportId"":""{name}""}}"'
            for name in (
                *("startDate", "endDate", "status", "progress", "duration", "finished"),
                *("recordedDate", "_recordId", "QID1", "QID2_TEXT"),
            )
        ),
        suffix="csv",
    ),
    "surveymonkey": Form(
        _commas("n", "'1'", _PLAIN, _PLAIN, "'yes'", "'a remark'"),
        plain=CSV,
        head="Respondent ID,Collector ID,Start Date,End Date,Would you?,Why?\n"
        ",,,,Response,Open-Ended Response",
        suffix="csv",
    ),
    "zigpoll": Form(
        _object(
            _id=_ID,
            createdAt=_ISO,
            pollId="'poll'",
            slideId="'slide'",
            participantId=_USER,
            response="'yes'",
            valueType="'open-ended'",
            metadata="{'email': 'a@example.com'}",
        )
    ),
}


@dataclass(frozen=True)
class VendorLanding:
    """Seconds of ours and of the plain read, for the records of one vendor."""

    vendor: str
    records: int
    ours: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times as long as the plain read."""
        return self.ours / self.plain


def measure_vendors(tell: Tell, events: int = EVENTS) -> list[VendorLanding]:
    """Measure every registered vendor, one after the other."""
    found = []
    for vendor in REGISTRY:
        tell(f"landing of {vendor}")
        process = measure(
            [sys.executable, "-m", "benchmarks.vendors", vendor, str(events)],
            cwd=REPO,
            limit_seconds=1800,
        )
        found.append(VendorLanding(vendor, **process.answer()))
    return found


def _files(vendor: str, events: int) -> Path:
    form, folder = FORMS[vendor], BENCH / "exports" / f"{vendor}-{events}"
    if len(list(folder.glob("*"))) == FILES:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(FILES):
        path, size = folder / f"{number}.{form.suffix}", events // FILES
        with duckdb.connect() as connection:
            connection.execute(
                f"""copy (select {form.line} from range({number * size}, {(number + 1) * size})
                t(n)) to {literal(str(path))} (format csv, header false, quote '', escape '',
                delimiter '\x01')"""
            )
        if form.head:
            body = path.with_suffix(".body")
            path.rename(body)
            with path.open("wb") as target, body.open("rb") as source:
                target.write(form.head.encode() + b"\n")
                shutil.copyfileobj(source, target, 16 << 20)
            body.unlink()
    return folder


def _measure_one(vendor: str, events: int) -> dict[str, float]:
    form, exports = FORMS[vendor], _files(vendor, events)
    work = BENCH / "vendors"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    files = [literal(str(path)) for path in sorted(exports.glob("*"))]
    start = time.perf_counter()
    with duckdb.connect() as connection:
        query = form.plain.replace("{files}", f"[{', '.join(files)}]")
        query = query.replace("{header}", "true" if form.head else "false")
        connection.execute(
            f"""copy (from {query}) to {literal(str(work / "plain"))}
            (format parquet, compression zstd, compression_level 1, per_thread_output)"""
        )
    plain = time.perf_counter() - start
    config = work / "migration.yaml"
    source = {"vendor": vendor, "location": str(exports), **form.settings}
    taxonomy = str(REPO / "expectations" / "taxonomy.yaml")
    config.write_text(
        json.dumps({"home": "home", "taxonomy": taxonomy, "sources": {vendor: source}})
    )
    migration = load_migration(config)
    start = time.perf_counter()
    waiting = arrive(migration, vendor)
    records = sum(m.records for m in land_arrivals(migration, vendor, waiting))
    ours = time.perf_counter() - start
    shutil.rmtree(work)
    return {"records": records, "ours": ours, "plain": plain}


if __name__ == "__main__":
    print(json.dumps(_measure_one(sys.argv[1], int(sys.argv[2]))))
