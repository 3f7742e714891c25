"""The company's context: what is read of its CSV files, and what is refused with file and line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.context_config import (
    TARGET_METRICS,
    CompanyContext,
    Context,
    Cost,
    Period,
    Resource,
    Target,
    Variant,
    read_context,
)
from orchestration.context_files import LAST_DAY
from orchestration.context_tables import SCHEMAS, context_tables
from orchestration.dbt import PROJECT
from orchestration.errors import ConfigurationError

SOURCES = {"app", "shop"}
EVENTS = {"signed_up", "shared"}
FILES = {
    "moves": """name,competitor,from,to,event,platform
launch,Acme,2025-04-01,,shared,ios
""",
    "experiments": """experiment,variant,is_control,from,to,exposure_event,share
form,old,yes,2025-03-01,2025-03-31,signed_up,0.5
form,new,no,2025-03-01,2025-03-31,signed_up,0.5
""",
    "resources": """resource,event,per_event,unit,warning,critical,capacity
support,shared,0.02,agent hours,40,60,80
support,signed_up,0.5,agent hours,,,
""",
    "targets": """metric,event,dimension,segment,from,to,value
weekly_conversion_rate,shared,platform,ios,2025-03-01,2025-03-31,0.12
""",
    "costs": """intervention,event,from,to,cost,currency
coupon,shared,2025-03-01,2025-03-07,1200.5,eur
""",
}


def written(folder: Path, text: str) -> Context:
    path = folder / "campaigns.csv"
    path.write_text(text)
    return Context(campaigns=path)


def test_a_period_is_read_with_what_it_is_limited_to(tmp_path: Path) -> None:
    context = written(
        tmp_path, "name,from,to,source\nspring,2025-03-01,2025-03-07,app\nretired,2025-04-01,,\n"
    )
    assert read_context(context, SOURCES).periods == (
        Period("campaigns", "spring", date(2025, 3, 1), date(2025, 3, 7), "app"),
        Period("campaigns", "retired", date(2025, 4, 1), LAST_DAY),
    )


def test_a_period_covers_its_days_and_its_source() -> None:
    period = Period("closures", "holiday", date(2025, 3, 1), date(2025, 3, 2), "app")
    assert period.covers(date(2025, 3, 2), "app")
    assert not period.covers(date(2025, 3, 3), "app")
    assert not period.covers(date(2025, 3, 1), "shop")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,from,till\n", ":1: unknown column 'till'"),
        ("name,from\n", ":1: column 'to' is missing"),
        ("name,from,to\nx,1 March,2025-03-02\n", ":2: from '1 March' is no date"),
        ("name,from,to\nx,2025-03-03,2025-03-02\n", ":2: to 2025-03-02 is before from"),
        ("name,from,to\n,2025-03-03,2025-03-04\n", ":2: name is empty"),
        ("name,from,to,source\nx,2025-03-03,,ap\n", ":2: unknown source 'ap'; did you mean 'app'?"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_context(written(tmp_path, text), SOURCES)
    assert f"campaigns.csv{told}" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"context\.campaigns cannot be read"):
        read_context(Context(campaigns=tmp_path / "none.csv"), SOURCES)


def all_of_it(folder: Path, **instead: str) -> CompanyContext:
    """Every kind of file, some of them with another text."""
    for kind, text in {**FILES, **instead}.items():
        (folder / f"{kind}.csv").write_text(text)
    return read_context(
        Context(**{kind: folder / f"{kind}.csv" for kind in FILES}), SOURCES, EVENTS
    )


def test_each_kind_of_line_is_typed(tmp_path: Path) -> None:
    march, end = date(2025, 3, 1), date(2025, 3, 31)
    read = all_of_it(tmp_path)
    assert read.periods == (
        Period(
            "moves", "launch", date(2025, 4, 1), LAST_DAY, None, "shared", "ios", competitor="Acme"
        ),
    )
    assert read.experiments == (
        Variant("form", "old", True, march, end, "signed_up", 0.5),
        Variant("form", "new", False, march, end, "signed_up", 0.5),
    )
    assert read.resources == (
        Resource("support", "shared", date.min, LAST_DAY, 0.02, "agent hours", 40.0, 60.0, 80.0),
        Resource("support", "signed_up", date.min, LAST_DAY, 0.5, "agent hours"),
    )
    assert read.targets == (
        Target("weekly_conversion_rate", march, end, 0.12, "shared", "platform", "ios"),
    )
    assert read.costs == (Cost("coupon", march, date(2025, 3, 7), 1200.5, "EUR", "shared"),)


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("moves", ",shared,", ",share,", "2: event: unknown event 'share'; did you mean 'shared'?"),
        ("moves", "competitor", "rival", "1: unknown column 'rival'"),
        ("experiments", "old,yes", "old,perhaps", "2: is_control 'perhaps' is neither true nor"),
        ("experiments", "old,yes", "old,no", "2: experiment 'form' needs exactly one variant with"),
        ("experiments", "form,new", "form,old", "2: experiment 'form' has a variant twice"),
        ("experiments", "up,0.5\nform,new", "up,0.6\nform,new", "2: shares of experiment 'form'"),
        ("experiments", "signed_up,0.5\nform", "signed_in,0.5\nform", "2: exposure_event: unknown"),
        ("resources", "40,60", "70,60", "2: warning 70 is above critical 60; swap them"),
        ("resources", "0.02", "-1", "2: per_event '-1' is below 0"),
        (
            *("resources", "0.5,agent hours", "0.5,boxes"),
            "3: resource 'support' is in boxes here and in agent hours above",
        ),
        ("resources", "40,60,80", "40,60,few", "2: capacity 'few' is no number"),
        ("resources", "0.02", "nan", "2: per_event 'nan' is no number"),
        ("targets", "ios", "", "2: dimension and segment go together"),
        ("targets", "0.12", "", "2: value is empty"),
        (
            "targets",
            "weekly_",
            "weakly_",
            "2: metric: unknown metric 'weakly_conversion_rate'; did you mean"
            " 'weekly_conversion_rate'?",
        ),
        ("targets", "platform,ios", "platfrom,ios", "2: dimension: unknown dimension of weekly_"),
        ("costs", "eur", "euro", "2: currency 'euro' is no currency; write its code like EUR"),
        ("costs", "1200.5", "1,200.5", "2: more cells than columns"),
    ],
)
def test_a_line_that_makes_no_sense_is_told(
    tmp_path: Path, kind: str, old: str, new: str, told: str
) -> None:
    assert FILES[kind].count(old) == 1
    with pytest.raises(ConfigurationError) as refused:
        all_of_it(tmp_path, **{kind: FILES[kind].replace(old, new)})
    assert f"{kind}.csv:{told}" in str(refused.value)


def test_the_metrics_of_targets_are_those_that_models_compare() -> None:
    compared: set[str] = set()
    for path in (PROJECT / "models" / "marts").rglob("*.sql"):
        sql = path.read_text()
        if "source('control', 'context_targets')" in sql:
            condition = sql.split("targets.metric =")[1].split("starts_on")[0]
            compared |= {name for name in re.findall(r"'(\w+)'", condition) if name != "day"}
    assert set(TARGET_METRICS) == compared


def test_every_line_has_its_place_in_the_tables(tmp_path: Path) -> None:
    tables = {name: (rows, schema) for name, rows, schema in context_tables(all_of_it(tmp_path))}
    assert set(tables) == set(SCHEMAS)
    for rows, schema in tables.values():
        assert rows
        assert all(set(row) == set(schema.names) for row in rows)
        pa.Table.from_pylist(rows, schema=schema)
