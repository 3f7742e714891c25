"""Adobe Analytics data feed: hits as tab-separated text, with lookups and a manifest beside them.

Vendor pages: Data feed contents, Special characters, Data column reference, Data feeds FAQ. A feed
has no header line: the column names are in the lookups of the same delivery, in a configured
file, or in a first line that somebody added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from orchestration.landing import inflate
from orchestration.landing.csv_rows import column_names
from orchestration.landing.manifest import LandedFile
from orchestration.source_config import SourceConfig
from orchestration.sources.adobe_manifest import account, is_manifest
from orchestration.sources.base import Account, Framing, Head, Keys, Source

NAME = re.compile(
    r"""(?:\d{2,}-)? (?P<window>.+_(?:\d{4}-\d{2}-\d{2}|\d{8}-\d{6}))
    (?: (?P<lookups>-lookup_data\.(?:tar\.gz|tgz|zip)) | (?P<rows>\.tsv(?:\.gz)?|\.tar\.gz|\.zip)
      | (?P<manifest>\.txt|\.fin) )""",
    re.VERBOSE,
)
HIT_DATA, HEADERS = "hit_data.tsv", "column_headers.tsv"
LOOKUPS = {
    HEADERS,
    *(
        f"{name}.tsv"
        for name in (
            *("browser", "browser_type", "color_depth", "connection_type", "country", "event"),
            *("javascript_version", "languages", "operating_systems", "plugins", "resolution"),
            *("referrer_type", "search_engines", "carrier", "mobile_attributes"),
            "operating_system_type",
        )
    ),
}
# A first line with one name of each of these is a header: no row holds them all as values.
KEY_COLUMNS = (
    {"hit_time_gmt", "cust_hit_time_gmt", "post_cust_hit_time_gmt", "date_time"},
    {"event_list", "post_event_list"},
    {"visid_high", "post_visid_high"},
    {"visid_low", "post_visid_low"},
)
# The client's own time counts where the processed one is not set.
NEVER_REPLACED = {"cust_hit_time_gmt"}
LOOKUP_LINE = re.compile(r"\d+\t")

LIFTED = (
    *("hitid_high", "hitid_low", "visid_high", "visid_low", "visit_num", "visit_page_num"),
    *("visit_start_time_gmt", "hit_time_gmt", "cust_hit_time_gmt", "date_time", "t_time_info"),
    *("event_list", "product_list", "page_event", "pagename", "page_url", "campaign"),
    *("exclude_hit", "hit_source", "customer_perspective", "duplicate_purchase"),
    *("geo_country", "geo_region", "mobileappid", "mobileosversion"),
)
WITH_POST = (
    *("visid_high", "visid_low", "cust_hit_time_gmt", "t_time_info", "event_list"),
    *("product_list", "page_event", "pagename", "page_url", "campaign"),
    *("mobileappid", "mobileosversion"),
)


class AdobeAnalytics(Source):
    """Data feed files of a suite and window, their lookups and their manifest, as one delivery."""

    vendor = "adobe_analytics"
    envelope: Mapping[str, Keys] = {name: (name,) for name in LIFTED} | {
        f"post_{name}": (f"post_{name}",) for name in WITH_POST
    }
    # the suite's own date; a spreadsheet's date is left to the received time
    raw_date = r"""case when "date_time" similar to '[0-9]{4}-[0-9]{2}-[0-9]{2} .*'
        then left("date_time", 10)
        else strftime(try(make_timestamp(try_cast("hit_time_gmt" as bigint) * 1000000)), '%Y-%m-%d')
        end"""
    event_column = None
    time_sql = """case when "date_time" similar to '[0-9]{4}-[0-9]{2}-[0-9]{2} .*'
        then "date_time" else "hit_time_gmt" end"""
    personal = ("ip", "user_agent")
    dedupe_rule = (
        "hitid_high, hitid_low, visit_num, visit_page_num and the event; without hit ids none, "
        "only whole files"
    )
    identity_rule = "the visitor id is the device; a configured login column is the user"
    time_rule = "client's epoch, else the received one, else date_time in the suite's zone"
    seen = "two public feeds: one daily set with manifest, one headerless file"

    def group(self, name: str) -> str | None:
        """Folder, suite and window, as the documented names give them."""
        path = Path(name)
        found = NAME.fullmatch(path.name)
        return f"{path.parent.as_posix()}/{found['window']}" if found else None

    def for_delivery(self, files: Mapping[str, Path]) -> Source:
        """With the column names that the delivery brings, read when they are first asked for."""
        return _Delivery(files)

    def recognise(self, head: Head, config: SourceConfig | None = None) -> Framing | None:
        """By manifest keys, by the names of lookups, and of hits by what their columns are."""
        name = head.name.rsplit("/", 1)[-1]
        if config is not None and head.is_whole and not head.lines:
            return Framing("lines")
        if is_manifest(head.text):
            return Framing("nothing")
        if _is_lookup(name, head) or (name in LOOKUPS and self.delivered_names):
            return Framing("nothing")
        first = head.text.split("\n", 1)[0].rstrip("\r")
        if "\t" not in first or head.objects:
            return None
        pad = (config.pad_missing_columns or 0) if config is not None else 0
        if is_header(first):
            return _framing(first.split("\t"), pad, has_header=True)
        names = self.delivered_names or configured_names(config)
        if names and (
            _is_hits(name) or _width(head.text) in range(len(names) - max(pad, 1), len(names) + 1)
        ):
            return _framing(names, pad)
        return None

    def advice(self, head: Head, config: SourceConfig | None = None) -> str | None:
        """Hits whose columns nobody names, or something else under the name of hits."""
        name = head.name.rsplit("/", 1)[-1]
        # unconfigured, `<name>_<date>.tsv` may be anybody's
        if not _is_hits(name) or (config is None and not re.match(r"hit_data|\d{2,}-", name)):
            return None
        if "\t" not in head.text.split("\n", 1)[0]:
            return "named like hits and holds none; fetch it again"
        return (
            "nothing names its columns; put the lookups of its delivery beside it, or set"
            f" `headers:` to a file with the {_width(head.text)} names in their order"
        )

    def account(
        self, files: Mapping[str, Path], landed: Sequence[LandedFile], config: SourceConfig
    ) -> Account:
        """The delivery against its manifest; the names alone tell that there should be one."""
        found = [NAME.fullmatch(Path(name).name) for name in files]
        is_split = any(match and (match["lookups"] or match[0][0].isdigit()) for match in found)
        manifests = [
            files[name]
            for name, match in zip(files, found, strict=True)
            if match and match["manifest"]
        ]
        needs_manifest = is_split and config.manifests != "optional"
        return account(manifests, landed, files, needs_manifest=needs_manifest)

    @property
    def delivered_names(self) -> list[str]:
        """The column names that came with the hits; none are known outside a delivery."""
        return []


class _Delivery(AdobeAnalytics):
    """The feed as one delivery's own column names read it. Two days may differ in their columns."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    @cached_property
    def delivered_names(self) -> list[str]:
        """From `column_headers.tsv`, in whichever archive it is; lookups are looked at first."""
        archives = sorted(self._files.items(), key=lambda each: "-lookup_data" not in each[0])
        for _, path in archives:
            if not inflate.is_archive(path):
                continue
            try:
                for stream in inflate.streams(path):
                    if (stream.member or "").rsplit("/", 1)[-1] == HEADERS:
                        text = b"".join(stream.blocks).decode("latin-1")
                        return text.split("\n", 1)[0].rstrip("\r").split("\t")
            except (inflate.UnsafeArchive, inflate.TornArchive):
                continue
        return []


