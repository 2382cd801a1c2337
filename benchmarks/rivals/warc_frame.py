"""The frame in which a writer writes WARC files: only its own calls are timed, not its start.

    python -m MODULE WRITER EXCHANGES FOLDER

EXCHANGES holds a line of JSON an exchange (url, file with the payload). FOLDER gets out.warc.gz, and told.json as
of `timed`. Needs the standard library only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from benchmarks.rivals.timed import tell

REQUEST = (("Host", "127.0.0.1"), ("User-Agent", "benchmark"), ("Accept", "text/html"), ("Accept-Encoding", "gzip"))


class Message(NamedTuple):
    """An exchange: what was asked for, and the payload that came."""

    url: str
    path: str
    payload: bytes

    @property
    def response(self) -> tuple[tuple[str, str], ...]:
        """Header fields of the response."""
        length = ("Content-Length", str(len(self.payload)))
        return (("Server", "nginx"), ("Content-Type", "text/html"), length, ("X-Powered-By", "ASP.NET"))


Write = Callable[[Message], object]


def main(writers: Mapping[str, Callable[[Path], AbstractContextManager[Write]]]) -> None:
    """Time the writer that the command line names."""
    name, exchanges, folder = sys.argv[1:]
    messages = list(_messages(Path(exchanges)))
    wall, cpu = time.perf_counter(), time.process_time()
    with writers[name](Path(folder)) as write:
        for message in messages:
            write(message)
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    tell(Path(folder), spent)


def _messages(file: Path) -> Iterator[Message]:
    for line in filter(None, file.read_text("utf-8").split("\n")):
        one = json.loads(line)
        yield Message(one["url"], one["url"].split("/", 3)[3], Path(one["file"]).read_bytes())
