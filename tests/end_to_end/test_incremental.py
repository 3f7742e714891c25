"""The law of the spine: any order, split or interruption gives the marts of one full build."""

import os
import random
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.config import load_migration
from orchestration.warehouse import work_file
from tests.end_to_end import steps
from tests.end_to_end.scenario import CONFIG, TAXONOMY, File, deliveries

SEEDS = [int(seed) for seed in os.environ.get("WAYBILL_TEST_SEEDS", "1").split(",")]


def lay_out(folder: Path) -> Path:
    for source in ("mp", "amp"):
        (folder / "exports" / source).mkdir(parents=True)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "migration.yaml").write_text(CONFIG)
    return folder / "migration.yaml"


def deliver(config: Path, files: list[File]) -> None:
    for file in files:
        (config.parent / "exports" / file.source / file.name).write_bytes(file.content)


def shuffled(files: list[File], draw: random.Random) -> list[File]:
    """Any order in which versions of one name keep theirs: the last one has to stay the last."""
    order = files[:]
    draw.shuffle(order)
    versions: dict[tuple[str, str], list[File]] = {}
    for file in files:
        versions.setdefault((file.source, file.name), []).append(file)
    return [versions[file.source, file.name].pop(0) for file in order]


def batches(files: list[File], draw: random.Random) -> list[list[File]]:
    """Random splits; two versions of a name never arrive together, or one would not be seen."""
    split: list[list[File]] = [[]]
    for file in files:
        taken = {(f.source, f.name) for f in split[-1]}
        if split[-1] and ((file.source, file.name) in taken or draw.random() < 0.2):
            split.append([])
        split[-1].append(file)
    return split


@pytest.fixture(scope="module", params=SEEDS)
def world(request, tmp_path_factory):
    """(seed, files, marts of a build from nothing over all of them, its ledger)."""
    files = deliveries(request.param)
    config = lay_out(tmp_path_factory.mktemp("full"))
    migration = load_migration(config)
    for each in split_by_version(files):
        deliver(config, each)
        steps.land_all(migration)
    steps.build(migration)
    return request.param, files, steps.fingerprints(migration), steps.ledger(migration)


def split_by_version(files: list[File]) -> list[list[File]]:
    rounds: list[list[File]] = []
    for file in files:
        place = next(
            (r for r in rounds if (file.source, file.name) not in {(f.source, f.name) for f in r}),
            None,
        )
        if place is None:
            rounds.append(place := [])
        place.append(file)
    return rounds


def test_any_arrival_order_and_split_gives_the_marts_of_a_full_build(world, tmp_path):
    seed, files, expected, ledger = world
    draw = random.Random(seed + 1000)
    config = lay_out(tmp_path)
    for batch in batches(shuffled(files, draw), draw):
        deliver(config, batch)
        migration = steps.run(config)
    assert steps.fingerprints(migration) == expected
    assert steps.ledger(migration) == ledger


def test_running_again_is_a_no_op(world, tmp_path):
    _, files, _, _ = world
    config = lay_out(tmp_path)
    deliver(config, split_by_version(files)[0][:4])
    before = steps.fingerprints(steps.run(config))
    migration = load_migration(config)
    steps.land_all(migration)
    from orchestration import pipeline

    assert pipeline.plan_staging(migration) == []
    assert pipeline.plan_marts(migration).is_empty
    assert steps.fingerprints(steps.run(config)) == before


def test_tables_of_an_older_release_are_made_anew(world, tmp_path):
    """A new column of a model failed on the table that was there, in every run from then on."""
    _, files, _, _ = world
    config = lay_out(tmp_path)
    deliver(config, split_by_version(files)[0][:4])
    migration = steps.run(config)
    before = steps.fingerprints(migration)
    with duckdb.connect(work_file(migration)) as connection:
        connection.execute("alter table staging.stg_mixpanel__events drop column record_part")
        for table in ("staging_code", "staged", "built", "built_settings"):
            connection.execute(f"update control.{table} set fingerprint = 'older'")
    assert steps.fingerprints(steps.run(config)) == before


def test_a_build_killed_between_models_is_finished_by_the_next(world, tmp_path):
    """Kill after the spine: the old persons' days are known only from the stored rebuild set."""
    from orchestration import pipeline

    _, files, expected, _ = world
    config = lay_out(tmp_path)
    rounds = split_by_version(files)
    deliver(config, rounds[0][: len(rounds[0]) // 2])
    migration = steps.run(config)
    for batch in (rounds[0][len(rounds[0]) // 2 :], *rounds[1:]):
        deliver(config, batch)
        steps.land_all(migration)
        pipeline.plan_staging(migration)
        steps.run_dbt(migration, "run", "--select", "tag:staging")
        # killed before it was noted that staging was done; then, next time, after two models
        pipeline.plan_staging(migration)
        steps.run_dbt(migration, "run", "--select", "tag:staging")
        pipeline.note_staged(migration)
        pipeline.plan_marts(migration)
        steps.run_dbt(
            migration, "run", "--select", "int_staged_events int_events int_midnight_days"
        )
    steps.build(migration)
    assert steps.fingerprints(migration) == expected


def test_a_wave_loads_its_dates_and_leaves_the_rest_pending_until_a_plain_run(world, tmp_path):
    _, files, expected, ledger = world
    config = lay_out(tmp_path)
    migration = load_migration(config)
    for batch in split_by_version(files):
        deliver(config, batch)
        steps.land_all(migration, wave="first")
    steps.build(migration)
    waiting = steps.ledger(migration)
    assert waiting["amp"]["loaded"] == 0
    assert waiting["mp"]["loaded"] > 0
    assert waiting["mp"]["pending"] > 0
    with duckdb.connect(work_file(migration), read_only=True) as connection:
        first, last = connection.execute(
            "select min(occurred_on), max(occurred_on) from intermediate.int_events"
        ).fetchone()
    assert date(2025, 3, 6) <= first <= last <= date(2025, 3, 8)
    steps.land_all(migration)
    steps.build(migration)
    assert steps.fingerprints(migration) == expected
    assert steps.ledger(migration) == ledger


def test_changed_settings_rebuild_what_depends_on_them(world, tmp_path):
    """A new time zone, timeout and taxonomy give the marts a build from nothing gives."""
    _, files, _, _ = world
    config = lay_out(tmp_path / "changed")
    deliver(config, split_by_version(files)[0][:6])
    steps.run(config)
    changes = {"timezone: UTC": "timezone: US/Pacific", "within: 2d": "within: 1d"}
    text = CONFIG + "sessions: {timeout_minutes: 10}\n"
    for old, new in changes.items():
        text = text.replace(old, new)
    config.write_text(text)
    taxonomy = TAXONOMY.replace("[Open]", "[Open, other]")
    (config.parent / "taxonomy.yaml").write_text(taxonomy)
    changed = steps.fingerprints(steps.run(config))
    fresh = tmp_path / "fresh"
    shutil.copytree(config.parent, fresh, ignore=shutil.ignore_patterns("home"))
    assert changed == steps.fingerprints(steps.run(fresh / "migration.yaml"))
