"""The settings of alerts: who is told of which incidents, over which channel, and when not."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from orchestration.setting_types import Duration, Settings, Text, TimeZone
from orchestration.yaml_models import Name, Problem, refuse

Severity = Literal["critical", "warning", "notice"]


def _time_of_day(value: Any) -> Any:
    # YAML reads an unquoted 22:00 as a number to the base of 60, and 07:00 as text
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(*divmod(value, 60))
    if isinstance(value, str) and re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        hour, minute = value.split(":")
        return time(int(hour), int(minute))
    raise refuse(f"'{value}' is no time of day; write it like 22:00")


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]


class QuietHours(Settings):
    """From one time of day to another, over midnight where the second is the earlier."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: TimeZone = "UTC"

    def hold(self, moment: datetime) -> bool:
        """Whether a moment (that knows its zone) lies in them."""
        local = moment.astimezone(ZoneInfo(self.timezone)).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


class Route(Settings):
    """One channel. Its address is a secret: better named by `url_env` than written as `url`.

    Addresses are Apprise's (`slack://`, `msteams://`, `mailtos://`, `pagerduty://`, `json://`).
    Without `owner` it takes the incidents of every team. Quiet hours delay what is not critical;
    with `quiet_critical` that too.
    """

    url_env: Text | None = None
    url: SecretStr | None = None
    owner: Text | None = None
    severities: Annotated[list[Severity], Field(min_length=1)] = ["critical", "warning"]
    quiet_hours: QuietHours | None = None
    quiet_critical: bool = False

    @field_validator("url_env")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            # what stands there may be the secret itself: it is not repeated
            raise refuse("must name an environment variable, like SLACK_URL, not hold the address")
        return name

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise refuse(Problem("give either url_env or url: the channel's address", ("url_env",)))
        return self

    def is_quiet(self, moment: datetime) -> bool:
        """Whether quiet hours hold now."""
        return self.quiet_hours is not None and self.quiet_hours.hold(moment)


class AlertSettings(Settings):
    """Channels, and how often they speak.

    What is not critical waits until `group_minutes` have passed since the route's last message, and
    goes out in one. A critical incident that nobody acknowledges is told again every
    `repeat_after`. `report_url` is where the folder `<home>/reports` is served.
    """

    routes: dict[Name, Route] = {}
    group_minutes: Annotated[int, Field(strict=True, ge=0)] = 5
    repeat_after: Duration = timedelta(hours=24)
    report_url: Text | None = None
