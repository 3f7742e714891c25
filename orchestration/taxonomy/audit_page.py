"""An audit as JSON and as a page that stands alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from orchestration.pages import render
from orchestration.taxonomy.audit import FoundName, Inventory
from orchestration.taxonomy.audit_findings import Finding


def violations_by_kind(inventory: Inventory) -> dict[str, int]:
    """Records that break a rule, by kind, the most first."""
    totals: dict[str, int] = defaultdict(int)
    for each in inventory.violations:
        totals[each.kind] += each.records
    return dict(sorted(totals.items(), key=lambda each: (-each[1], each[0])))


def by_owner(names: Sequence[FoundName]) -> list[tuple[tuple[str, str], list[FoundName]]]:
    """Names by owner and source, what nobody owns first."""
    groups: dict[tuple[str, str], list[FoundName]] = {}
    for name in names:
        owner = name.owner or ("no owner" if name.event is not None else "")
        groups.setdefault((owner, name.source), []).append(name)
    return sorted(groups.items())


def to_json(inventory: Inventory, found: Sequence[Finding]) -> dict[str, Any]:
    """The audit as one object; shares are from 0 to 1, times UTC."""
    return {
        "records": inventory.records,
        "repeated": inventory.repeated,
        "findings": [asdict(each) for each in found],
        "violations_by_kind": violations_by_kind(inventory),
        "violations": [asdict(each) for each in inventory.violations],
        "names": [_name_to_json(name) for name in inventory.names],
    }


def _name_to_json(name: FoundName) -> dict[str, Any]:
    return {
        **asdict(name),
        "first_seen": name.first_seen.isoformat(),
        "last_seen": name.last_seen.isoformat(),
        "properties": [
            {
                **asdict(each),
                "empty_share": round(each.empty_share, 6),
                "top": [{"value": value, "records": records} for value, records in each.top],
            }
            for each in name.properties
        ],
    }


def to_html(
    inventory: Inventory, found: Sequence[Finding], *, read_from: str, written: datetime
) -> str:
    """The audit as one HTML file."""
    return render(
        "audit.html.j2",
        title="What really arrives",
        inventory=inventory,
        found=found,
        groups=by_owner(inventory.names),
        read_from=read_from,
        written=f"{written:%Y-%m-%d %H:%M}",
    )
