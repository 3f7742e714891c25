"""The page for the weekly review: leading indicators, what moved, who owes what, what people say.

A week is the last seven dates that are closed; dates are those of the reporting zone. A rate is
that of person-days: persons with the event over active persons, each summed over the days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from orchestration.config import Migration
from orchestration.pages import render
from orchestration.quality.report import rows
from orchestration.quality.report.charts import chart_of
from orchestration.quality.report.figures import open_marts
from orchestration.quality.report.history import reports_dir
from orchestration.quality.report.model import Change, Incident
from orchestration.quality.report.page import first_bad_on
from orchestration.quality.report.rows import Marts
from orchestration.quality.report.samples import cut, masked_texts
from orchestration.quality.runbooks import anchors
from orchestration.whole_files import write_whole

WEEK = timedelta(days=7)
VOICES = 12
VOICES_OF_DAYS = 28  # brief surveys give few texts a week
CAUSES_OF = timedelta(days=30)
# Answers up to these are low: NPS detractors by definition, the lower two of five otherwise.
LOW_SCORES = {"nps": 6, "csat": 2, "rating": 2}


@dataclass(frozen=True)
class Rate:
    """An event this week and the week before: persons with it over active persons, day by day."""

    event_name: str
    owner: str | None
    persons: int
    active: int
    persons_before: int
    active_before: int

    @property
    def now(self) -> float | None:
        """This week's share."""
        return self.persons / self.active if self.active else None

    @property
    def before(self) -> float | None:
        """Last week's share."""
        return self.persons_before / self.active_before if self.active_before else None

    @property
    def moved(self) -> float | None:
        """The change in proportion to last week: -0.15 is a fall by 15 %."""
        if self.now is None or not self.before:
            return None
        return self.now / self.before - 1


@dataclass(frozen=True)
class Score:
    """A kind of score in both weeks: NPS from -100 to 100, others as a mean."""

    score_type: str
    answers: int
    value: float | None
    answers_before: int
    value_before: float | None


@dataclass(frozen=True)
class Voice:
    """A text answer of somebody who scored low, masked and cut."""

    on: date
    source: str
    score_type: str
    score: str
    text: str


@dataclass(frozen=True)
class RootCause:
    """Incidents of one cause in the last 30 days."""

    cause: str
    incidents: int
    still_open: int
    lost: float
    median_hours: float | None


@dataclass(frozen=True)
class Week:
    """All that the weekly page shows; `last_on` None before any closed date."""

    written_at: datetime
    timezone: str
    last_on: date | None
    rates: tuple[Rate, ...] = ()
    scores: tuple[Score, ...] = ()
    voices: tuple[Voice, ...] = ()
    changes: tuple[Change, ...] = ()
    incidents: tuple[Incident, ...] = ()

    @property
    def first_on(self) -> date | None:
        """The first date of the week."""
        return self.last_on - WEEK + timedelta(days=1) if self.last_on else None


def read_week(migration: Migration) -> Week:
    """The week as the working marts have it."""
    empty = Week(datetime.now(UTC), migration.reporting_timezone, None)
    with open_marts(migration) as marts:
        last_on = _last_closed(marts) if marts is not None else None
        if marts is None or last_on is None:
            return empty
        since = datetime.combine(last_on - WEEK, datetime.min.time())
        return Week(
            empty.written_at,
            empty.timezone,
            last_on,
            _rates(marts, last_on),
            _scores(marts, last_on),
            _voices(migration, marts, last_on),
            tuple(
                each
                for each in rows.read_changes(marts)
                if each.ended_at is None or (each.detected_at or since) >= since
            ),
            rows.read_incidents(marts) or (),
        )


def _last_closed(marts: Marts) -> date | None:
    found = marts.of(
        "marts.fct_micro_conversion_daily",
        "select max(occurred_on) as day from marts.fct_micro_conversion_daily where not is_open",
    )
    return found[0]["day"] if found else None


def _rates(marts: Marts, last_on: date) -> tuple[Rate, ...]:
    found = marts.rows(
        """with days as (
            select *, occurred_on > ?::date - 7 as is_now
            from marts.fct_micro_conversion_daily
            where platform = '(all)' and source = '(all)'
                and occurred_on > ?::date - 14 and occurred_on <= ?::date
        ),
        -- a date without the event has no row of it, and its active people count all the same
        active as (
            select is_now, sum(active_persons)::bigint as active
            from (select distinct occurred_on, is_now, active_persons from days) group by is_now
        )
        select event_name, any_value(owner_team) as owner,
            coalesce(sum(persons) filter (is_now), 0)::bigint as persons,
            coalesce((select active from active where is_now), 0) as active,
            coalesce(sum(persons) filter (not is_now), 0)::bigint as persons_before,
            coalesce((select active from active where not is_now), 0) as active_before
        from days left join marts.dim_event_types using (event_name)
        group by event_name order by event_name""",
        [last_on] * 3,
    )
    rates = [Rate(**row) for row in found]
    return tuple(sorted(rates, key=lambda rate: (-abs(rate.moved or 0), rate.event_name)))


