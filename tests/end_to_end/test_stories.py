"""A story through the command line: written, run by the whole job, and held against its truth."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.evidence.schemas import MARTS

WAYBILL = str(Path(sys.executable).with_name("waybill"))
TRUTH = "data/stories/broken_activation/truth.json"
PACKAGED = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories")
    for part in ("expectations/taxonomy.yaml", "orchestration/migration.yaml"):
        (folder / part).parent.mkdir()
        shutil.copy(PACKAGED / part, folder / part)
    return folder / "orchestration" / "migration.yaml"


def story(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    return subprocess.run(
        [WAYBILL, "story", *arguments, "--config", str(config)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_broken_step_is_found_and_its_fix_measured(config):
    done = story(config, "broken_activation", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert [each["what"] for each in printed["recovered"] if not each["is_recovered"]] == []
    assert len(printed["recovered"]) == 5
    with duckdb.connect(printed["warehouse"], read_only=True) as connection:
        comments = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        )
        assert {name: comments[name] for name in MARTS} == {
            name: mart.comment for name, mart in MARTS.items()
        }
        for name, mart in MARTS.items():
            described = connection.execute(f"describe marts.{name}").fetchall()
            assert [column[0] for column in described] == mart.schema.names
        assert connection.execute(
            "select count(*) from marts.fct_experiments where fresh_at is null"
        ).fetchone() == (0,)
        # respondents are not like those who were active: the plain score misses the truth
        truth = json.loads((config.parent.parent / TRUTH).read_text())["survey"]["nps"]
        low, high = connection.execute(
            """select nps_low, nps_high from marts.fct_satisfaction
            where event_name = '(all)' and dimension = '(all)' and period_start = '2025-03-01'"""
        ).fetchone()
        assert not low <= 100 * truth <= high


def test_an_unknown_story_is_refused_with_the_nearest(config):
    done = story(config, "broken_activaton")
    assert done.returncode == 2
    assert "broken_activation" in done.stderr


def test_a_folder_that_holds_something_else_is_left_alone(config):
    folder = config.parent.parent / "data" / "stories" / "tax_deadline"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("kept")
    done = story(config, "tax_deadline")
    assert done.returncode == 2
    assert "choose another folder" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
