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
        note: called with a message for each that cannot be verified.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
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
        if why := await asyncio.to_thread(doubt, server):
            self._note(f"https://{server.host}:{server.port}: the certificate could not be verified: {why}")


def doubt(server: Server) -> str | None:
    """Why a certificate cannot be verified; None when it can, or when it is not available."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((server.host, server.port), _SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=server.host),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return error.reason or "TLS failed"
    except (OSError, ValueError):
        return None