_SCORE = """case when score_type = 'nps'
    then 100 * (avg((numeric_value >= 9)::int) {0} - avg((numeric_value <= 6)::int) {0})
    else avg(numeric_value) {0} end"""


def _scores(marts: Marts, last_on: date) -> tuple[Score, ...]:
    now, before = "filter (is_now)", "filter (not is_now)"
    found = marts.of(
        "marts.fct_survey_answers",
        f"""select score_type, count(*) {now} as answers, {_SCORE.format(now)} as value,
            count(*) {before} as answers_before, {_SCORE.format(before)} as value_before
        from (select *, occurred_on > ?::date - 7 as is_now from marts.fct_survey_answers)
        where score_type in ('nps', 'csat', 'rating') and numeric_value is not null
            and occurred_on > ?::date - 14 and occurred_on <= ?::date
        group by score_type order by score_type""",
        [last_on] * 3,
    )
    return tuple(Score(**row) for row in found)


def _voices(migration: Migration, marts: Marts, last_on: date) -> tuple[Voice, ...]:
    limits = " or ".join(
        f"(scored.score_type = '{kind}' and scored.numeric_value <= {limit})"
        for kind, limit in LOW_SCORES.items()
    )
    found = marts.of(
        "marts.fct_survey_answers",
        f"""select said.occurred_on as "on", said.source, scored.score_type,
            format('{{:g}}', scored.numeric_value) as score, left(said.answer, 2000) as text
        from marts.fct_survey_answers as said
        join marts.fct_survey_answers as scored
            on said.source = scored.source and said.response_id = scored.response_id
        where said.score_type = 'text' and length(trim(said.answer)) > 2 and ({limits})
            and said.occurred_on > ?::date - {VOICES_OF_DAYS} and said.occurred_on <= ?::date
        qualify row_number() over (
            partition by said.source, said.response_id, said.question_id
            order by scored.question_id) = 1
        order by said.occurred_at desc, said.response_id limit {VOICES}""",
        [last_on] * 2,
    )
    masked = masked_texts(migration, [row["text"] for row in found])
    return tuple(
        Voice(**{**row, "text": cut(text or "")}) for row, text in zip(found, masked, strict=True)
    )


def by_owner(
    incidents: Iterable[Incident], now: datetime
) -> list[tuple[str, list[tuple[Incident, float]]]]:
    """Open incidents with their age in days, the oldest first, by owner; nobody's come first."""
    groups: dict[str, list[tuple[Incident, float]]] = {}
    for each in incidents:
        if each.is_open:
            since = each.detected_at.replace(tzinfo=UTC) if each.detected_at else now
            age = max(0.0, (now - since).total_seconds() / 86_400)
            groups.setdefault(each.owner or "", []).append((each, age))
    return [
        (owner or "nobody", sorted(groups[owner], key=lambda pair: -pair[1]))
        for owner in sorted(groups)
    ]


def root_causes(incidents: Iterable[Incident], now: datetime) -> list[RootCause]:
    """Causes of the last 30 days, those that came most often first."""
    recent: dict[str, list[Incident]] = {}
    for each in incidents:
        since = each.detected_at.replace(tzinfo=UTC) if each.detected_at else now
        if now - since <= CAUSES_OF or each.is_open:
            recent.setdefault(each.cause, []).append(each)
    found = [
        RootCause(
            cause,
            sum(1 + each.reopened for each in same),
            sum(each.is_open for each in same),
            sum(each.lost or 0 for each in same),
            _median([each.hours_to_fix for each in same]),
        )
        for cause, same in recent.items()
    ]
    return sorted(found, key=lambda each: (-each.incidents, -each.lost, each.cause))


def _median(hours: Sequence[float | None]) -> float | None:
    known = [each for each in hours if each is not None]
    return median(known) if known else None


def weekly_html(week: Week) -> str:
    """The page's text."""
    return render(
        "weekly.html.j2",
        title="Weekly review",
        root="",
        w=week,
        zone=week.timezone,
        owners=by_owner(week.incidents, week.written_at),
        causes=root_causes(week.incidents, week.written_at),
        changes=[
            (each, chart_of(each.points, first_bad_on(each, week.timezone)))
            for each in week.changes[: rows.CHARTS]
        ],
        anchors=anchors(),
        voices_of_days=VOICES_OF_DAYS,
    )


def write_weekly(migration: Migration) -> Path:
    """Write the weekly page from the working marts; returns where it is."""
    path = reports_dir(migration) / "weekly.html"
    write_whole(path, weekly_html(read_week(migration)))
    return path
