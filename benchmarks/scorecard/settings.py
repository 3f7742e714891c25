"""The migration the laboratory runs: its migration.yaml, dictionary and company context.

Paths are relative to the folder, so a copy of the folder is a laboratory of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.scorecard.sources import (
    ADOBE,
    AMPLITUDE,
    MIXPANEL,
    SEGMENT,
    SHOP,
    SURVEY,
    TOOLS,
)
from benchmarks.scorecard.vendors import EVARS, QUESTIONS
from benchmarks.scorecard.world import ACTS, VALUES, Push, World

CONFIG = "migration.yaml"
OWNERS = {"app_opened": "platform", "logged_in": "identity", "order_paid": "commerce"}


def write_settings(
    folder: Path, world: World, sources: Mapping[str, Mapping[str, Any]] | None = None
) -> Path:
    """Write the settings of a world; `sources` changes settings of a source. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "taxonomy.yaml").write_text(_yaml(_taxonomy()))
    context = folder / "context"
    context.mkdir(exist_ok=True)
    _pushes(context / "campaigns.csv", world.campaigns)
    _pushes(context / "closures.csv", world.holidays)
    path = folder / CONFIG
    path.write_text(_yaml(_migration(sources or {})))
    return path


def _migration(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    from orchestration.config import Migration

    kinds: dict[str, dict[str, Any]] = {
        ADOBE: {
            "timezone": "America/New_York",
            "login": "evar1",
            "properties": {f"evar{11 + n}": key for n, key in enumerate(EVARS)},
        },
        MIXPANEL: {"timezone": "UTC", "identity": {"mode": "simplified"}},
        SHOP: {
            "timezone": "America/New_York",
            "columns": {
                "event": "event",
                "occurred_at": "timestamp",
                "received_at": "logged_at",
                "event_id": "id",
                "user_id": "user_id",
                "platform": "platform",
            },
        },
        SURVEY: {
            "vendor": "typeform",
            "identity": {"user_field": "user_id"},
            "score_types": dict(QUESTIONS),
        },
    }
    settings: dict[str, Any] = {
        "home": "home",
        "taxonomy": "taxonomy.yaml",
        "reporting_timezone": "UTC",
        "sources": {
            name: {
                "location": f"exports/{name}",
                **({"vendor": TOOLS[name].vendor} if name in TOOLS else {}),
                **kinds.get(name, {}),
                **changes.get(name, {}),
            }
            for name in (AMPLITUDE, MIXPANEL, ADOBE, SEGMENT, SHOP, SURVEY)
        },
        "funnels": {
            "onboarding": {
                "steps": ["app_opened", "tutorial_started", "reminder_enabled"],
                "within": "1d",
                "per": "person",
            },
            "checkout": {
                "steps": ["cart_opened", "payment_started", "order_paid"],
                "within": "1d",
                "per": "person",
            },
        },
    }
    # a migration that cannot be told its campaigns has to do without
    if "context" in Migration.model_fields:
        settings["context"] = {
            "campaigns": "context/campaigns.csv",
            "closures": "context/closures.csv",
        }
    return settings


def _taxonomy() -> dict[str, Any]:
    return {
        "version": 1,
        "events": {
            act.name: {
                "description": f"A person did what {act.name.replace('_', ' ')} says.",
                "kind": act.kind,
                "owner": OWNERS.get(act.name, "product"),
                "aliases": {
                    source: [tool.names[act.name]]
                    for source, tool in TOOLS.items()
                    if act.name in tool.names and tool.names[act.name] != act.name
                },
                "primary": {_primary(act.name): {"from": "2025-01-01"}},
                **({"properties": found} if (found := _properties(act.name)) else {}),
            }
            for act in ACTS
        },
    }


def _primary(name: str) -> str:
    if name in TOOLS[SHOP].names:
        return SHOP
    return AMPLITUDE if name in TOOLS[AMPLITUDE].names else SEGMENT


def _properties(name: str) -> dict[str, Any]:
    """The topics and the channels are listed; what the other properties may hold is not."""
    if name in VALUES:
        key, values = VALUES[name]
        about: dict[str, Any] = {"description": f"Which {key}.", "type": "string"}
        is_listed = name in ("tutorial_started", "reminder_enabled")
        return {key: {**about, "enum": list(values), "required": True} if is_listed else about}
    if name == "message_shared":
        return {"length": {"description": "Characters of the message.", "type": "integer"}}
    if name == "cart_opened":
        return {"items": {"description": "Things in the basket.", "type": "integer"}}
    if name == "order_paid":
        return {
            "amount": {"description": "Price in US dollars.", "type": "number"},
            "currency": {"description": "ISO code of the price.", "type": "string"},
        }
    return {}


def _pushes(path: Path, pushes: Sequence[Push]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "from", "to"))
        writer.writerows((push.name, push.first, push.last) for push in pushes)


def _yaml(value: dict[str, Any]) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
