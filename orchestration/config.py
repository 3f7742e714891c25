"""`migration.yaml` as typed settings: sources, clocks, funnels, waves, limits and where to write.

Relative paths in the file are relative to the file. Time zones are IANA names. Every problem is a
ConfigurationError with file and line (see `yaml_models`).
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from orchestration.alert_config import AlertSettings
from orchestration.context_config import Context, read_context
from orchestration.detection_config import Detection
from orchestration.feedback_config import Feedback
from orchestration.fetch_config import FETCHED
from orchestration.freshness_config import FreshnessTarget, MartName
from orchestration.funnel_config import Funnel
from orchestration.mart_config import (
    Activation,
    ActivityCohorts,
    Retention,
    Subscriptions,
    mart_variables,
)
from orchestration.setting_types import ConfiguredPath, Count, Settings, Share, TimeZone
from orchestration.source_config import KNOWN_VENDORS, SHAPING, SourceConfig
from orchestration.taxonomy.model import load_taxonomy
from orchestration.taxonomy.properties import DefinitionKind
from orchestration.yaml_models import Name, Problem, load_yaml, refuse, unknown

CONFIG_VARIABLE = "WAYBILL_CONFIG"
DEFAULT_CONFIG = Path("orchestration/migration.yaml")

NOBODY = (
    *("", "null", "undefined", "none", "nil", "nan", "0", "-1", "anonymous", "unknown", "n/a"),
    "00000000-0000-0000-0000-000000000000",
)
"""Ids that trackers write when they know nobody; they must never link two people."""


class Sessions(Settings):
    """How events become sessions; a gap strictly over the timeout starts a new one."""

    timeout_minutes: Annotated[float, Field(gt=0, lt=1440)] = 30
    use_vendor: bool = False


class Wave(Settings):
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


class IdentityRules(Settings):
    """What may join people. A denylist in the file replaces the default one; case is ignored."""

    denylist: list[str] = list(NOBODY)
    max_users_per_device: Count = 10
    max_component_size: Count = 500

    @field_validator("denylist")
    @classmethod
    def _lower_case(cls, denylist: list[str]) -> list[str]:
        return sorted({each.lower() for each in denylist})


class GateLimits(Settings):
    """Shares (0 to 1) above which a gate blocks; above `quarantined_share` of a source it warns.

    `unmapped_share` blocks nothing until it is set: a first run on an unknown export is unmapped.
    `violation_share` is by kind of violation; a kind that is not named blocks nothing.
    """

    unmapped_share: Share = 1.0
    unreadable_share: Share = 0.1
    lost_share: Share = 0.01
    quarantined_share: Share = 0.01
    violation_share: dict[DefinitionKind, Annotated[float, Field(ge=0, lt=1)]] = {}


class Migration(Settings):
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
    alerts: AlertSettings = AlertSettings()
    freshness: dict[MartName, FreshnessTarget] = {}
    detection: Detection = Detection()
    context: Context = Context()
    activation: dict[Name, Activation] = {}
    retention: Retention = Retention()
    activity_cohorts: ActivityCohorts = ActivityCohorts()
    feedback: Feedback = Feedback()
    subscriptions: Subscriptions = Subscriptions()

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
            if source.fetch is None and self.home.is_relative_to(source.location)
        ]
        if wrong:
            raise refuse(*wrong)
        for name, source in self.sources.items():
            if source.fetch is not None:
                folder = {"location": self.home / FETCHED / name}
                self.sources[name] = source.model_copy(update=folder)
        return self

    @property
    def fetched(self) -> dict[str, SourceConfig]:
        """The sources whose files are fetched."""
        return {name: each for name, each in self.sources.items() if each.fetch is not None}

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

    @property
    def dbt_docs_dir(self) -> Path:
        """The event dictionary as dbt's docs have it."""
        return self.dbt_dir / "docs"

    @property
    def dictionary_page(self) -> Path:
        """The event dictionary as a page."""
        return self.home / "reports" / "dictionary.html"

    @property
    def data_docs_dir(self) -> Path:
        """Every validation of the gates' latest runs, and Great Expectations' pages of them."""
        return self.home / "reports" / "data_docs"

    @property
    def questions_page(self) -> Path:
        """Which mart answers which question, as a page."""
        return self.home / "reports" / "questions.html"

    @property
    def keys_page(self) -> Path:
        """How the marts hang together, as a picture."""
        return self.home / "reports" / "keys.html"

    @property
    def models_page(self) -> Path:
        """dbt's own docs."""
        return self.home / "reports" / "models.html"

    @property
    def mart_variables(self) -> dict[str, Any]:
        """What activation, retention, cohorts, trials and feedback mean, as the models read it."""
        own = mart_variables(
            self.activation, self.retention, self.activity_cohorts, self.subscriptions
        )
        return {**own, "feedback": self.feedback.variables()}

    def settings_fingerprint(self) -> dict[str, str]:
        """A short hash of the settings behind each concern, to see what a change must rebuild.

        Keys: `clock:<source>` (time zone), `reading:<source>` (how its records are read and
        deduplicated), `sessions`, `identity` (with each source's part in it), `surveys` (what their
        answers mean), `reporting_timezone`, `funnels`, `context` (what its files say, and what
        activation, retention, cohorts and feedback mean) and `taxonomy`; the last two read files
        and may raise ConfigurationError.
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
            "context": [asdict(read_context(self.context, self.sources)), self.mart_variables],
            "taxonomy": load_taxonomy(self.taxonomy).model_dump(mode="json"),
        }
        return {concern: _fingerprint(value) for concern, value in settings.items()}


def load_migration(
    path: Path | None = None,
    *,
    vendors: Iterable[str] = KNOWN_VENDORS,
    with_taxonomy: bool = True,
) -> Migration:
    """Read the migration's settings.

    The file is `path`, else the one WAYBILL_CONFIG names, else `orchestration/migration.yaml` below
    the working directory, else the one that ships with the package. Events of funnels and the like
    are held against the taxonomy unless it is left alone, as by what works on the taxonomy itself.

    Raises ConfigurationError with every problem in the file.
    """
    found = _config_path(path, os.environ)
    migration = load_yaml(
        found,
        Migration,
        check=_unknown_events if with_taxonomy else None,
        context={"vendors": tuple(vendors)},
    )
    migration._path = found.absolute()
    knows_events = with_taxonomy and any(migration.context.model_dump().values())
    events = load_taxonomy(migration.taxonomy).events if knows_events else None
    read_context(migration.context, migration.sources, events)
    return migration


def _unknown_events(migration: Migration) -> list[Problem]:
    """Settings that name no event of the taxonomy: they would count nothing."""
    named = [
        *((("funnels", name, "steps"), each.steps) for name, each in migration.funnels.items()),
        *((("funnels", name, "exclude"), each.exclude) for name, each in migration.funnels.items()),
        *(
            (("activation", name, "events"), each.events)
            for name, each in migration.activation.items()
        ),
        (("retention", "events"), migration.retention.events),
    ]
    if not any(events for _, events in named):
        return []
    known = load_taxonomy(migration.taxonomy).events
    return [
        Problem(unknown("event", event, known), (*place, number))
        for place, events in named
        for number, event in enumerate(events)
        if event not in known
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
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
