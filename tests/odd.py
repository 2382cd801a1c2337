"""A small site whose answers have every odd shape that HTTP allows, byte by byte over a bare socket."""

from __future__ import annotations

import gzip
import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.small import PROFILE, article_page, list_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HTML = "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\n"
ROWS = [(9, "在会上的讲话", "2020-01-01"), (8, "在会上的讲话", "2020-01-01"), (7, "在会上的讲话", "2020-01-01")]


def answer(head: str, body: bytes = b"", *, chunk: int = 0) -> bytes:
    framed = b"".join(_chunks(body, chunk)) if chunk else body
    return head.strip("\n").replace("\n", "\r\n").encode() + b"\r\n\r\n" + framed


def _chunks(body: bytes, size: int) -> Iterator[bytes]:
    for part in (body[at : at + size] for at in range(0, len(body), size)):
        yield b"%X;x=1\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"  # without a trailer: warcio, and so pywb, would take that for body


def page(number: int) -> bytes:
    return article_page(number, body=f"<p>{'各位委员：' * 999}</p>").encode()


def answers() -> dict[str, list[bytes]]:
    """By path, what is answered to one request after the other; the last goes on."""
    listing, long = list_page(ROWS).encode(), len(page(8))
    return {
        "/robots.txt": [answer("HTTP/1.1 404\nContent-Length: 0")],
        "/": [answer("HTTP/1.1 302 Object moved\nLocation: /Item/list.asp?id=5\nContent-Length: 0")],
        "/Item/list.asp?id=5": [answer(f"{HTML}Transfer-Encoding: chunked", listing, chunk=99)],
        "/Item/Show.asp?m=1&d=9": [
            answer(f"{HTML}Content-Encoding: gzip\nTransfer-Encoding: chunked", gzip.compress(page(9)), chunk=64)
        ],
        "/Item/Show.asp?m=1&d=8": [
            answer(f"{HTML}Content-Length: {long}", page(8)[:100]),
            answer(f"HTTP/1.1 200 Fine\nSET-cookie: a=1\nSet-Cookie: b=2\ncOnTeNt-LeNgTh:{long}", page(8)),
        ],
        "/Item/Show.asp?m=1&d=7": [answer("HTTP/1.0 200 OK\nContent-Type: text/html;charset=utf-8", page(7))],
    }


@contextmanager
def odd_site() -> Iterator[str]:
    """Serve it on this machine."""
    left = answers()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().decode().split(" ")[1]
            while self.rfile.readline().strip():
                pass
            counted = answer("HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close", b"document.write('12');")
            given = left.get(path, [counted])
            self.wfile.write(given[0] if len(given) == 1 else given.pop(0))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def profile(folder: Path) -> Path:
    """The site's profile, to crawl it by."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "odd.toml"
    file.write_text(PROFILE, "utf-8")
    return file
