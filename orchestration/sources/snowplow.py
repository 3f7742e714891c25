"""Snowplow: enriched events (tab-separated, no header) and dumps of the warehouse's events table.

Vendor pages: canonical event model, enriched TSV format, analytics SDK. Each context and each
self-describing event says its schema; staging gives both forms the names of the warehouse's
columns. Page pings are kept, as events `page_ping`: they are heartbeats, so a taxonomy should call
them `system` or not at all, but without them sessions of readers would be cut short.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from orchestration.source_config import SourceConfig
from orchestration.sources.base import Framing, Head, Source

FIELD_NAMES = """
app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker
v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid
domain_sessionidx network_userid geo_country geo_region geo_city geo_zipcode geo_latitude
geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url page_title
page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment
refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment refr_medium
refr_source refr_term mkt_medium mkt_source mkt_term mkt_content mkt_campaign contexts se_category
se_action se_label se_property se_value unstruct_event tr_orderid tr_affiliation tr_total tr_tax
tr_shipping tr_city tr_state tr_country ti_orderid ti_sku ti_name ti_category ti_price ti_quantity
pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name br_family br_version
br_type br_renderengine br_lang br_features_pdf br_features_flash br_features_java
br_features_director br_features_quicktime br_features_realplayer br_features_windowsmedia
br_features_gears br_features_silverlight br_cookies br_colordepth br_viewwidth br_viewheight
os_name os_family os_manufacturer os_timezone dvce_type dvce_ismobile dvce_screenwidth
dvce_screenheight doc_charset doc_width doc_height tr_currency tr_total_base tr_tax_base
tr_shipping_base ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network
etl_tags dvce_sent_tstamp refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid
derived_tstamp event_vendor event_name event_format event_version event_fingerprint true_tstamp
"""
#: the fields of an enriched event, in their order
FIELDS = tuple(FIELD_NAMES.split())
COLLECTED, CLASS, EVENT_ID = (FIELDS.index(n) for n in ("collector_tstamp", "event", "event_id"))
CLASSES = {"page_view", "page_ping", "struct", "unstruct", "transaction", "transaction_item"}
TABLE_COLUMNS = {"event_id", "collector_tstamp", "v_tracker", "domain_userid"}
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}")


class Snowplow(Source):
    """Lines of 131 tab-separated fields, or a table with `event_id` and `collector_tstamp`."""

    vendor = "snowplow"
    envelope = {
        name: (name,)
        for name in (
            "event",
            "event_name",
            "event_id",
            "derived_tstamp",
            "collector_tstamp",
            "user_id",
            "domain_userid",
            "domain_sessionid",
            "platform",
            "os_family",
            "os_name",
            "geo_country",
            "geo_region",
            "geo_region_name",
            "br_lang",
            "mkt_campaign",
            "mkt_source",
            "mkt_medium",
            "se_action",
        )
    }
    dated_by = ("derived_tstamp", "collector_tstamp")
    raw_date = """case when coalesce("derived_tstamp", "collector_tstamp")
            like '____-__-__%'
        then left(coalesce("derived_tstamp", "collector_tstamp"), 10) end"""
    event_column = "event_name"
    event_sql = """case when "event" = 'struct' then coalesce("se_action", "event")
        else coalesce("event_name", "event") end"""
    time_sql = 'coalesce("derived_tstamp", "collector_tstamp")'
    personal = ("user_ipaddress",)
    dedupe_rule = (
        "event_id; the earliest collector_tstamp is kept, also where event_fingerprint differs"
    )
    identity_rule = "user_id on domain_userid; the last user on it owns its anonymous events"
    time_rule = "derived_tstamp, else collector_tstamp, always UTC"
    seen = "its package's test events (160) and one enriched line"

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By 131 fields with their stamps and class, or by the names of the table's columns."""
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if head.is_parquet:
            return Framing("parquet") if _is_table(head.parquet_columns) else None
        if any(_is_table(each) for each in head.objects):
            return Framing("lines")
        rows = [line.split("\t") for line in head.text.split("\n")[:200]]
        # of a configured source, lines of another number of fields are its records all the same
        if any(map(_is_enriched, rows)) or (config is not None and any(len(r) > 99 for r in rows)):
            return Framing("csv", delimiter="\t") if _is_table(rows[0]) else _ENRICHED
        for delimiter in ",;|\t":
            if _is_table(next(csv.reader(io.StringIO(head.text[:65536]), delimiter=delimiter), ())):
                return Framing("csv", delimiter=delimiter)
        return None

    def has_session_ids(self, config: SourceConfig) -> bool:
        """domain_sessionid; what a server sends has none."""
        return True


_ENRICHED = Framing("tsv", names=FIELDS)


def _is_table(columns: Iterable[str]) -> bool:
    return {column.strip() for column in columns} >= TABLE_COLUMNS


def _is_enriched(row: list[str]) -> bool:
    return (
        len(row) == len(FIELDS)
        and row[CLASS] in CLASSES
        and bool(row[EVENT_ID])
        and bool(STAMP.match(row[COLLECTED]))
    )
