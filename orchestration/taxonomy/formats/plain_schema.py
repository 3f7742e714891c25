"""A JSON Schema that stands alone, in no plan: one event, named by its title or its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.taxonomy.formats.json_schema import Dialect, section_fields
from orchestration.taxonomy.formats.parts import Draft, Reading
from orchestration.taxonomy.formats.references import inlined


def is_plain_schema(document: Any) -> bool:
    """Whether a document is a JSON Schema of an object, and nothing more."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("properties"), Mapping)
        and ("$schema" in document or document.get("type") == "object")
        and "self" not in document
    )


def plain_draft(document: Mapping[str, Any], path: Path, dialect: Dialect) -> Draft:
    """The one event of a JSON Schema."""
    title = document.get("title")
    name = title if isinstance(title, str) and title else path.name.split(".")[0]
    reading = Reading(dialect.namespace)
    fields = section_fields(inlined(document), reading, dialect)
    return Draft(name, (name,), fields, (name,), reading.dropped)
