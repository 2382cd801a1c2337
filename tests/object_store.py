"""Object stores of other people's making, on this machine, and a proxy before them that fails as networks do.

`rclone` keeps objects as files and does not honour `If-None-Match`; `moto` honours it and keeps them in memory.
"""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from crawler.run.drill.failing_proxy import MISHAPS, FailingProxy
from tests.conftest import PATIENCE
from tests.judging import tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MISHAPS", "ObjectStore", "asked", "object_store"]
BUCKET = "speeches"
KEY, SECRET = "AKIATESTS", "a-secret-of-tests"


class ObjectStore(FailingProxy):
    """A running store and how it is reached: `address` is its bucket as a person writes it; add a prefix to it."""

    address = f"s3://{BUCKET}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }


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
            asked(upstream, "PUT", f"/{BUCKET}")
        with ObjectStore(upstream) as store:
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


def asked(upstream: str, method: str, path: str) -> None:
    """Ask a server for something that no client of its own would."""
    connection = HTTPConnection(upstream, timeout=PATIENCE)
    connection.request(method, path)
    assert connection.getresponse().status == 200
    connection.close()
