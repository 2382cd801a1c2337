"""What is sent for a request, byte for byte as Twisted's client writes it, and to which server."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from twisted.web.client import URI
from twisted.web.http_headers import Headers

from pipelines.values import frozen

if TYPE_CHECKING:
    from scrapy.http import Request

_ADDRESS = re.compile(rb"(https?)://([!-\"$-.0->A-~]+)(/[!-\"$-:<->@-~]*)?(\?[!-\"$-:<-~]+)?")
"""An address whose path and query are sent as they are: most; Twisted takes the others apart."""
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_URL = re.compile(rb"[\x21-\x7e]+")


@frozen
class Server:
    """Where a connection leads, and from which local address; `host` without the brackets of IPv6."""

    scheme: bytes
    host: bytes
    port: int
    bind: tuple[str, int] | None

    @property
    def named(self) -> bytes:
        """The value of the Host header."""
        host = b"[%b]" % self.host if b":" in self.host else self.host
        return host if self.port == (443 if self.scheme == b"https" else 80) else b"%b:%d" % (host, self.port)


@lru_cache(256)
def _server(scheme: bytes, netloc: bytes, bind: tuple[str, int] | None) -> Server:
    uri = _uri(b"%b://%b/" % (scheme, netloc))
    return Server(scheme, uri.host, uri.port, bind)


def taken_apart(url: bytes, bind: tuple[str, int] | None) -> tuple[Server, bytes]:
    """The server and the request target of an address without a fragment.

    Raises:
        ValueError: it has characters that cannot be sent.
    """
    if (found := _ADDRESS.fullmatch(url)) is not None:
        return _server(found[1], found[2], bind), (found[3] or b"/") + (found[4] or b"")
    if _URL.fullmatch(url) is None:
        raise ValueError(f"an address that cannot be sent: {url[:200]!r}")
    uri = _uri(url)
    return _server(uri.scheme, uri.netloc, bind), cast("bytes", uri.originForm)


def written(request: Request, target: bytes, server: Server) -> bytes:
    """A request as Twisted's client writes it, byte for byte.

    Raises:
        ValueError: its method or a header cannot be sent.
    """
    if _METHOD.fullmatch(request.method) is None:
        raise ValueError(f"a method that cannot be sent: {request.method[:200]!r}")
    body = request.body
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target)]
    if body or request.method in {"POST", "PUT"}:
        lines.append(b"Content-Length: %d" % len(body))
    has_host = False
    for key, values in dict.items(request.headers):  # Scrapy's own looks each name up again
        name = _sent_name(key)
        has_host = has_host or name == b"Host"
        lines += [b"%b: %b" % (name, b" ".join(value.splitlines())) for value in values]
    if not has_host:
        lines.append(b"Host: " + server.named)
    lines.append(b"\r\n")
    return b"\r\n".join(lines) + body


@lru_cache(256)
def _sent_name(name: bytes) -> bytes:
    return next(iter(Headers({name: [b""]}).getAllRawHeaders()))[0]


def _uri(url: bytes) -> Any:
    return URI.fromBytes(url)  # type: ignore[no-untyped-call]
