"""What may stand under `fetch:`, and what is said of what may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.config import Migration, load_migration
from orchestration.errors import ConfigurationError
from orchestration.fetch_config import FETCHABLE, base_url, limits, lookback
from orchestration.source_config import KNOWN_VENDORS

Write = Callable[[str, str | bytes], Path]

HEAD = """\
home: home
taxonomy: taxonomy.yaml
sources:
  app:
"""
ACCOUNT = "user_env: U, token_env: T, project_id: '1'"


def load(write: Write, source: str) -> Migration:
    write("taxonomy.yaml", "version: 1\nevents: {}\n")
    path = write("migration.yaml", HEAD + "".join(f"    {line}\n" for line in source.split("\n")))
    return load_migration(path, vendors=(*KNOWN_VENDORS, *FETCHABLE))


def test_a_fetched_source_has_its_folder_below_home(write: Write, tmp_path: Path) -> None:
    migration = load(
        write, f"vendor: mixpanel\ntimezone: UTC\nfetch: {{from: 2025-03-01, {ACCOUNT}}}"
    )
    source = migration.sources["app"]
    assert source.location == tmp_path / "home" / "fetched" / "app"
    assert list(migration.fetched) == ["app"]
    assert source.fetch is not None
    assert base_url("mixpanel", source.fetch) == "https://data.mixpanel.com"
    assert lookback("mixpanel", source.fetch) == timedelta(days=5)
    assert limits("mixpanel", source.fetch)[0] == (60, 3600.0)


def test_an_address_is_a_location(write: Write, tmp_path: Path) -> None:
    migration = load(write, "vendor: amplitude\nlocation: s3://bucket/prefix")
    source = migration.sources["app"]
    assert source.fetch is not None and source.fetch.url == "s3://bucket/prefix"
    assert source.location == tmp_path / "home" / "fetched" / "app"


def test_an_address_and_its_options(write: Write) -> None:
    migration = load(
        write,
        "vendor: tabular\ntimezone: UTC\ncolumns: {event: e, occurred_at: t}\n"
        "location: sftp://reader@host/exports\nfetch: {options_env: {password: SFTP_PASSWORD}}",
    )
    fetch = migration.sources["app"].fetch
    assert fetch is not None and fetch.options_env == {"password": "SFTP_PASSWORD"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("fetch: {user_env: U, token_env: T, project_id: '1'}", "fetch.from: missing"),
        ("fetch: {from: 2025-03-01}", "fetch.token_env: missing"),
        ("fetch: {from: 2025-03-01, token_env: T, user_env: U}", "fetch.project_id: missing"),
        ("fetch: {from: 2025-03-01, token_env: T, project_id: '1'}", "fetch.user_env: missing"),
        ("fetch: {from: 2025-03-01, token_env: 'a secret!'}", "the name of an environment"),
        ("fetch: {from: 2025-03-01, token_env: T, region: us1}", "unknown region 'us1'"),
        ("fetch: {from: 2025-03-02, to: 2025-03-01, token_env: T}", "swap them"),
        ("fetch: {from: 2025-03-01, token_env: T, forms: [F]}", "fetch.forms: means nothing"),
        ("fetch: {from: 2025-03-01, token_env: T, lookbak_days: 3}", "mean 'lookback_days'"),
        ("fetch: {from: 2025-03-01, token_env: T, base_url: 'host'}", "is no web address"),
        ("fetch: {from: 2025-03-01, token_env: T, base_url: 'http://u:p@h'}", "a password"),
        ("fetch: {from: 2025-03-01, token_env: T}\nlocation: exports", "location: what is fetched"),
        ("location: s4://bucket", "location: unknown protocol 's4'; known: abfs, "),
        ("location: s3:///prefix", "names no bucket"),
        ("location: sftp://me:secret@host/x", "holds a password"),
        ("location: s3://b\nfetch: {token_env: T}", "fetch.token_env: means nothing where files"),
        ("fetch: {options: {a: 1}}", "fetch.token_env: missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(write: Write, source: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(write, f"vendor: mixpanel\ntimezone: UTC\n{source}")
    assert told in str(error.value)
    assert "migration.yaml:" in str(error.value)


@pytest.mark.parametrize(
    ("vendor", "fetch", "told"),
    [
        ("typeform", "{from: 2025-03-01, token_env: T}", "fetch.forms: missing"),
        ("typeform", "{from: 2025-03-01, token_env: T, forms: ['a/b']}", "'a/b' is no id"),
        ("qualtrics", "{from: 2025-03-01, token_env: T, surveys: [S]}", "fetch.region: missing"),
        ("amplitude", "{from: 2025-03-01, token_env: T}", "fetch.user_env: missing"),
        ("stripe", "{from: 2025-03-01, token_env: T, objects: [invoice]}", "mean 'invoices'"),
        ("hubspot", "{token_env: T, from: 2025-03-01, project_id: '1'}", "means nothing"),
        ("segment", "{token_env: T}", "no API of segment is known"),
    ],
)
def test_each_vendor_needs_its_own(write: Write, vendor: str, fetch: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(write, f"vendor: {vendor}\nfetch: {fetch}")
    assert told in str(error.value)


def test_hubspot_needs_no_dates(write: Write) -> None:
    assert load(write, "vendor: hubspot\nfetch: {token_env: T}").fetched
