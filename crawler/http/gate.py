"""The last check of a request before it is sent: only http and https, only the site's own host and port.

Links and redirects are checked where they are read (`crawler.http.hosts`); this is the second line of defence.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol, Self, cast

from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import DNSLookupError

from crawler.http.certificates import NOT_SEEN, VERIFIED, Certificates
from crawler.http.ending import ending_of
from crawler.http.hosts import Hosts
from crawler.http.netloc import LONGEST_URL, Address, Server, inner, ip_address, is_global
from crawler.http.notes import note, note_certificate
from crawler.http.politeness.pacing import pacing_of
from crawler.http.transport.scrapys_handler import HTTP11DownloadHandler

WAITED = "waited"
"""Key of a request's `meta`: seconds until it timed out."""


PATIENCE = "patience"
"""Key of a request's `meta`: a limit in seconds for idle time that is lower than IDLE_TIMEOUT."""


EARLIER = "earlier"
"""Flag of a response that a killed run got: it tells of the page, and nothing of how the host fares now."""


class NotFetched(IgnoreRequest):
    """An address that is never fetched."""


class OfSite(Protocol):
    """A spider that keeps to the hosts of one site."""

    @property
    def hosts(self) -> Hosts: ...

    @property
    def first_page(self) -> str: ...


def _hosts(crawler: Crawler) -> Hosts:
    return cast("OfSite", crawler.spider).hosts


class GateMiddleware:
    """Refuses (`NotFetched`) every request that is not for the site."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if ending := ending_of(self.crawler):
            ending.check()
        server = Server.of(request.url)
        if server is None:
            raise NotFetched(f"only http and https are fetched: {request.url[:200]}")
        if not _hosts(self.crawler).is_own(server):
            raise NotFetched(f"not on the site's own host and port: {request.url[:200]}")
        if len(request.url) > LONGEST_URL:
            raise NotFetched(f"an address of {len(request.url)} characters: {request.url[:200]}…")


class GuardedHandler(HTTP11DownloadHandler):
    """Scrapy's download over HTTP/1.1, refused where a name resolves to an address that is not public.

    A site declared by a private address is requested there, and the declared name may be one of a private network;
    but no name may resolve to a link-local address, where clouds serve their credentials.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._certificates = Certificates(partial(_tell_certificate, crawler))

    async def close(self) -> None:
        """Close the connections."""
        await self._certificates.close()
        await super().close()

    async def download_request(self, request: Request) -> Response:
        await self._check(request)
        if (pacing := pacing_of(self.crawler)) is None:
            return await self._timed(request)
        response = None
        async with pacing.turn(request.url):
            try:
                response = await self._timed(request)
            finally:
                pacing.answered(request.url, response)
        return response

    async def _timed(self, request: Request) -> Response:
        self._certificates.look(request.url)
        loop, ending = asyncio.get_running_loop(), ending_of(self.crawler)
        began = loop.time()
        download = self._download(request)
        try:
            return await (ending.run(download) if ending else download)
        except DownloadTimeoutError:
            request.meta[WAITED] = loop.time() - began
            raise

    async def _download(self, request: Request) -> Response:
        return await super().download_request(request)

    async def _check(self, request: Request) -> None:
        server = Server.of(request.url)
        if server is None or ip_address(server.host) is not None:
            return
        address = await _address_of(server.host)
        if address is not None and not may_lead(_hosts(self.crawler), server, address):
            raise NotFetched(f"{server.host} is {address}, which is not on the open network")


def _tell_certificate(crawler: Crawler, server: str, told: str) -> None:
    note_certificate(crawler, server, told)
    if told != VERIFIED and not told.startswith(NOT_SEEN):
        note(crawler, f"https://{server}: the certificate could not be verified: {told}")


def may_lead(hosts: Hosts, server: Server, address: Address) -> bool:
    """True when a server of the site may be requested at this address."""
    if is_global(address) or hosts.is_private:
        return True
    meant = inner(address)
    return hosts.is_declared(server) and not (meant.is_link_local or meant.is_unspecified or meant.is_multicast)


async def _address_of(host: str) -> Address | None:
    """The address of a name, the same that the download will use, since answers are cached (DNSCACHE_ENABLED)."""
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

    try:
        return ip_address(await maybe_deferred_to_future(reactor.resolve(host)))  # type: ignore[arg-type]
    except (DNSLookupError, OSError):
        return None  # the download itself will fail
