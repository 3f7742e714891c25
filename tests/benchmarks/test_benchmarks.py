"""The benchmark's own parts: what is compared gives the right counts, what is counted is right."""

import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.exports import size_of
from benchmarks.landing import land_all
from benchmarks.processes import ProcessFailed, measure
from benchmarks.profiling import RecordedConnection, Recorder, Rows
from benchmarks.reference import run_reference
from orchestration.demo import generate_mixpanel


def test_the_reference_and_our_landing_take_every_row(tmp_path, write):
    generate_mixpanel(
        tmp_path / "exports", events=3_000, days=3, persons=100, seed=1, link_share=0.1
    )
    answer = run_reference(tmp_path / "exports", tmp_path / "out")
    assert answer["counts"]["events"] == 3_000
    assert 0 < answer["counts"]["persons"] < answer["counts"]["sessions"] <= 3_000
    taxonomy = Path("expectations/taxonomy.yaml").absolute()
    config = write(
        "migration.yaml",
        f"""
        home: home
        taxonomy: {taxonomy}
        sources:
          mixpanel_app: {{vendor: mixpanel, location: exports, timezone: UTC}}
        """,
    )
    assert land_all(config)["records"] == 3_000
    assert land_all(config)["records"] == 0


def test_rows_are_counted_by_owner(tmp_path):
    recorder = Recorder(tmp_path)
    with duckdb.connect(tmp_path / "some.duckdb") as connection:
        connection.execute("create table numbers as select range as n from range(10000)")
        recorded = RecordedConnection(connection, recorder, "model")
        recorded.execute(
            """create temp table few as select n from numbers where n < 10;
            create table more as select n from numbers where n < 100;
            delete from more where n in (select n from few);
            insert into more select n from few"""
        )
        assert recorded.execute("select sum(n) from more").fetchall() == [(4950,)]
        recorder.settle()
    found = recorder.rows["model"]
    assert found.written == 110
    assert found.taken == 10 + 100 + (10 + 10) + 10 + 100
    assert found.scanned >= found.taken
    assert Rows(1, 2, 3) + Rows(1, 1, 1) == Rows(2, 3, 4)


def test_a_process_is_measured_with_its_children(tmp_path):
    hungry = "import time; b = bytearray(100 << 20); time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}]); print(1)"
    measured = measure([sys.executable, "-c", parent], tmp_path, limit_seconds=60)
    assert measured.peak_bytes > 100 << 20
    assert measured.seconds > 0.6
    assert measured.answer() == 1
    with pytest.raises(ProcessFailed, match="ended with 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, limit_seconds=60)
    with pytest.raises(ProcessFailed, match="not done after"):
        measure([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, limit_seconds=0.5)


def test_sizes_as_people_write_them():
    assert [size_of(text) for text in ("500", "100k", "10M", "1.5m")] == [
        500,
        100_000,
        10_000_000,
        1_500_000,
    ]
    with pytest.raises(ValueError, match="could not convert"):
        size_of("many")
