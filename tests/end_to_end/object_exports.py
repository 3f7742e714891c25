"""A small export of every vendor of objects, a record an act; one more vendor is one more entry.

Each has the mart that its records are loaded into, and the column with what came as it was written.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.vendor_exports import HOSTILE, Act, Export, _cells, _iso, _json


@dataclass(frozen=True)
class ObjectExport(Export):
    """An export, where its records are loaded, and the column with the hostile texts."""

    mart: str = ""
    verbatim: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def text_of(act: Act) -> str:
    """A text that no reader may change, another one for each act."""
    return f"{act.number} {HOSTILE[act.number % 5]}"


def _hubspot(act: Act) -> bytes:
    return _json(
        {
            "id": text_of(act),
            "properties": {"dealname": "A", "amount": "12.50", "dealstage": "closedwon"},
            "createdAt": _iso(act.at),
            "updatedAt": _iso(act.at),
            "archived": False,
        }
    )


def _salesforce(act: Act) -> bytes:
    return _cells(text_of(act), "Closed Won", "12.50", act.at.date().isoformat(), _iso(act.at))


OBJECT_EXPORTS: dict[str, ObjectExport] = {
    "hubspot": ObjectExport(
        "deals.jsonl", _hubspot, mart="fct_opportunities", verbatim="opportunity_id"
    ),
    "salesforce": ObjectExport(
        "Opportunity.csv",
        _salesforce,
        head=b"Id,StageName,Amount,CloseDate,CreatedDate\n",
        mart="fct_opportunities",
        verbatim="opportunity_id",
    ),
}
