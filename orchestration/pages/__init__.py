"""Pages that stand alone: one HTML file, nothing fetched, everything from data escaped."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

PACKAGES = ("orchestration.pages", "orchestration.taxonomy", "orchestration.quality.report")


def render(template: str, **values: Any) -> str:
    """The text of a page of the `templates/` of one of `PACKAGES`."""
    return _ENVIRONMENT.get_template(template).render(**values)


def thousands(number: float | None) -> str:
    """12345.6 as `12,346`; nothing as a dash.

    >>> thousands(12345.6), thousands(None)
    ('12,346', '-')
    """
    return "-" if number is None else f"{number:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 as a percentage; nothing as a dash.

    >>> percent(0.123), percent(1, 0)
    ('12.3 %', '100 %')
    """
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def local(moment: datetime | None, zone: str, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A UTC moment (naive or aware) in a zone; the page names the zone."""
    if moment is None:
        return "-"
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo("UTC"))
    return aware.astimezone(ZoneInfo(zone)).strftime(pattern)


def code(text: str) -> Markup:
    """Text in which what stands in backticks, and a command that accepts a rule, is code.

    >>> code("run `waybill verify` <now>")
    Markup('run <code>waybill verify</code> &lt;now&gt;')
    """
    parts = re.split(r'`([^`]+)`|(waybill run --accept [^"`]+"[^"]*")', text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 3 else escape(part)
        for number, part in enumerate(parts)
        if part is not None
    )


def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in PACKAGES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(thousands=thousands, percent=percent, local=local, code=code)
    return environment


_ENVIRONMENT = _environment()
