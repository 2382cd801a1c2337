"""Libraries that write WARC files, in the frame of `warc_frame`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.rivals.warc_frame import REQUEST, Message, Write, main


@contextmanager
def warcio(folder: Path) -> Iterator[Write]:
    """A request record beside each response, as its recorder writes them."""
    writers: Any = import_module("warcio.warcwriter")
    headers: Any = import_module("warcio.statusandheaders")
    with (folder / "out.warc.gz").open("wb") as out:
        writer = writers.WARCWriter(out, gzip=True)

        def write(one: Message) -> None:
            asked = headers.StatusAndHeaders(f"GET /{one.path} HTTP/1.1", [*REQUEST], is_http_request=True)
            said = headers.StatusAndHeaders("200 OK", [*one.response], protocol="HTTP/1.1")
            request = writer.create_warc_record(one.url, "request", http_headers=asked)
            response = writer.create_warc_record(one.url, "response", payload=BytesIO(one.payload), http_headers=said)
            writer.write_request_response_pair(request, response)

        yield write


@contextmanager
def fastwarc(folder: Path) -> Iterator[Write]:
    """The same records, with digests of block and payload."""
    library: Any = import_module("fastwarc.warc")
    streams: Any = import_module("fastwarc.stream_io")
    with (folder / "out.warc.gz").open("wb") as out:
        stream = streams.GzipWriter(out)

        def record(kind: Any, url: str, head: str, payload: bytes) -> None:
            one = library.WarcRecord()
            one.init_headers(kind)
            one.headers["WARC-Target-URI"] = url
            one.set_bytes_content(head.encode() + payload)
            one.is_http = True
            one.write(stream, checksum_data=True)
            stream.finish()  # the end of the gzip member

        def write(one: Message) -> None:
            lines = "".join(f"{name}: {value}\r\n" for name, value in one.response)
            record(library.WarcRecordType.response, one.url, f"HTTP/1.1 200 OK\r\n{lines}\r\n", one.payload)
            lines = "".join(f"{name}: {value}\r\n" for name, value in REQUEST)
            record(library.WarcRecordType.request, one.url, f"GET /{one.path} HTTP/1.1\r\n{lines}\r\n", b"")

        yield write
        stream.close()


if __name__ == "__main__":
    main({"warcio": warcio, "fastwarc": fastwarc})
