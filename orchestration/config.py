"""`migration.yaml` as typed settings: sources, clocks, funnels, waves, limits and where to write.

Relative paths in the file are relative to the file. Time zones are IANA names. Every problem is a
ConfigurationError with file and line (see `yaml_models`).
"""

import hashlib
import json
import os
import re
import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from orchestration.taxonomy.model import load_taxonomy
from orchestration.yaml_models import Name, Problem, load_yaml, refuse, unknown

KNOWN_VENDORS = (
    *("mixpanel", "amplitude", "segment", "rudderstack", "ga4", "snowplow", "posthog"),
    *("adobe_analytics", "tabular", "typeform", "qualtrics", "surveymonkey", "zigpoll"),
)
SURVEYS = ("typeform", "qualtrics", "surveymonkey", "zigpoll")

CONFIG_VARIABLE = "WAYBILL_CONFIG"
DEFAULT_CONFIG = Path("orchestration/migration.yaml")

TABULAR_COLUMNS = (
    *("event", "occurred_at", "received_at", "user_id", "anonymous_id", "device_id", "event_id"),
    *("session_id", "platform", "os", "app_version", "country", "region", "locale"),
    *("product_line", "campaign", "utm_source", "utm_medium", "utm_campaign"),
    *("experiment_id", "variant_id"),
)
"""The event columns a tabular source may map; its other columns become properties."""

ZIGPOLL_COLUMNS = (
    *("response_id", "created_at", "response", "question", "question_id"),
    *("poll_id", "participant_id", "score_type"),
)
"""The columns of a survey answer that a Zigpoll table may map; nobody knows what it calls them."""

ScoreType = Literal["nps", "csat", "rating", "choice", "number", "text"]

NOBODY = (
    *("", "null", "undefined", "none", "nil", "nan", "0", "-1", "anonymous", "unknown", "n/a"),
    "00000000-0000-0000-0000-000000000000",
)
"""Ids that trackers write when they know nobody; they must never link two people."""

VENDOR_SETTINGS = {
    "columns": ("tabular", "zigpoll"),
    **dict.fromkeys(("format", "delimiter", "dedupe"), ("tabular",)),
    "page_names": ("segment", "rudderstack"),
    **dict.fromkeys(("extracts", "load_columns"), ("rudderstack",)),
    **dict.fromkeys(
        ("headers", "pad_missing_columns", "manifests", "login", "properties"),
        ("adobe_analytics",),
    ),
    **dict.fromkeys(("score_types", "unanswered", "undated_on"), SURVEYS),
}
"""Settings of a source that mean something for these vendors only."""
SHAPING = {"vendor", *VENDOR_SETTINGS} - {"score_types", "unanswered"}
"""Settings that landed or staged records depend on; those left out act in the marts."""

_UNIT_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """Read `7d`, `12h`, `30m` or `45s`, a whole number over zero. Raises ValueError otherwise."""
    found = re.fullmatch(r"([0-9]{1,6})([dhms])", text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"'{text}' is no duration; write it like 7d, 12h, 30m or 45s")
    return timedelta(seconds=int(found[1]) * _UNIT_SECONDS[found[2]])


