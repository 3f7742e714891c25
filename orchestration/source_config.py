"""The settings of one source: what is common to all vendors, and what means something for some."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from orchestration.fetch_config import FetchConfig, fetch_problems, with_folder
from orchestration.freshness_config import SourceTarget
from orchestration.report_config import LegacyReport
from orchestration.setting_types import ConfiguredPath, Count, Settings, Text, TimeZone
from orchestration.yaml_models import Name, Problem, refuse, unknown

KNOWN_VENDORS = (
    *("mixpanel", "amplitude", "segment", "rudderstack", "ga4", "snowplow", "posthog"),
    *("adobe_analytics", "tabular", "typeform", "qualtrics", "surveymonkey", "zigpoll"),
    *("stripe", "hubspot", "salesforce", "zendesk", "marketing_automation"),
    *("legacy_report", "failed_events"),
)
SURVEYS = ("typeform", "qualtrics", "surveymonkey", "zigpoll")
OBJECTS = (
    *("stripe", "hubspot", "salesforce", "zendesk", "marketing_automation"),
    *("legacy_report", "failed_events"),
)
CRM = ("hubspot", "salesforce")

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

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
"""An ISO 4217 code."""

ScoreType = Literal["nps", "csat", "rating", "choice", "number", "text"]

VENDOR_SETTINGS = {
    "columns": ("tabular", "zigpoll", *CRM),
    **dict.fromkeys(("format", "delimiter", "dedupe"), ("tabular",)),
    "page_names": ("segment", "rudderstack"),
    **dict.fromkeys(("extracts", "load_columns"), ("rudderstack",)),
    **dict.fromkeys(
        ("headers", "pad_missing_columns", "manifests", "login", "properties"),
        ("adobe_analytics",),
    ),
    **dict.fromkeys(("score_types", "unanswered"), SURVEYS),
    "undated_on": (*SURVEYS, *OBJECTS),
    "reports": ("legacy_report",),
    **dict.fromkeys(
        ("won_stages", "lost_stages", "primary_contact", "day_first", "decimal_comma"), CRM
    ),
    "currency": CRM,
}
"""Settings of a source that mean something for these vendors only."""
SHAPING = {"vendor", *VENDOR_SETTINGS} - {"score_types", "unanswered"}
"""Settings that landed or staged records depend on; those left out act in the marts."""


class SourceIdentity(Settings):
    """Where a source's user ids live: sources of one namespace share their users.

    `mode` is the vendor's own identity rule where it has several (Mixpanel: simplified, original
    or legacy); None lets the source's module decide. `user_field` names the field that carries the
    user id: of a survey a hidden field, an embedded datum, a custom variable; of a business system
    a custom property. `keys`
    names, by kind, the property that holds a key which other sources know too, such as `email`:
    users and respondents with one key are one person.
    """

    namespace: Name = "user"
    user_field: Text | None = None
    keys: dict[Name, Text] = {}
    mode: Literal["simplified", "original", "legacy"] | None = None


class SourceConfig(Settings):
    """One feed: which vendor wrote it, where it lies, and the zone its clock is written in.

    The files of one with `fetch` are fetched into a folder below home, which is its location.
    """

    vendor: str
    location: ConfiguredPath
    owner: Text | None = None
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
    currency: Currency | None = None
    won_stages: list[Text] | None = None
    lost_stages: list[Text] | None = None
    primary_contact: Text | None = None
    day_first: bool | None = None
    decimal_comma: bool | None = None
    personal: list[Text] = []
    headers: ConfiguredPath | None = None
    pad_missing_columns: Annotated[Count, Field(le=100)] | None = None
    manifests: Literal["required", "optional"] | None = None
    login: Text | None = None
    properties: dict[Text, Name] | None = None
    reports: Annotated[dict[Name, LegacyReport], Field(min_length=1)] | None = None
    store: Literal["copy", "reference"] = "copy"
    freshness: SourceTarget | None = None
    fetch: FetchConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _has_a_folder(cls, data: Any) -> Any:
        return with_folder(data)

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
        if info.data.get("vendor") in CRM:  # any field of the vendor's, custom ones too
            return columns
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
        wrong += fetch_problems(self.vendor, self.fetch)
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
    if source.vendor == "legacy_report" and source.reports is None:
        yield Problem("missing; say where the figures of its files stand", ("reports",))
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
