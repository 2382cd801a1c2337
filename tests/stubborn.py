"""A server that does not let go: `python -m tests.stubborn KIND HEALTHY` prints its port and serves.

The first HEALTHY requests are answered as a small site does, and then everything, or with `article-KIND` the first
articles, or with `some-KIND` every other one, as KIND says. Each request is a line of output.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import suppress

from tests.small import article_page, list_page

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
ROWS = [(n, f"第{n}篇讲话", "2020-01-01") for n in range(100, 120)]
BAD = {n for n, *_ in ROWS[:12]}
EVERY_OTHER = {n for n, *_ in ROWS[::2]}
LARGEST = 40 << 20
COUNT = 0


def main() -> None:
    """Serve."""
    kind, healthy = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, kind, healthy), daemon=True).start()


def serve(connection: socket.socket, kind: str, healthy: int) -> None:
    """Answer one connection."""
    global COUNT  # noqa: PLW0603 - one server a process
    with connection, suppress(OSError):
        while asked := connection.recv(65536):
            COUNT += 1
            path = asked.split(b" ")[1].decode()
            print(path, flush=True)
            number = int(path.rpartition("=")[2]) if "Show" in path else 0
            which, _, how = kind.rpartition("-")
            if healthy < COUNT and number in {"article": BAD, "some": EVERY_OTHER}.get(which, {number}):
                misbehave(connection, how)
                return
            connection.sendall(page(path))


def page(path: str) -> bytes:
    """A healthy answer."""
    if path == "/robots.txt":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    if "GetHits" in path:
        body = b"document.write('1');"
    else:
        is_article = "Show" in path
        number = int(path.rpartition("=")[2]) if is_article else 0
        text = article_page(number, title=f"第{number}篇讲话", body=f"<p>各位委员：</p><p>这是第{number}篇。</p>")
        body = (text if is_article else list_page(ROWS)).encode()
    return HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def misbehave(connection: socket.socket, kind: str) -> None:
    """Whatever is no answer; to close the connection needs nothing."""
    if kind == "hang":
        time.sleep(600)
    elif kind == "drip":
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n<html>")
        while True:
            time.sleep(0.2)
            connection.sendall(b"x")
    elif kind == "heads":
        flood(connection, b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60 + b"\r\n")
    elif kind == "line":
        flood(connection, b"HTTP/1.1 200 OK\r\nX: ", b"y" * 64)
    elif kind == "interim":
        flood(connection, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    elif kind == "chunks":
        flood(connection, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"100\r\n" + b"x" * 256 + b"\r\n")


def flood(connection: socket.socket, first: bytes, piece: bytes) -> None:
    """Send without end, as far as it is taken."""
    connection.sendall(first)
    for _ in range(LARGEST // (len(piece) * 500)):
        connection.sendall(piece * 500)


if __name__ == "__main__":
    main()
