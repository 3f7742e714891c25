"""A small export of every vendor of objects, a record an act; one more vendor is one more entry.

Each has the mart that its records are loaded into, and the column with what came as it was written.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.vendor_exports import HOSTILE, Act, Export, _cells, _iso, _json, _seconds


@dataclass(frozen=True)
class ObjectExport(Export):
    """An export, where its records are loaded, and the column with the hostile texts."""

    mart: str = ""
    verbatim: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def text_of(act: Act) -> str:
    """A text that no reader may change, another one for each act."""
    return f"{act.number} {HOSTILE[act.number % 5]}"


def _stripe(act: Act) -> bytes:
    return _json(
        {
            "id": text_of(act),
            "object": "charge",
            "amount": 1250,
            "currency": "usd",
            "created": _seconds(act.at),
            "status": "succeeded",
            "paid": True,
            "captured": True,
            "livemode": True,
        }
    )


def _zendesk(act: Act) -> bytes:
    return _json(
        {
            "id": text_of(act),
            "requester_id": act.device,
            "submitter_id": 1,
            "status": "open",
            "created_at": _iso(act.at),
            "updated_at": _iso(act.at),
        }
    )


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


def _braze(act: Act) -> bytes:
    return _json(
        {
            "event_type": "users.messages.email.Send",
            "id": text_of(act),
            "time": _seconds(act.at),
            "user": {"user_id": act.device, "external_user_id": act.user},
            "properties": {"campaign_id": "c"},
        }
    )


def _violation(act: Act) -> bytes:
    return _json(
        {
            "type": "track",
            "event": "Violation Generated",
            "messageId": f"sch-{act.number}",
            "receivedAt": _iso(act.at),
            "properties": {"eventName": text_of(act), "violationType": "Required"},
        }
    )


def _figure(act: Act) -> bytes:
    return _cells(act.at.date().isoformat(), text_of(act), act.number)


def _salesforce(act: Act) -> bytes:
    return _cells(text_of(act), "Closed Won", "12.50", act.at.date().isoformat(), _iso(act.at))


OBJECT_EXPORTS: dict[str, ObjectExport] = {
    "stripe": ObjectExport("charges.jsonl", _stripe, mart="fct_invoices", verbatim="document_id"),
    "zendesk": ObjectExport(
        "tickets.jsonl", _zendesk, mart="fct_support_tickets", verbatim="ticket_id"
    ),
    "marketing_automation": ObjectExport(
        "events.jsonl", _braze, mart="fct_campaign_touches", verbatim="touch_id"
    ),
    "failed_events": ObjectExport(
        "violations.jsonl", _violation, mart="fct_failed_events", verbatim="event_name"
    ),
    "legacy_report": ObjectExport(
        "figures.csv",
        _figure,
        head=b"Date,Name,Count\n",
        mart="fct_legacy_figures",
        verbatim="segment ->> 'Name'",
        settings={
            "reports": {
                "counts": {
                    "files": "*.csv",
                    "period": "Date",
                    "segments": ["Name"],
                    "metrics": {"count": {"definition": "Acts", "column": "Count"}},
                }
            }
        },
    ),
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