def is_header(line: str) -> bool:
    """Whether a line holds the names of the key columns, in any case."""
    names = {name.strip().lower() for name in line.split("\t")}
    return all(names & any_of for any_of in KEY_COLUMNS)


def configured_names(config: SourceConfig | None) -> list[str]:
    """The names in the file of `headers:`: one line with tabs, or one name a line."""
    if config is None or config.headers is None:
        return []
    return config.headers.read_text(encoding="latin-1").replace("\n", "\t").split()


def landed_names(names: Sequence[str]) -> tuple[str, ...]:
    """The keys of a landed record: lower case, and unprocessed values set apart.

    Where a column has its `post_` column beside it, that one holds the value to use, also when it
    is empty; the other is landed as `pre_...`, so that nothing falls back to it.

    >>> landed_names(["eVar1", "post_evar1", "prop1"])
    ('pre_evar1', 'post_evar1', 'prop1')
    """
    lower = [name.strip().lower() for name in names]
    present = set(lower) - {f"post_{name}" for name in NEVER_REPLACED}
    return tuple(column_names([f"pre_{n}" if f"post_{n}" in present else n for n in lower]))


def _framing(names: Sequence[str], pad: int, *, has_header: bool = False) -> Framing:
    return Framing(
        "tsv",
        names=landed_names(names),
        is_escaped=True,
        pad=pad,
        has_header=has_header,
        encoding="latin-1",
    )


def _is_hits(name: str) -> bool:
    found = NAME.fullmatch(name)
    return name == HIT_DATA or bool(found and found["rows"])


def _is_lookup(name: str, head: Head) -> bool:
    """By name, and by lines that begin with an id; other tools have an `event.tsv` too."""
    if name == HEADERS:
        return is_header(head.text.split("\n", 1)[0])
    lines = head.text.split("\n")[:20]
    whole = lines if head.is_whole or len(lines) == 20 else lines[:-1]
    return name in LOOKUPS and all(LOOKUP_LINE.match(line) for line in whole if line.strip())


def _width(text: str) -> int:
    """The number of cells of the first record, which may span lines."""
    first = re.split(r"(?<!\\)(?:\\\\)*\n", text, maxsplit=1)[0]
    return len(re.findall(r"(?<!\\)(?:\\\\)*\t", first)) + 1
