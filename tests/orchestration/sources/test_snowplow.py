"""Snowplow's enriched lines are known by their 131 fields, its tables by their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.landing.reading import Reading, recogniser, records
from orchestration.source_config import SourceConfig
from orchestration.sources import REGISTRY, Framing, Head, recognise
from orchestration.sources.snowplow import FIELDS

CONFIG = SourceConfig(vendor="snowplow", location=Path("exports"))
HEADER = "event_id,collector_tstamp,v_tracker,domain_userid,event_name\n"


def enriched(**cells: str) -> str:
    filled = {
        "event": "page_view",
        "event_id": "5a1b0c9e-0000-4000-8000-000000000001",
        "collector_tstamp": "2025-01-01 00:00:00.5",
    } | cells
    return "\t".join(filled.get(name, "") for name in FIELDS)


def framed(path: Path, data: str) -> tuple[list[dict[str, Any]], Reading]:
    path.write_text(data)
    reading = Reading()
    recognising = recogniser(REGISTRY["snowplow"].recognise, CONFIG)
    batches = list(records(path, path.name, recognising, reading))
    return [row for batch in batches for row in batch.to_pylist()], reading


def test_there_are_131_fields_with_a_name_each() -> None:
    assert len(FIELDS) == len(set(FIELDS)) == 131


@pytest.mark.parametrize(
    ("data", "framing"),
    [
        (enriched() + "\n", Framing("tsv", names=FIELDS)),
        (enriched(true_tstamp="2025-01-01 00:00:00") + "\n", Framing("tsv", names=FIELDS)),
        (HEADER + "1,2025-01-01 00:00:00,js,d,a\n", Framing("csv")),
        (HEADER.replace(",", "\t") + "1\t2\t3\t4\t5\n", Framing("csv", delimiter="\t")),
        (
            '{"event_id":"1","collector_tstamp":"2","v_tracker":"js","domain_userid":null}\n',
            Framing("lines"),
        ),
    ],
)
def test_snowplow_is_recognised_by_its_fields(data: str, framing: Framing) -> None:
    assert recognise(Head("run.gz", data.encode(), True)) == ("snowplow", framing)


def test_parquet_is_recognised_by_its_schema() -> None:
    columns = ("event_id", "collector_tstamp", "v_tracker", "domain_userid")
    assert recognise(Head("a", b"PAR1", True, columns)) == ("snowplow", Framing("parquet"))


@pytest.mark.parametrize(
    "line",
    [
        enriched(event="something"),
        enriched(collector_tstamp="yesterday"),
        enriched() + "\t",
        "\t".join(["x"] * 131),
    ],
)
def test_131_fields_alone_are_nobodys(line: str) -> None:
    guess = recognise(Head("a.tsv", f"{line}\n".encode(), True))
    assert guess is None or guess[0] == "tabular"


def test_a_line_with_another_number_of_fields_is_quarantined(tmp_path: Path) -> None:
    lines = [enriched(), enriched() + "\tmore", enriched().rsplit("\t", 1)[0], enriched()]
    rows, reading = framed(tmp_path / "a.tsv", "\n".join(lines) + "\n")
    errors = [row["framing_error"] for row in rows]
    assert errors == [None, "wrong_column_count", "wrong_column_count", None]
    assert [row["raw"] for row in rows] == lines and reading.tally.torn is None


def test_a_file_of_wrong_lines_alone_is_quarantined_line_by_line(tmp_path: Path) -> None:
    rows, _ = framed(tmp_path / "a.tsv", (enriched() + "\tmore\n") * 2)
    assert [row["framing_error"] for row in rows] == ["wrong_column_count"] * 2


def test_a_quote_is_text_and_empty_fields_are_absent(tmp_path: Path) -> None:
    rows, _ = framed(tmp_path / "a.tsv", enriched(page_title='5" pipe') + "\n")
    assert rows[0]["record"] == (
        '{"collector_tstamp":"2025-01-01 00:00:00.5","event":"page_view",'
        '"event_id":"5a1b0c9e-0000-4000-8000-000000000001","page_title":"5\\" pipe"}'
    )


SAMPLES = Path(__file__).parents[4] / "shared/samples/snowplow"


@pytest.mark.skipif(not SAMPLES.exists(), reason="real exports lie beside the project only")
@pytest.mark.parametrize(
    ("name", "count"), [("snowplow_web_events.csv", 160), ("enriched_event_131_fields.tsv", 1)]
)
def test_exports_written_by_others(name: str, count: int) -> None:
    reading = Reading()
    recognising = recogniser(REGISTRY["snowplow"].recognise, CONFIG)
    rows = [r for b in records(SAMPLES / name, name, recognising, reading) for r in b.to_pylist()]
    assert len(rows) == count and {row["framing_error"] for row in rows} == {None}
