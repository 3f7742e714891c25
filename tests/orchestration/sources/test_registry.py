"""The registry, the settings and the dbt project name the same vendors."""

import yaml

from orchestration.dbt import PROJECT
from orchestration.source_config import KNOWN_VENDORS
from orchestration.sources import (
    EVENT_VENDORS,
    OBJECT_MARTS,
    OBJECT_VENDORS,
    REGISTRY,
    STAGED_AS,
    SURVEY_VENDORS,
)


def test_every_vendor_is_known_to_settings_and_to_dbt() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    sources = yaml.safe_load((PROJECT / "models" / "sources.yml").read_text())["sources"]
    landing = {table["name"] for s in sources if s["name"] == "landing" for table in s["tables"]}
    assert set(KNOWN_VENDORS) == set(REGISTRY) == landing
    assert set(project["vars"]["event_vendors"]) == set(EVENT_VENDORS)
    assert set(project["vars"]["survey_vendors"]) == set(SURVEY_VENDORS)
    assert set(project["vars"]["object_vendors"]) == set(OBJECT_VENDORS)
    assert set(project["vars"]["object_marts"]) == set(OBJECT_MARTS)


def test_every_vendor_has_a_staging_model_of_its_kind() -> None:
    for vendor, source in REGISTRY.items():
        folder = PROJECT / "models" / "staging" / vendor
        assert (folder / f"stg_{vendor}__{STAGED_AS[source.kind]}.sql").exists()
        assert source.dedupe_rule and source.identity_rule and source.time_rule
