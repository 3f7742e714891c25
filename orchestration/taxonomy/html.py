"""Pages that stand alone: one HTML file, nothing fetched, everything from data escaped."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=PackageLoader("orchestration.taxonomy"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: Any) -> str:
    """The text of a page of `templates/`."""
    return _ENVIRONMENT.get_template(template).render(**values)