def format_duration(duration: timedelta) -> str:
    """Write a duration of whole seconds in its largest whole unit: the reverse of the parser."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in _UNIT_SECONDS.items() if seconds % size == 0)
    return f"{seconds // _UNIT_SECONDS[unit]}{unit}"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    expanded = path.expanduser()
    return expanded if folder is None else (folder / expanded).resolve()


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # walks some 600 files


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise refuse(unknown("time zone", name, _zones()))
    return name


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise refuse(str(error)) from None


ConfiguredPath = Annotated[Path, AfterValidator(_beside_the_file)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sessions(_Settings):
    """How events become sessions; a gap strictly over the timeout starts a new one."""

    timeout_minutes: Annotated[float, Field(gt=0, lt=1440)] = 30
    use_vendor: bool = False


class SourceIdentity(_Settings):
    """Where a source's user ids live: sources of one namespace share their users.

    `mode` is the vendor's own identity rule where it has several (Mixpanel: simplified, original
    or legacy); None lets the source's module decide. `respondent_field` names a survey's field that
    carries the respondent's user id: a hidden field, an embedded datum, a custom variable. `keys`
    names, by kind, the property that holds a key which other sources know too, such as `email`:
    users and respondents with one key are one person.
    """

    namespace: Name = "user"
    respondent_field: Text | None = None
    keys: dict[Name, Text] = {}
    mode: Literal["simplified", "original", "legacy"] | None = None


class SourceConfig(_Settings):
    """One feed: which vendor wrote it, where it lies, and the zone its clock is written in."""

    vendor: str
    location: ConfiguredPath
    timezone: TimeZone | None = None
    columns: dict[str, Text] | None = None
    format: Literal["csv", "jsonl", "parquet"] | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    identity: SourceIdentity = SourceIdentity()
    dedupe: Annotated[list[Text], Field(min_length=1)] | None = None
    page_names: bool | None = None
    extracts: bool | None = None
    load_columns: dict[Text, Annotated[list[Text], Field(min_length=1)]] | None = None
    score_types: dict[Text, ScoreType] | None = None
    unanswered: list[Text] | None = None
    undated_on: date | None = None
    personal: list[Text] = []
    headers: ConfiguredPath | None = None
    pad_missing_columns: Annotated[Count, Field(le=100)] | None = None
    manifests: Literal["required", "optional"] | None = None
    login: Text | None = None
    properties: dict[Text, Name] | None = None
    store: Literal["copy", "reference"] = "copy"

    @field_validator("vendor")
    @classmethod
    def _vendor_is_known(cls, vendor: str, info: ValidationInfo) -> str:
        vendors = (info.context or {}).get("vendors", KNOWN_VENDORS)
        if vendor not in vendors:
            raise refuse(unknown("vendor", vendor, vendors))
        return vendor

    @field_validator("columns")
    @classmethod
    def _columns_are_known(
        cls, columns: dict[str, str] | None, info: ValidationInfo
    ) -> dict[str, str] | None:
        known = ZIGPOLL_COLUMNS if info.data.get("vendor") == "zigpoll" else TABULAR_COLUMNS
        wrong = [
            Problem(unknown("column", name, known), (name,))
            for name in columns or ()
            if name not in known
        ]
        if wrong:
            raise refuse(*wrong)
        return columns

    @model_validator(mode="after")
    def _fits_its_vendor(self) -> Self:
        wrong = list(_tabular_problems(self) if self.vendor == "tabular" else _api_problems(self))
        wrong += _survey_problems(self)
        wrong += [
            Problem(f"is for {_named(vendors)}, not {self.vendor}; remove it", (key,))
            for key, vendors in VENDOR_SETTINGS.items()
            if getattr(self, key) is not None and self.vendor not in vendors
        ]
        wrong += _feed_problems(self)
        if wrong:
            raise refuse(*wrong)
        return self


def _named(vendors: tuple[str, ...]) -> str:
    return "surveys" if vendors == SURVEYS else f"vendor {' or '.join(vendors)}"


def _tabular_problems(source: SourceConfig) -> Iterable[Problem]:
    if source.timezone is None:
        yield Problem("missing; name the zone the file's times are written in", ("timezone",))
    if source.columns is None:
        yield Problem("missing; map at least event and occurred_at", ("columns",))
    for column in ("event", "occurred_at"):
        if source.columns is not None and column not in source.columns:
            yield Problem("missing; name the file's column that holds it", ("columns", column))
    if source.delimiter is not None and source.format not in (None, "csv"):
        yield Problem(f"means nothing for {source.format}; remove it", ("delimiter",))


def _api_problems(source: SourceConfig) -> Iterable[Problem]:
    if source.vendor == "adobe_analytics" and source.timezone is None:
        yield Problem("missing; name the zone of the report suite", ("timezone",))
    if source.vendor == "mixpanel" and source.timezone is None:
        yield Problem(
            "missing; mixpanel writes project time: UTC for projects created since January 2023, "
            "the project's own zone before",
            ("timezone",),
        )


def _survey_problems(source: SourceConfig) -> Iterable[Problem]:
    for column in ("response_id", "created_at", "response"):
        if source.vendor == "zigpoll" and source.columns and column not in source.columns:
            yield Problem("missing; name the file's column that holds it", ("columns", column))


def _feed_problems(source: SourceConfig) -> Iterable[Problem]:
    """Settings of Adobe's data feed: columns that the site or the delivery does not name itself."""
    if source.headers is not None and not source.headers.is_file():
        yield Problem(
            f"{source.headers} is no file; it holds the column names in their order", ("headers",)
        )
    named: dict[str, str] = {}
    for column, name in (source.properties or {}).items():
        first = named.setdefault(name, column)
        if first != column:
            yield Problem(f"{name} is the name of {first} already", ("properties", column))
        if re.fullmatch(r"(evar|prop|mvvar)[0-9]+", name):
            yield Problem(f"{name} is a column of its own", ("properties", column))


class Funnel(_Settings):
    """Ordered steps (canonical event names); `within` None means no limit of time."""

    steps: Annotated[list[Name], Field(min_length=2)]
    within: Duration | None = None
    per: Literal["person", "session"] = "person"


class Wave(_Settings):
    """A named part of the migration: sources and dates in the reporting zone, both ends included.

    Written `from:` and `to:` in the file.
    """

    sources: Annotated[list[str], Field(min_length=1)]
    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.start > self.end:
            raise refuse(Problem(f"{self.end} is before from, {self.start}; swap them", ("to",)))
        return self


class IdentityRules(_Settings):
    """What may join people. A denylist in the file replaces the default one; case is ignored."""

    denylist: list[str] = list(NOBODY)
    max_users_per_device: Count = 10
    max_component_size: Count = 500

    @field_validator("denylist")
    @classmethod
    def _lower_case(cls, denylist: list[str]) -> list[str]:
        return sorted({each.lower() for each in denylist})


class GateLimits(_Settings):
    """Shares (0 to 1) above which a gate blocks.

    `unmapped_share` blocks nothing until it is set: a first run on an unknown export is unmapped.
    """

    unmapped_share: Share = 1.0
    unreadable_share: Share = 0.1
    lost_share: Share = 0.01


