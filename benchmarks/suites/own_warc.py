"""Our WARC files, in the frame of the rivals' (`benchmarks.rivals.warc_frame`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from benchmarks.rivals.warc_frame import REQUEST, Message, Write, main
from pipelines.archive.read.payloads import KeptPayloads
from pipelines.archive.write.captures import CaptureFiles
from pipelines.warc.exchange import Exchange

_AT = "2026-01-01T00:00:00.000Z"


@contextmanager
def captures(folder: Path) -> Iterator[Write]:
    """The files of a run."""
    files = CaptureFiles(folder, folder, lambda _: "out.warc.gz", {"software": "benchmark"}, KeptPayloads())
    asked = "".join(f"{name}: {value}\r\n" for name, value in REQUEST)

    def write(one: Message) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in one.response)
        exchange = Exchange(
            url=one.url,
            date=_AT,
            ip="127.0.0.1",
            request=f"GET /{one.path} HTTP/1.1\r\n{asked}\r\n".encode(),
            response=BytesIO(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + one.payload),
            truncated=None,
            is_verbatim=True,
        )
        files.add(exchange)

    yield write
    files.close()


if __name__ == "__main__":
    main({"speech-archive": captures})
