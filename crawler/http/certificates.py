"""Checks certificates against this machine's authorities: the site is crawled anyway, and failures are reported."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from crawler.http.netloc import Server

_SECONDS = 5


class Certificates:
    """Checks the certificate of each https server once, over a separate connection.

    Args:
        tell: called with each server, as `host:port`, and whether its certificate could be verified, or why not.
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._looks: dict[Server, asyncio.Future[None]] = {}

    def look(self, url: str) -> None:
        """Check the server of an https address, unless it was checked already."""
        server = Server.of(url)
        if server is not None and url.startswith("https:") and server not in self._looks:
            self._looks[server] = asyncio.ensure_future(self._look(server))

    async def close(self) -> None:
        """Wait until every check has ended."""
        await asyncio.gather(*self._looks.values())

    async def _look(self, server: Server) -> None:
        self._tell(f"{server.host}:{server.port}", await asyncio.to_thread(looked_at, server))


VERIFIED, NOT_SEEN = "verified", "not seen"


def looked_at(server: Server) -> str:
    """`verified`, or why a server's certificate could not be."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((server.host, server.port), _SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=server.host),
        ):
            return VERIFIED
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return error.reason or "TLS failed"
    except (OSError, ValueError) as error:
        return f"{NOT_SEEN}: {error}"
