"""What a source is fetched from: a vendor's API or an object store, by names and never by secrets.

Secrets are read from the environment when something is fetched; the file names the variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from orchestration.setting_types import Count, Settings, Text
from orchestration.yaml_models import Problem, refuse, unknown

#: the folder of a fetched source below `home`, and in place of its location until home is known
FETCHED = Path("fetched")
STORES = ("s3", "gs", "gcs", "az", "abfs", "abfss", "sftp", "file")

HUBSPOT_OBJECTS = ("contacts", "companies", "deals", "tickets")
TYPEFORM_TYPES = ("completed", "partial", "started")
STRIPE_SNAPSHOTS = ("customers", "subscriptions", "products", "prices")
STRIPE_DATED = ("invoices", "charges", "refunds", "credit_notes", "disputes")


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise refuse(
            "must be the name of an environment variable, such as MIXPANEL_SECRET; "
            "a secret itself never stands in this file"
        )
    return name


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refuse(f"'{url}' is no web address; write it like https://proxy.example.com")
    if parts.username or parts.password or parts.query:
        raise refuse("holds a user, a password or a query; secrets come from the environment")
    return url.rstrip("/")


def store_problem(url: str) -> str | None:
    """Why files cannot be fetched from this address; None where they can."""
    parts = urlsplit(url)
    if parts.scheme not in STORES:
        return unknown("protocol", parts.scheme, STORES)
    if parts.password:
        return "holds a password; name its variable in fetch.options_env: {password: VARIABLE}"
    if not parts.netloc and parts.scheme != "file":
        return f"'{url}' names no bucket or host; write it like s3://bucket/prefix"
    return None


def _store_address(url: str) -> str:
    if problem := store_problem(url):
        raise refuse(problem)
    return url


Variable = Annotated[str, AfterValidator(_variable)]
Ids = Annotated[list[Text], Field(min_length=1)]


class FetchConfig(Settings):
    """How a source's files are fetched. What means something depends on the vendor.

    `start` and `end` (`from` and `to` in the file) are dates in the vendor's own zone, both
    included. None leaves the choice to the vendor's default (see `FETCHABLE`).
    """

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    lookback_days: Annotated[int, Field(strict=True, ge=0, le=3650)] | None = None
    interval: Literal["day", "month"] | None = None
    token_env: Variable | None = None
    user_env: Variable | None = None
    region: Text | None = None
    project_id: Text | None = None
    forms: Ids | None = None
    surveys: Ids | None = None
    accounts: Ids | None = None
    objects: Ids | None = None
    properties: dict[Text, Ids] | None = None
    base_url: Annotated[str, AfterValidator(_web_address)] | None = None
    page_size: Count | None = None
    requests_per_minute: Count | None = None
    parallel: Annotated[Count, Field(le=64)] | None = None
    url: Annotated[str, AfterValidator(_store_address)] | None = None
    options: dict[Text, str | int | bool] | None = None
    options_env: dict[Text, Variable] | None = None


@dataclass(frozen=True)
class Fetchable:
    """What is known of a vendor's API. `limits` are (requests, seconds) that it allows.

    Limits marked `unconfirmed` in a comment are guesses on the safe side; `requests_per_minute`
    replaces them.
    """

    hosts: Mapping[str, str]  # by region, the default first
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    lookback_days: int = 0
    interval: Literal["day", "month"] = "day"
    limits: tuple[tuple[int, float], ...] = ()
    parallel: int = 1
    page_size: int | None = None
    objects: tuple[str, ...] = field(default=())


COMMON = (
    *("start", "end", "lookback_days", "interval", "token_env", "base_url"),
    *("requests_per_minute", "parallel"),
)
STORE_ONLY = ("url", "options", "options_env")
_LABELS = {"start": "from", "end": "to"}

FETCHABLE: Mapping[str, Fetchable] = {
    "mixpanel": Fetchable(
        hosts={
            "us": "https://data.mixpanel.com",
            "eu": "https://data-eu.mixpanel.com",
            "in": "https://data-in.mixpanel.com",
        },
        takes=("user_env", "project_id", "region"),
        lookback_days=5,  # phones send late; persons are keyed anew for days
        limits=((60, 3600.0), (3, 1.0)),
        parallel=4,
    ),
    "amplitude": Fetchable(
        hosts={"us": "https://amplitude.com", "eu": "https://analytics.eu.amplitude.com"},
        needs=("user_env",),
        takes=("region",),
        lookback_days=1,  # its hours are those of the upload: what comes late is in a later one
        limits=((60, 60.0),),  # unconfirmed
        parallel=2,
    ),
    "typeform": Fetchable(
        hosts={"us": "https://api.typeform.com", "eu": "https://api.eu.typeform.com"},
        needs=("forms",),
        takes=("region", "page_size", "objects"),
        lookback_days=7,
        interval="month",
        limits=((2, 1.0),),
        page_size=1000,
        objects=TYPEFORM_TYPES,
    ),
    "qualtrics": Fetchable(
        hosts={"": "https://{region}.qualtrics.com"},
        needs=("surveys", "region"),
        lookback_days=7,
        interval="month",
        limits=((300, 60.0),),  # unconfirmed
        parallel=2,
    ),
    "surveymonkey": Fetchable(
        hosts={
            "us": "https://api.surveymonkey.com",
            "eu": "https://api.eu.surveymonkey.com",
            "ca": "https://api.surveymonkey.ca",
        },
        needs=("surveys",),
        takes=("region", "page_size"),
        lookback_days=30,  # responses are edited and resumed
        interval="month",
        limits=((120, 60.0), (500, 86400.0)),
        page_size=100,
    ),
    "zigpoll": Fetchable(
        hosts={"": "https://v1.zigpoll.com"},
        needs=("accounts",),
        takes=("page_size",),
        lookback_days=2,
        interval="month",
        limits=((60, 60.0),),  # unconfirmed
        page_size=1000,
    ),
    "hubspot": Fetchable(
        hosts={"": "https://api.hubapi.com"},
        takes=("objects", "properties", "page_size"),
        limits=((100, 10.0),),  # unconfirmed
        parallel=2,
        page_size=100,
        objects=HUBSPOT_OBJECTS,
    ),
    "stripe": Fetchable(
        hosts={"": "https://api.stripe.com"},
        takes=("objects", "page_size"),
        lookback_days=35,  # an invoice is drafted, tried again and paid over a month
        interval="month",
        limits=((25, 1.0),),  # unconfirmed
        parallel=4,
        page_size=100,
        objects=(*STRIPE_SNAPSHOTS, *STRIPE_DATED),
    ),
}


def with_folder(data: Any) -> Any:
    """Settings of a source as written, with the folder that stands for a fetched one's location.

    A location that is an address, such as `s3://bucket/prefix`, is short for `fetch: {url: ...}`.
    """
    if not isinstance(data, dict):
        return data
    location, fetch = data.get("location"), data.get("fetch")
    if isinstance(location, str) and "://" in location:
        if problem := store_problem(location):
            raise refuse(Problem(problem, ("location",)))
        fetch = {**fetch, "url": location} if isinstance(fetch, dict) else {"url": location}
        return {**data, "location": FETCHED, "fetch": fetch}
    if fetch is not None and location not in (None, FETCHED):
        raise refuse(
            Problem(
                "what is fetched lies below home; remove this key, or make a second source of "
                "what lies there",
                ("location",),
            )
        )
    return data if fetch is None else {**data, "location": FETCHED}


def fetch_problems(vendor: str, fetch: FetchConfig | None) -> Iterator[Problem]:
    """What is missing, unknown or of no meaning in the settings of a fetched source."""
    if fetch is None:
        return
    given = {name for name in FetchConfig.model_fields if getattr(fetch, name) is not None}
    if fetch.url is not None:
        for name in sorted(given - {*STORE_ONLY, "parallel"}):
            yield _problem(name, "means nothing where files are fetched from a store; remove it")
        return
    known = FETCHABLE.get(vendor)
    if known is None:
        where = f"; APIs are known of {', '.join(FETCHABLE)}"
        yield Problem(f"no API of {vendor} is known, name a store by url{where}", ("fetch",))
        return
    needs = ("token_env", *known.needs, *(("start",) if known.lookback_days else ()))
    for name in needs:
        if name not in given:
            yield _problem(name, "missing; add this key")
    for name in sorted(given - {*COMMON, *known.needs, *known.takes}):
        yield _problem(name, f"means nothing for {vendor}'s API; remove it")
    yield from _value_problems(vendor, known, fetch)


def _value_problems(vendor: str, known: Fetchable, fetch: FetchConfig) -> Iterator[Problem]:
    if fetch.start and fetch.end and fetch.start > fetch.end:
        yield _problem("end", f"{fetch.end} is before from, {fetch.start}; swap them")
    if vendor == "mixpanel" and bool(fetch.user_env) != bool(fetch.project_id):
        missing = "project_id" if fetch.user_env else "user_env"
        yield _problem(missing, "missing; a service account needs user_env and project_id")
    if fetch.region and vendor == "qualtrics":
        if not re.fullmatch(r"[a-z0-9.-]+", fetch.region):
            yield _problem("region", "is the data centre, the first part of its address: iad1")
    elif fetch.region and fetch.region not in known.hosts:
        yield _problem("region", unknown("region", fetch.region, known.hosts))
    for name in [*(fetch.objects or ()), *(fetch.properties or ())]:
        if vendor in ("stripe", "typeform") and name not in known.objects:
            yield _problem("objects", unknown("object", name, known.objects))
        elif not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            yield _problem("objects", f"'{name}' is no name of an object")
    for key in ("forms", "surveys", "accounts"):
        for name in getattr(fetch, key) or ():
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                yield _problem(key, f"'{name}' is no id: letters, digits, _ and - only")


def _problem(name: str, message: str) -> Problem:
    return Problem(message, ("fetch", _LABELS.get(name, name)))


def base_url(vendor: str, fetch: FetchConfig) -> str:
    """The address that a vendor's API has for these settings."""
    if fetch.base_url is not None:
        return fetch.base_url
    hosts = FETCHABLE[vendor].hosts
    if fetch.region is not None and fetch.region in hosts:
        return hosts[fetch.region]
    return next(iter(hosts.values())).format(region=fetch.region)


def lookback(vendor: str, fetch: FetchConfig) -> timedelta:
    """For how long after its end an interval is asked for again."""
    days = FETCHABLE[vendor].lookback_days if fetch.lookback_days is None else fetch.lookback_days
    return timedelta(days=days)


def limits(vendor: str, fetch: FetchConfig) -> tuple[tuple[int, float], ...]:
    """(requests, seconds) that are kept to."""
    if fetch.requests_per_minute is not None:
        return ((fetch.requests_per_minute, 60.0),)
    return FETCHABLE[vendor].limits
