"""From settings to a fetcher, with the secrets of the environment as each vendor takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.fetch.budget import Budget
from orchestration.fetch.http import Caller, Client
from orchestration.fetch.parts import Fetcher
from orchestration.fetch.stores import PARALLEL, StoredObjects
from orchestration.fetch.vendors import APIS
from orchestration.fetch_config import FETCHABLE, FetchConfig, base_url, limits
from orchestration.source_config import SourceConfig


def open_fetcher(
    config: SourceConfig,
    caller: Caller,
    asked: Iterable[float],
    now: datetime,
    environment: Mapping[str, str],
) -> Fetcher:
    """The fetcher of a source. `asked` are the times (epoch seconds) its vendor was asked before.

    The secrets are added to the caller's, so that nothing it tells has them. Raises
    ConfigurationError where a variable is not set or a package is not installed.
    """
    fetch = config.fetch
    assert fetch is not None, "only sources with `fetch` are fetched"
    if fetch.url is not None:
        named = fetch.options_env or {}
        values = {
            name: _secret(caller.source, f"options_env.{name}", variable, environment)
            for name, variable in named.items()
        }
        caller.secrets = {variable: values[name] for name, variable in named.items()}
        return StoredObjects(fetch, {**(fetch.options or {}), **values}, caller)
    secrets = {
        key: _secret(caller.source, key, variable, environment)
        for key, variable in (("token_env", fetch.token_env), ("user_env", fetch.user_env))
        if variable is not None
    }
    caller.secrets = {str(getattr(fetch, key)): value for key, value in secrets.items()}
    # the client shares the caller's event, and tells what the caller tells
    common = {each.name: getattr(caller, each.name) for each in fields(Caller)}
    client = Client(
        **{**common, "tell": lambda text: caller.tell(text)},
        base_url=base_url(config.vendor, fetch),
        budget=Budget(limits(config.vendor, fetch), asked),
        **_access(config.vendor, fetch, secrets),
    )
    return APIS[config.vendor](config, client, now)


def parallel_of(config: SourceConfig) -> int:
    """How many parts are fetched side by side."""
    assert config.fetch is not None
    if (config.fetch.url or "").startswith("sftp:"):
        return 1  # its library has one connection, which threads would wait on for ever
    known = FETCHABLE.get(config.vendor)
    usual = known.parallel if known is not None and config.fetch.url is None else PARALLEL
    return config.fetch.parallel or usual


def _secret(source: str, key: str, variable: str, environment: Mapping[str, str]) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise ConfigurationError(
            f"sources.{source}.fetch.{key}: the environment has no {variable}; set it and run again"
        )
    return value


def _access(vendor: str, fetch: FetchConfig, secrets: Mapping[str, str]) -> dict[str, Any]:
    """How a vendor is shown who asks."""
    token = secrets["token_env"]
    if vendor == "mixpanel" and fetch.user_env is None:
        return {"auth": (token, "")}  # a project secret; retired on 2027-03-03
    if vendor in ("mixpanel", "amplitude"):
        return {"auth": (secrets["user_env"], token)}
    if vendor == "qualtrics":
        return {"headers": {"X-API-TOKEN": token}}
    if vendor == "zigpoll":
        return {"headers": {"Authorization": token}}
    return {"headers": {"Authorization": f"Bearer {token}"}}
