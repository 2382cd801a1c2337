"""Object stores of other people's making, on this machine, and a proxy before them that fails as networks do.

`rclone` keeps objects as files and does not honour `If-None-Match`; `moto` honours it and keeps them in memory.
"""

from __future__ import annotations

import random
import re
import socketserver
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.conftest import PATIENCE
from tests.judging import tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "speeches"
KEY, SECRET = "AKIATESTS", "a-secret-of-tests"
MISHAPS = ("500", "503", "reset", "lost", "cut", "slow")
"""Answered with an error; closed before the request is passed on, or after; answered by half; answered late."""
_LATE = 0.3
"""Seconds."""
_PASSED_ON_BY_US = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


@dataclass(slots=True)
class ObjectStore:
    """A running store and how it is reached.

    Attributes:
        address: its bucket as a person writes it; add a prefix to it.
        environment: the variables by which clients find it.
        requests: (method, path with query) of every request, in order.
        rate: the share of requests that fail from now on.
        mishaps: how they fail, of `MISHAPS`.
    """

    upstream: str
    rate: float = 0.0
    mishaps: tuple[str, ...] = MISHAPS
    address: str = f"s3://{BUCKET}"
    endpoint: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a seeded choice
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def fate(self, method: str, path: str) -> str:
        """Note a request; which mishap it meets, or `""`."""
        with self.lock:
            self.requests.append((method, path))
            return self.chance.choice(self.mishaps) if self.chance.random() < self.rate else ""


@contextmanager
def object_store(kind: str, folder: Path) -> Iterator[ObjectStore]:
    """Serve an empty bucket.

    Args:
        kind: `rclone` or `moto`.
        folder: where the server logs; rclone keeps the objects of a bucket below `FOLDER/objects/BUCKET`.
    """
    (folder / "objects" / BUCKET).mkdir(parents=True)
    with _server(_COMMANDS[kind], folder) as upstream:
        if kind == "moto":
            _asked(upstream, "PUT", f"/{BUCKET}")
        store = ObjectStore(upstream)
        with _proxy(store):
            yield store


_COMMANDS = {
    "rclone": ("rclone", "serve", "s3", "objects", "--addr=127.0.0.1:0", f"--auth-key={KEY},{SECRET}"),
    "moto": ("moto_server", "-H", "127.0.0.1", "-p", "0"),
}


@contextmanager
def _server(command: tuple[str, ...], folder: Path) -> Iterator[str]:
    """Host and port of a server that tells its address when it is ready."""
    program = tool(command[0].removesuffix("_server"), command[0])
    with (folder / "server.log").open("w+b") as log:
        server = subprocess.Popen([program, *command[1:]], cwd=folder, stdout=log, stderr=log)
        try:
            yield _told_address(server, folder / "server.log")
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _told_address(server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(PATIENCE * 50):
        if found := re.search(r"http://(127\.0\.0\.1:\d+)", log.read_text("utf-8", "replace")):
            return found[1]
        assert server.poll() is None, log.read_text("utf-8", "replace")
        time.sleep(0.02)
    raise AssertionError(f"the store does not answer: {log.read_text('utf-8', 'replace')}")


def _asked(upstream: str, method: str, path: str) -> None:
    connection = HTTPConnection(upstream, timeout=PATIENCE)
    connection.request(method, path)
    assert connection.getresponse().status == 200
    connection.close()


@contextmanager
def _proxy(store: ObjectStore) -> Iterator[None]:
    class Handler(_Passing):
        of = store

    with _Server(("127.0.0.1", 0), Handler) as server:
        store.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what tests of killed clients are about."""


class _Passing(BaseHTTPRequestHandler):
    """Passes requests on as they are: a signature covers their path, host and headers."""

    of: ObjectStore
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
        if fate in {"500", "503"}:
            self._send(int(fate), {"Content-Type": "text/plain"}, b"by the test")
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
        """The store's answer, over the connection that is open or, if it has ended meanwhile, a new one."""
        for _ in range(2):
            connection = self._upstream or HTTPConnection(self.of.upstream, timeout=PATIENCE)
            self._upstream = connection
            try:
                connection.request(self.command, self.path, body or None, dict(self.headers.items()))
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (HTTPException, ConnectionError):
                connection.close()
                self._upstream = None
        raise ConnectionError(f"{urlsplit(self.of.endpoint).netloc}: the store does not answer")

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
