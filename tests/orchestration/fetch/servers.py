"""Vendors on loopback: HTTP servers that answer as the vendors document, and fail on demand."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def line(self) -> str:
        """What was asked, without what authorises it."""
        query = "&".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        return f"{self.method} {self.path}?{query} {self.body.decode()}".strip()


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None  # so many bytes of the body, then the connection is closed


#: what becomes of an answer: another answer
Fault = Callable[[Answer], Answer]


def page(document: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def status(code: int, **headers: str) -> Fault:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda _: Answer(code, b'{"error": "so it is"}', named)


def truncated(answer: Answer) -> Answer:
    """The length says more than what comes."""
    return replace(answer, sent=len(answer.body) // 2)


def cut(answer: Answer) -> Answer:
    """The length says what comes, and that is only the beginning."""
    return replace(answer, body=answer.body[: len(answer.body) * 2 // 3])


def instead(body: bytes) -> Fault:
    return lambda answer: Answer(200, body, answer.headers)


class Vendor:
    """A vendor: `answer` is its data, `faults` befall its next answers in order (None: none)."""

    token = "s3cr3t-t0k3n-of-the-test"

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault | None] = []
        self.refuses: Callable[[Request], bool] = lambda _: False  # the token has expired for
        self.holds_from: int | None = None  # answers from this one on never come
        self.held = threading.Event()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def is_allowed(self, request: Request) -> bool:
        raise NotImplementedError

    def respond(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            fault = self.faults.pop(0) if self.faults else None
        if self.holds_from is not None and number >= self.holds_from:
            self.held.set()
            threading.Event().wait(30)
        if not self.is_allowed(request) or self.refuses(request):
            return page({"error": f"{request.headers.get('authorization')} has expired"}, 401)
        found = self.answer(request)
        return fault(found) if fault is not None else found

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]


def zipped_body(request: Request, body: bytes) -> Answer:
    """A body as Mixpanel sends it: gzipped where that was asked for and is worth it."""
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > 1400:
        return Answer(200, gzip.compress(body, mtime=0), {"Content-Encoding": "gzip"})
    return Answer(200, body)


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """Serve a vendor on loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {key.lower(): value for key, value in self.headers.items()},
                self.rfile.read(length),
            )
            answer = vendor.respond(request)
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(answer.body)))
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked was killed
                self.end_headers()
                self.wfile.write(answer.body[: answer.sent])
                self.wfile.flush()
            if answer.sent is not None:
                self.close_connection = True

        do_GET = do_POST = _respond

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
