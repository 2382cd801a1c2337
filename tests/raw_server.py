"""A server that sends the very bytes a script says and tells every byte it received: `python -m tests.raw_server`.

Answers are by path. It prints its port, then one JSON line an exchange: path, the client's port, received and sent
(base64). With a certificate file as argument it speaks TLS.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import sys
import threading
import time
import zlib
from contextlib import suppress

TEXT = "主席 何庆海在政协全体会议上的讲话，“一、二”。".encode("gb18030") * 80
LARGE = b"<html>" + bytes(range(256)) * (6 << 12) + b"</html>"


def chunked(body: bytes, size: int = 700) -> bytes:
    """A body in chunks, with an extension on the first and a trailer."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    framed = [
        f"{len(part):X}{';name=1' if not n else ''}\r\n".encode() + part + b"\r\n" for n, part in enumerate(parts)
    ]
    return b"".join(framed) + b"0\r\nX-Trailer: yes\r\n\r\n"


def answer(status: str, *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    """A response; `length` adds a Content-Length."""
    said = (*headers, *((f"Content-Length: {length}",) if length is not None else ()))
    return "\r\n".join((status, *said, "", "")).encode("latin-1") + body


PACKED = gzip.compress(TEXT, mtime=0)
RAW_DEFLATE = zlib.compress(TEXT)[2:-4]
ANSWERS = {
    "/plain": answer("HTTP/1.1 200 OK", "Content-Type: text/html", body=TEXT, length=len(TEXT)),
    "/again": answer("HTTP/1.1 200 OK", "Content-Type: text/html", "X: other", body=TEXT, length=len(TEXT)),
    "/gzip": answer("HTTP/1.1 200 OK", "content-ENCODING:  gzip ", "content-type: text/html", body=PACKED,
                    length=len(PACKED)),
    "/deflate": answer("HTTP/1.1 200 OK", "Content-Encoding: deflate", body=RAW_DEFLATE, length=len(RAW_DEFLATE)),
    "/chunked": answer("HTTP/1.1 200 Very Good", "TRANSFER-encoding: chunked", body=chunked(TEXT)),
    "/both": answer("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Encoding: gzip", body=chunked(PACKED)),
    "/cookies": answer("HTTP/1.1 200 ", "Set-Cookie: a=1; path=/", "X-oDd-cAsE:  kept ", "Set-Cookie: b=2", length=0),
    "/moved": answer("HTTP/1.1 302 Object moved", "Location: /plain", body=b"moved", length=5),
    "/missing": answer("HTTP/1.1 404 Not Found", body=b"none", length=4),
    "/nothing": answer("HTTP/1.1 204 No Content"),
    "/old": answer("HTTP/1.0 200 OK", "Content-Type: text/html", body=TEXT),
    "/early": answer("HTTP/1.1 103 Early Hints", "Link: </a>") + answer("HTTP/1.1 200 OK", body=b"late", length=4),
    "/bad-line": answer("HTTP/1.1 200 OK", "no colon here", "Content-Type: text/html", body=b"ok", length=2),
    "/folded": answer("HTTP/1.1 200 OK", "X-Long: one\r\n two", body=b"ok", length=2),
    "/mixed": b"HTTP/1.1 200 OK\nContent-Length: 2\n\r\nok",
    "/long-head": answer("HTTP/1.1 200 OK", *(f"X-{n}: {'y' * 1000}" for n in range(1200)), body=b"ok", length=2),
    "/many-early": answer("HTTP/1.1 100 Continue") * 4000 + answer("HTTP/1.1 200 OK", body=b"late", length=4),
    "/two-codings": answer("HTTP/1.1 200 OK", "Content-Encoding: identity", "Content-Encoding: gzip", body=PACKED,
                           length=len(PACKED)),
    "/no-coding": answer("HTTP/1.1 200 OK", "Content-Encoding: utf-8", body=b"ok", length=2),
    "/other-blank": answer("HTTP/1.1 200 OK", "Content-Encoding: gzip\xa0", body=b"ok", length=2),
    "/padded": answer("HTTP/1.1 200 OK", "Content-Encoding: gzip",
                      body=gzip.compress(TEXT[:99]) + bytes(9) + gzip.compress(TEXT[99:]) + bytes(600)),
    "/two-lengths": answer("HTTP/1.1 200 OK", "Content-Length: 2, 2", body=b"ok and more"),
    "/no-length": answer("HTTP/1.1 200 OK", f"Content-Length: {'9' * 5000}", body=b"ok"),
    "/signed": answer("HTTP/1.1 +200 OK", body=b"ok", length=2),
    "/odd-status": answer("HTTP/1.1 2000 Odd", body=b"ok", length=2),
    "/nothing-more": answer("HTTP/1.1 204 No Content", body=b"more", length=4),
    "/not-modified": answer("HTTP/1.1 304 Not Modified", length=4),
    "/beyond": answer("HTTP/1.1 200 OK", body=b"ok and", length=2),
    "/closing": answer("HTTP/1.1 200 OK", "Connection: Keep-Alive, Close", body=b"ok", length=2),
    "/old-length": answer("HTTP/1.0 200 OK", body=b"ok", length=2),
    "/old-open": answer("HTTP/1.0 200 OK", "Connection: Keep-Alive", body=b"ok", length=2),
    "/large": answer("HTTP/1.1 200 OK", body=LARGE, length=len(LARGE)),
    "/cut": answer("HTTP/1.1 200 OK", body=TEXT[:100], length=len(TEXT)),
    "/slow": answer("HTTP/1.1 200 OK", body=TEXT[:100], length=len(TEXT)),
    "/huge": answer("HTTP/1.1 200 OK", body=TEXT, length=1 << 40),
}  # fmt: skip
CLOSES = {"/old", "/cut", "/padded", "/two-lengths", "/no-length"}


def main() -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = None
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener, context), daemon=True).start()
    sys.stdin.read()


def _accept(listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, context), daemon=True).start()


def _serve(connection: socket.socket, context: ssl.SSLContext | None) -> None:
    if context is not None:
        connection = context.wrap_socket(connection, server_side=True)
    with connection:
        while received := _request(connection):
            path = received.split(b" ")[1].decode()
            sent = ANSWERS.get(path, ANSWERS["/missing"])
            said = {"path": path, "port": connection.getpeername()[1], "received": received, "sent": sent}
            print(json.dumps(said, default=lambda data: base64.b64encode(data).decode()), flush=True)
            with suppress(ConnectionError):
                connection.sendall(sent)
            if path == "/slow":
                time.sleep(3)
            if path in CLOSES:
                return


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        try:
            data = connection.recv(65536)
        except ConnectionError:
            return b""
        if not data:
            return b""
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


if __name__ == "__main__":
    main()
