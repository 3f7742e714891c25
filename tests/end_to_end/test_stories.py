"""A story through the command line: written, run by the whole job, and held against its truth."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.demo.stories import STORIES
from orchestration.evidence.schemas import MARTS

WAYBILL = str(Path(sys.executable).with_name("waybill"))
TRUTH = "data/stories/broken_activation/truth.json"
PACKAGED = Path(__file__).parents[2]
TUTORIAL = PACKAGED / "orchestration" / "demo" / "stories" / "tutorial.md"


def project(folder: Path) -> Path:
    """A folder as the project's own is; its `migration.yaml`."""
    for part in ("expectations/taxonomy.yaml", "orchestration/migration.yaml"):
        (folder / part).parent.mkdir()
        shutil.copy(PACKAGED / part, folder / part)
    return folder / "orchestration" / "migration.yaml"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return project(tmp_path_factory.mktemp("stories"))


def story(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    return subprocess.run(
        [WAYBILL, "story", *arguments, "--config", str(config)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lessons() -> dict[str, list[tuple[str, list[str]]]]:
    """The commands of the tutorial with the lines that it shows below them, by story."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for block in re.findall(r"^```\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL):
        for shown in block.removeprefix("$ ").split("\n$ "):
            command, *lines = shown.rstrip("\n").split("\n")
            if command.startswith("waybill story "):
                found[name := command.split()[-1]] = []
            found[name].append((command, lines))
    return found


def test_the_tutorial_tells_every_story_and_asks_in_both_ways():
    assert lessons().keys() == STORIES.keys()
    for name, steps in lessons().items():
        verbs = {command.split()[1] for command, _ in steps if command.startswith("waybill")}
        assert verbs == {"story", "query", "funnel"}
        assert (f"export WAYBILL_CONFIG=data/stories/{name}/migration.yaml", []) in steps
        assert all(lines for command, lines in steps if command.startswith("waybill"))


@pytest.mark.parametrize("name", STORIES)
def test_the_tutorial_shows_what_its_commands_print(name, config):
    """A line of three dots stands for the rest: paths, which differ from place to place."""
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"} | {"COLUMNS": "80"}
    for command, lines in lessons()[name]:
        verb, *words = shlex.split(command)
        if verb == "export":
            environment.update([words[0].split("=")])
            continue
        done = subprocess.run(
            [WAYBILL, *words],
            cwd=config.parent.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed = [line.rstrip() for line in done.stdout.strip("\n").split("\n")]
        while not printed[-1]:
            printed.pop()
        if lines[-1:] == ["..."]:
            printed[len(lines) - 1 :] = ["..."]
        assert printed == lines, command


def test_a_story_told_again_finds_the_same(config):
    """The broken step is found and its fix measured; the marts of evidence are as described."""
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


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    folder = tmp_path / "data" / "stories" / "tax_deadline"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("kept")
    done = story(project(tmp_path), "tax_deadline")
    assert done.returncode == 2
    assert "choose another folder" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
