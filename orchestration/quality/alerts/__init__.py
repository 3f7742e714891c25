"""Alerts: people are told of incidents over their channels, once, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestration.config import Migration
from orchestration.quality.alerts import outbox
from orchestration.quality.alerts.due import News, key_of, news_of
from orchestration.quality.alerts.outbox import Attempt, Message
from orchestration.quality.alerts.sending import send
from orchestration.quality.alerts.wording import body_of, in_order, title_of
from orchestration.quality.incidents.log import history
from orchestration.quality.incidents.telling import current_incidents
from orchestration.quality.tables import ALERT_DELIVERIES, replace_table

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Delivered:
    """What one round did: messages made, sent, and still waiting; news that wait for their time.

    `failures` are answers by route.
    """

    queued: int
    sent: int
    waiting: int
    delayed: int
    failures: dict[str, str]


def deliver_alerts(
    migration: Migration,
    run_id: str | None = None,
    *,
    at_once: bool = False,
    clock: Clock = lambda: datetime.now(UTC),
) -> Delivered:
    """Queue what people are to be told now and send what waits.

    `run_id` is the run that is being concluded, None from the sensor. A channel that fails is left
    alone for a while, which doubles with each failure, unless `at_once`; no channel keeps another
    from being used. Called again it tells nothing twice.
    """
    if not migration.alerts.routes:
        return Delivered(0, 0, 0, 0, {})
    with outbox.sole_sender(migration):
        queued, delayed = _queue(migration, run_id, clock())
        sent, failures = _send_waiting(migration, at_once, clock)
        waiting = len(outbox.read_mail(migration).waiting())
    return Delivered(queued, sent, waiting, delayed, failures)


def write_alert_deliveries(migration: Migration) -> int:
    """Replace `quality.fct_alert_deliveries` by what is on file. The caller is the one writer."""
    rows = outbox.delivery_rows(outbox.read_mail(migration))
    return replace_table(migration, "fct_alert_deliveries", ALERT_DELIVERIES, rows)


def _queue(migration: Migration, run_id: str | None, now: datetime) -> tuple[int, int]:
    log, incidents = history(migration), current_incidents(migration)
    mail = outbox.read_mail(migration)
    messages, delayed = [], 0
    for name in migration.alerts.routes:
        due, later = news_of(name, migration.alerts, incidents, log, mail, now)
        delayed += len(later)
        if due:
            messages.append(_message(migration, name, due, run_id, now))
    outbox.put(migration, messages)
    return len(messages), delayed


def _message(
    migration: Migration, route: str, news: list[News], run_id: str | None, now: datetime
) -> Message:
    worst = in_order(news)[0]
    key = key_of(route, news)
    return Message(
        key=key,
        route=route,
        at=now.isoformat(),
        severity="notice" if worst.is_good else worst.incident.facts.severity,
        title=title_of(news),
        body=body_of(news, migration, key, now),
        refs=tuple(each.ref for each in news),
        incident_ids=tuple(dict.fromkeys(each.incident.incident_id for each in news)),
        run_id=run_id or worst.event.run_id,
    )


def _send_waiting(migration: Migration, at_once: bool, clock: Clock) -> tuple[int, dict[str, str]]:
    mail = outbox.read_mail(migration)
    sent = 0
    failures: dict[str, str] = {}
    for message in mail.waiting():
        route = migration.alerts.routes.get(message.route)
        if route is None:
            failures[message.route] = "is no route of migration.yaml any more"
        if route is None or message.route in failures:
            continue  # a channel that just failed would only fail again
        rests_until = mail.rests_until(message.route)
        if not at_once and rests_until is not None and clock() < rests_until:
            continue
        taken, answer = send(route, message.title, message.body, message.severity)
        at = clock().isoformat()
        outbox.note(migration, Attempt(message.key, message.route, at, taken, answer))
        sent += taken
        if not taken:
            failures[message.route] = answer
    return sent, failures
