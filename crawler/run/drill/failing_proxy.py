"""A proxy before an HTTP server, object storage for example, where a share of the requests fails as networks do."""

from __future__ import annotations

import random
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self

MISHAPS = ("500", "503", "reset", "lost", "cut", "slow")
"""Answered with an error; closed before the request is passed on, or after; answered by half; answered late."""
_LATE = 0.3
"""Seconds."""
_PATIENCE = 60.0
_PASSED_ON_BY_US = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


class FailingProxy:
    """Serves in `with`; clients ask `endpoint`, which passes their requests on as they are."""

    def __init__(self, upstream: str, rate: float = 0.0, seed: int = 7) -> None:
        """The port is taken at once.

        Args:
            upstream: host and port of the server.
            rate: the share of requests that fail; may be changed at any time.
            seed: which of them, and how.
        """
        self.upstream, self.rate = upstream, rate
        self.mishaps: tuple[str, ...] = MISHAPS
        self.requests: list[tuple[str, str]] = []
        """(method, path with query) of every request, in order."""
        self.failed = 0
        self._chance = random.Random(seed)  # noqa: S311 - mishaps, no secrets
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Passing,), {"of": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fate(self, method: str, path: str) -> str:
        """Note a request; which mishap it meets, or `""`."""
        with self._lock:
            self.requests.append((method, path))
            if self._chance.random() >= self.rate:
                return ""
            self.failed += 1
            return self._chance.choice(self.mishaps)

    @contextmanager
    def failing(self, share: float) -> Iterator[None]:
        """Let a share of the requests fail; none any more at the end."""
        self.rate = share
        try:
            yield
        finally:
            self.rate = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed went away: no error of the proxy's."""


class _Passing(BaseHTTPRequestHandler):
    """Passes requests on as they are: a signature covers their path, host and headers."""

    of: FailingProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _upstream: HTTPConnection | None = None

    def finish(self) -> None:
        super().finish()
        if self._upstream:
            self._upstream.close()

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fate = self.of.fate(self.command, self.path)
        if fate == "slow":
            time.sleep(_LATE)
        if fate.isdigit():
            self._send(int(fate), {"Content-Type": "text/plain"}, b"on purpose")
        elif fate == "reset":
            self.close_connection = True
        else:
            self._pass_on(body, fate)

    def _pass_on(self, body: bytes, fate: str) -> None:
        status, headers, answer = self._ask(body)
        if fate == "lost":
            self.close_connection = True
        elif fate == "cut":
            self._send(status, headers, answer, sent=len(answer) // 2)
            self.close_connection = True
        else:
            self._send(status, headers, answer)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The server's answer, over the connection that is open or, if it has ended meanwhile, a new one."""
        for _ in range(2):
            connection = self._upstream or HTTPConnection(self.of.upstream, timeout=_PATIENCE)
            self._upstream = connection
            try:
                connection.request(self.command, self.path, body or None, dict(self.headers.items()))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (HTTPException, ConnectionError):
                connection.close()
                self._upstream = None
        raise ConnectionError(f"{self.of.upstream}: the server does not answer")

    def _send(self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None) -> None:
        """Send an answer, or the first `sent` bytes of its body."""
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _PASSED_ON_BY_US:
                self.send_header(name, value)
        length = headers.get("Content-Length", len(body)) if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body[:sent])
