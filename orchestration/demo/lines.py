"""JSON lines for whole frames at a time: DuckDB concatenates, Arrow hands over the bytes.

Values that people chose (user ids) pass through `to_json`; all other text is the story's own and
needs no escaping, so plain concatenation is enough and about twice as fast as building objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.demo.clocks import Ints
from orchestration.demo.faults import BROKEN, NO_TIME, NOT_UTF8
from orchestration.demo.story import AMPLITUDE_PROJECT

MARK = "\ue000"
"""Stands where bytes that are no UTF-8 go: text columns cannot hold them."""
NOT_TEXT = b"\xff\xfe\xfd"

_CUT = f"""
    case damage when {BROKEN} then left(line, length(line) // 2) else line end || chr(10)"""

MIXPANEL_LINE = f"""
select {_CUT} from (select damage, concat(
    '{{"event":"', event, '","properties":{{',
    case when damage <> {NO_TIME} then concat('"time":', time_s, ',') end,
    '"distinct_id":', coalesce(user_json, concat('"$device:', device_id, '"')),
    ',"$app_version_string":"', version,
    '","$city":"', city, case when damage = {NOT_UTF8} then '{MARK}' end,
    '","$device_id":"', device_id,
    '","$insert_id":"', left(md5(concat(salt, '|', act)), 16),
    '","$lib_version":"2.55.1","$mp_api_endpoint":"api.mixpanel.com","$mp_api_timestamp_ms":',
    received_ms, ',"$os":"', os, '","$region":"', region, '"',
    case when user_json is not null then concat(',"$user_id":', user_json) end,
    case when event = '$identify' then
        concat(',"$identified_id":', user_json, ',"$anon_id":"', device_id, '"') end,
    ',"mp_country_code":"US","mp_lib":"', lib, '","mp_processing_time_ms":', processed_ms,
    ',"platform":"', platform, '"', extra, campaign, '}}}}') as line
from rows)
"""

_TIME = "'%Y-%m-%d %H:%M:%S.%f'"
_NULLS = ",".join(
    f'"{name}":null'
    for name in (
        "adid",
        "amplitude_attribution_ids",
        "amplitude_event_type",
        "device_brand",
        "device_carrier",
        "device_manufacturer",
        "device_model",
        "dma",
        "global_user_properties",
        "idfa",
        "ip_address",
        "is_attribution_event",
        "location_lat",
        "location_lng",
        "partner_id",
        "paying",
        "sample_rate",
        "source_id",
        "start_version",
        "user_creation_time",
        "$insert_key",
    )
)


def _stamp(column: str) -> str:
    return f"strftime(make_timestamp(({column}) * 1000), {_TIME})"


AMPLITUDE_LINE = f"""
select {_CUT} from (select damage, concat(
    '{{"$insert_id":"', insert_id,
    '","$schema":13,"amplitude_id":', 700000000000 + device,
    ',"app":{AMPLITUDE_PROJECT},"city":"', city, case when damage = {NOT_UTF8} then '{MARK}' end,
    '","client_event_time":"', at_text,
    '","client_upload_time":"', received_text,
    '","country":"United States","data":{{"path":"/2/httpapi","group_first_event":{{}},',
    '"group_ids":{{}}}},"data_type":"event","device_family":"', os,
    '","device_id":"', device_id, '","device_type":"', platform,
    '","event_id":', abs(act) % 100000, ',"event_properties":{{', event_properties, '}}',
    case when damage <> {NO_TIME} then concat(',"event_time":"', at_text, '"') end,
    ',"event_type":"', event,
    '","group_properties":{{}},"groups":{{', case when event = '$groupidentify'
        then '"plan":["household"]' end, '}},"language":"English","library":"', lib,
    '","os_name":"', os, '","os_version":"17","plan":{{}},"platform":"', platform,
    '","processed_time":"', {_stamp("processed_ms")},
    '","region":"', region,
    '","server_received_time":"', received_text,
    '","server_upload_time":"', {_stamp("upload_ms")},
    '","session_id":', visit_ms,
    ',"user_id":', coalesce(user_json, 'null'),
    ',"user_properties":{{', user_properties, '}},"uuid":"',
    left(uuid, 8), '-', uuid[9:12], '-4', uuid[14:16], '-a', uuid[18:20], '-', right(uuid, 12),
    '","version_name":"', version, '",{_NULLS}}}') as line
from (select *, {_stamp("at_ms")} as at_text, {_stamp("received_ms")} as received_text,
      md5(concat(salt, '|', act)) as insert_id, md5(concat(salt, '|', act, '|', copy)) as uuid
      from rows))
"""


def engine() -> duckdb.DuckDBPyConnection:
    """A connection to an empty database in memory; callers close it, and run on one thread each."""
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Opened once: it costs more than writing the file of a quiet day."""
    return duckdb.connect(config={"threads": 1})


def quoted(texts: Sequence[str]) -> pa.StringArray:
    """Each text as a JSON string, quotes and all."""
    with engine() as connection:
        connection.register("texts", pa.table({"text": pa.array(texts, pa.string())}))
        return _flat(connection.sql("select to_json(text) from texts").to_arrow_table())


def device_ids(count: int, salt: str, suffix: str = "") -> pa.StringArray:
    """`count` device ids in the shape of a UUID, with `suffix` behind."""
    query = """
        select concat(left(h, 8), '-', h[9:12], '-4', h[14:16], '-8', h[18:20], '-', right(h, 12),
                      $suffix)
        from (select md5(concat($salt, '|device|', i)) as h from range($count) t(i) order by i)"""
    with engine() as connection:
        parameters = {"suffix": suffix, "salt": salt, "count": count}
        return _flat(connection.execute(query, parameters).to_arrow_table())


def pick(texts: pa.StringArray | Sequence[str], places: npt.NDArray[np.integer]) -> pa.Array:
    """`texts[place]` for each place; null where the place is negative."""
    words = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    return words.take(pa.array(places.astype(np.int32), mask=places < 0))


def render(query: str, columns: Mapping[str, pa.Array | Ints]) -> pa.ChunkedArray:
    """The lines `query` makes of `columns`, one a row and in their order, newline included."""
    with engine() as connection:
        connection.register("rows", pa.table(dict(columns)))
        return connection.sql(query).to_arrow_table().column(0)


def join(lines: pa.ChunkedArray) -> bytes:
    """The lines as the bytes of a file, with bytes that are no UTF-8 where a line is marked."""
    data = b"".join(_bytes_of(chunk) for chunk in lines.chunks if len(chunk))
    return data.replace(MARK.encode(), NOT_TEXT)


def _flat(table: pa.Table) -> pa.StringArray:
    return table.column(0).combine_chunks()


def _bytes_of(chunk: pa.Array) -> memoryview:
    """The text of a string array as it lies in memory: the values follow one another."""
    wide = pa.types.is_large_string(chunk.type)
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, np.int64 if wide else np.int32)
    return memoryview(data)[int(ends[chunk.offset]) : int(ends[chunk.offset + len(chunk)])]
