"""Whether this machine's authorities vouch for a certificate: the site is read all the same, and it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from crawler.http.netloc import Server

_SECONDS = 5


class Certificates:
    """Looks at the certificate of each https server once, over a connection of its own.

    Args:
        note: is told of each that cannot be verified.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._looks: dict[Server, asyncio.Future[None]] = {}

    def look(self, url: str) -> None:
        """Look at the server of an address, if it is one of https that was not looked at yet."""
        server = Server.of(url)
        if server is not None and url.startswith("https:") and server not in self._looks:
            self._looks[server] = asyncio.ensure_future(self._look(server))

    async def close(self) -> None:
        """Wait until every look has ended."""
        await asyncio.gather(*self._looks.values())

    async def _look(self, server: Server) -> None:
        if why := await asyncio.to_thread(doubt, server):
            self._note(f"https://{server.host}:{server.port}: the certificate could not be verified: {why}")


def doubt(server: Server) -> str | None:
    """Why a certificate cannot be verified; None when it can, or when nothing is known of it."""
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
