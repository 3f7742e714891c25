"""A webhook on the loopback that answers as it is told to."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Keeps what it took; `answer` is an HTTP status, or `hang` for none in time."""

    def __init__(self) -> None:
        self.answer: int | str = 200
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.asked += 1
                if outer.answer == "hang":
                    time.sleep(3)
                    return
                self.send_response(int(outer.answer))
                self.end_headers()
                if outer.answer == 200:
                    outer.taken.append(json.loads(body))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, scheme: str = "json", path: str = "s3cret", more: str = "") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{path}?rto=1&cto=1{more}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