class Migration(_Settings):
    """The whole of `migration.yaml`. Everything Waybill writes lies below `home`."""

    home: ConfiguredPath
    taxonomy: ConfiguredPath
    reporting_timezone: TimeZone = "UTC"
    sessions: Sessions = Sessions()
    sources: Annotated[dict[Name, SourceConfig], Field(min_length=1)]
    funnels: dict[Name, Funnel] = {}
    waves: dict[Name, Wave] = {}
    identity: IdentityRules = IdentityRules()
    gates: GateLimits = GateLimits()

    _path: Path = PrivateAttr(default=DEFAULT_CONFIG)

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        wrong = [
            Problem(unknown("source", name, self.sources), ("waves", wave, "sources", number))
            for wave, parts in self.waves.items()
            for number, name in enumerate(parts.sources)
            if name not in self.sources
        ] + [
            Problem("holds home, so it would land its own output", ("sources", name, "location"))
            for name, source in self.sources.items()
            if self.home.is_relative_to(source.location)
        ]
        if wrong:
            raise refuse(*wrong)
        return self

    @property
    def path(self) -> Path:
        """The file these settings were read from."""
        return self._path

    @property
    def vendors(self) -> dict[str, str]:
        """Source name to vendor name."""
        return {name: source.vendor for name, source in self.sources.items()}

    @property
    def store_dir(self) -> Path:
        """The kept bytes of every delivered file, named by their sha256."""
        return self.home / "store"

    @property
    def landing_dir(self) -> Path:
        """Landed Parquet and manifests."""
        return self.home / "landing"

    @property
    def gates_dir(self) -> Path:
        """Judgements of the gates."""
        return self.home / "gates"

    @property
    def decisions_dir(self) -> Path:
        """Append-only decisions of people."""
        return self.home / "decisions"

    @property
    def warehouse_dir(self) -> Path:
        """The working DuckDB file and the snapshots readers open."""
        return self.home / "warehouse"

    @property
    def dagster_dir(self) -> Path:
        """The default DAGSTER_HOME."""
        return self.home / "dagster"

    @property
    def dbt_dir(self) -> Path:
        """dbt's target and log folders."""
        return self.home / "dbt"

    def settings_fingerprint(self) -> dict[str, str]:
        """A short hash of the settings behind each concern, to see what a change must rebuild.

        Keys: `clock:<source>` (time zone), `reading:<source>` (how its records are read and
        deduplicated), `sessions`, `identity` (with each source's part in it), `surveys` (what their
        answers mean), `reporting_timezone`, `funnels`, and `taxonomy`, which reads the taxonomy
        file and may raise ConfigurationError.
        """
        per_source: dict[str, object] = {}
        for name, source in self.sources.items():
            per_source[f"clock:{name}"] = source.timezone
            per_source[f"reading:{name}"] = source.model_dump(mode="json", include=SHAPING)
        settings = {
            **per_source,
            "sessions": self.sessions.model_dump(mode="json"),
            "identity": [
                self.identity.model_dump(mode="json"),
                {name: each.identity.model_dump() for name, each in self.sources.items()},
            ],
            "surveys": {
                name: each.model_dump(mode="json", include={"score_types", "unanswered"})
                for name, each in self.sources.items()
            },
            "reporting_timezone": self.reporting_timezone,
            "funnels": {name: each.model_dump(mode="json") for name, each in self.funnels.items()},
            "taxonomy": load_taxonomy(self.taxonomy).model_dump(mode="json"),
        }
        return {concern: _fingerprint(value) for concern, value in settings.items()}


def load_migration(
    path: Path | None = None, *, vendors: Iterable[str] = KNOWN_VENDORS
) -> Migration:
    """Read the migration's settings.

    The file is `path`, else the one WAYBILL_CONFIG names, else `orchestration/migration.yaml` below
    the working directory, else the one that ships with the package.

    Raises ConfigurationError with every problem in the file.
    """
    found = _config_path(path, os.environ)
    migration = load_yaml(
        found, Migration, check=_unknown_steps, context={"vendors": tuple(vendors)}
    )
    migration._path = found.absolute()
    return migration


def _unknown_steps(migration: Migration) -> list[Problem]:
    """Steps of funnels that no event of the taxonomy is named after: they would count nothing."""
    if not migration.funnels:
        return []
    events = load_taxonomy(migration.taxonomy).events
    return [
        Problem(unknown("event", step, events), ("funnels", name, "steps", number))
        for name, funnel in migration.funnels.items()
        for number, step in enumerate(funnel.steps)
        if step not in events
    ]


def _config_path(path: Path | None, environment: Mapping[str, str]) -> Path:
    if path is not None:
        return path
    if environment.get(CONFIG_VARIABLE):
        return Path(environment[CONFIG_VARIABLE]).expanduser()
    if DEFAULT_CONFIG.exists():
        return DEFAULT_CONFIG
    return Path(__file__).with_name(DEFAULT_CONFIG.name)


def _fingerprint(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
