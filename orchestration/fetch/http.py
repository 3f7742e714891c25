"""One way to ask a vendor's API: within its budget, again after what passes, and without secrets.

What an answer says is judged here; whether its body is whole is for its reader to say, who raises
`Again` when it is not. Both are tried again by `Client.complete`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import tenacity
from isal import isal_zlib

from orchestration.errors import CannotFinish, ConfigurationError
from orchestration.fetch.budget import Budget
from orchestration.landing.gunzip import DAMAGE

T = TypeVar("T")

PASSING = {408, 425, 429, *range(500, 600)}
SHORTEST_SECRET = 6  # anything shorter is in every other word, and no secret
SHOWN = 300  # characters of a vendor's own words
GZIP_BITS = 31
TIMEOUT = httpx.Timeout(30.0, read=600.0)  # a large export may take minutes to begin
LONG_WAIT = 5.0  # seconds from which a wait is worth telling


class Again(Exception):
    """What may pass when it is tried again; `after` is when the vendor said to (seconds)."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class TooMuch(Exception):
    """The vendor cannot answer for as much as was asked; less of it may do."""


class Rejected(CannotFinish):
    """The vendor says that the request is wrong (4xx)."""


class Abandoned(CannotFinish):
    """The fetch was stopped while this waited."""


@dataclass(frozen=True)
class Patience:
    """How long is tried: seconds double from the first to the longest, each with some chance.

    A vendor that asks to wait longer than `longest_asked` is asked again in the next run.
    """

    attempts: int = 7
    first: float = 1.0
    longest: float = 120.0
    longest_asked: float = 3600.0


PATIENT = Patience()


@dataclass
class Caller:
    """Whoever asks on behalf of a source. `secrets` are values by the variable they come from."""

    source: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = PATIENT
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[str], None] = lambda _: None

    def complete(self, what: str, read: Callable[[], T]) -> T:
        """What `read` returns, tried again while it raises `Again`.

        Raises CannotFinish, naming source and `what`, when patience is at its end.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=self._seconds,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(read)
        except Again as error:
            raise CannotFinish(
                f"{self.source}: {what}: {error}; tried {self.patience.attempts} times. "
                "What was fetched before is kept: run the same command again later"
            ) from None

    def redacted(self, text: str) -> str:
        """A text on one line, cut, with every secret replaced by its variable's name."""
        for variable, secret in self.secrets.items():
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, f"${variable}")
        return re.sub(r"\s+", " ", text).strip()[:SHOWN]

    def sleep(self, seconds: float) -> None:
        """Wait, and tell of a long wait. Raises Abandoned when the fetch is stopped meanwhile."""
        if seconds >= LONG_WAIT:
            self.tell(f"waiting {seconds:.0f} s before asking again")
        if self.stop.wait(seconds):
            raise Abandoned(f"{self.source}: the fetch was stopped; run the same command again")

    def _seconds(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, Again) and error.after is not None:
            if error.after > self.patience.longest_asked:
                raise CannotFinish(
                    f"{self.source}: {error}; it asks to come back in {error.after:.0f} s. "
                    "What was fetched before is kept: run the same command again then"
                )
            return error.after
        first = self.patience.first
        backing_off = tenacity.wait_exponential(
            first, max=self.patience.longest
        ) + tenacity.wait_random(0, first)
        return backing_off(state)


@dataclass
class Client(Caller):
    """A source's way to its vendor's API."""

    base_url: str = ""
    budget: Budget = field(default_factory=lambda: Budget(()))
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        # no redirects: they would take secrets elsewhere
        self._http = httpx.Client(
            base_url=self.base_url,
            headers={"Accept-Encoding": "gzip", "User-Agent": "waybill", **self.headers},
            auth=self.auth,
            timeout=TIMEOUT,
        )

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: Collection[int] = (),
        too_much: Collection[int] = (),
    ) -> Iterator[httpx.Response]:
        """One request; its answer is open inside the `with` and must be read there.

        Statuses of `accept` are given besides those of success. Raises Again for what passes,
        TooMuch for the statuses of that, ConfigurationError where access is refused, Rejected else.
        """
        self._wait_for_budget()
        try:
            with self._http.stream(method, path, params=params, json=body) as response:
                if not (response.is_success or response.status_code in accept):
                    raise self._refusal(response, path, too_much)
                yield response
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Again(self.redacted(f"the connection failed: {error or type(error)}")) from None

    def _wait_for_budget(self) -> None:
        while delay := self.budget.delay():
            if delay > self.patience.longest_asked:
                raise CannotFinish(
                    f"{self.source}: its vendor allows no more requests for {delay:.0f} s. "
                    "What was fetched before is kept: run the same command again then"
                )
            self.sleep(delay)
        self.sleep(0)

    def _refusal(self, response: httpx.Response, path: str, too_much: Collection[int]) -> Exception:
        status = response.status_code
        said = self._words_of(response)
        told = f"{self.base_url}{path} answered {status}" + (f": {said}" if said else "")
        if status in too_much:
            return TooMuch(told)
        if status in PASSING:
            return Again(told, retry_after(response.headers.get("retry-after")))
        if status in (401, 403):
            names = " and ".join(f"${name}" for name in self.secrets)
            return ConfigurationError(
                f"sources.{self.source}.fetch: {told}; the secret in {names} is wrong, has "
                "expired or may not read this: renew it and run again"
            )
        if status == 402:
            return ConfigurationError(
                f"sources.{self.source}.fetch: {told}; the plan of this account has no export"
            )
        if response.is_redirect:
            to = httpx.URL(response.headers.get("location", "")).host or "elsewhere"
            return ConfigurationError(
                f"sources.{self.source}.fetch: {told}, a redirect to {to}; correct region or "
                "base_url"
            )
        return Rejected(f"{self.source}: {told}; correct sources.{self.source}.fetch")

    def _words_of(self, response: httpx.Response) -> str:
        said = b""
        try:
            for block in response.iter_bytes():
                said += block
                if len(said) > 8 * SHOWN:
                    break
        except httpx.HTTPError:  # the status says enough
            pass
        return self.redacted(said.decode("utf-8", errors="replace"))


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, which has seconds or a date; None where it says nothing.

    >>> retry_after("12"), retry_after(None), retry_after("soon")
    (12.0, None, None)
    """
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max((when - (now or datetime.now(UTC))).total_seconds(), 0.0)


def plain_body(response: httpx.Response) -> Iterator[bytes]:
    """The body as plain bytes. Raises Again where a gzipped one ends before its checksum."""
    if response.headers.get("content-encoding", "").lower() != "gzip":
        yield from response.iter_raw()
        return
    inflater = isal_zlib.decompressobj(wbits=GZIP_BITS)
    try:
        for block in response.iter_raw():
            yield inflater.decompress(block)
    except DAMAGE as error:
        raise Again(f"the body is damaged: {error}") from None
    if not inflater.eof:
        raise Again("the body breaks off: its gzip stream ends before its checksum")
