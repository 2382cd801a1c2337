"""Decides whether the host of a link is the site's own, an alias of it, or a foreign one.

KesionCMS builds every link from its "site URL" setting; where that is wrong, pages link to a dead name or a
private address. Such links are fetched from the site's own host; anything else foreign is never fetched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from crawler.http.netloc import FETCHED_SCHEMES, Server, is_ambiguous


class Hosts:
    """The hosts of one crawl.

    Args:
        start_url: the first address; its host is the site's own.
        aliases: other names of the site, `host` or `host:port`.
    """

    def __init__(self, start_url: str, aliases: Iterable[str] = ()) -> None:
        parts = urlsplit(start_url)
        self.scheme, self.netloc = parts.scheme, parts.netloc.lower().rpartition("@")[2]
        self._own = Server.of(parts)
        self.aliases = {alias.lower() for alias in aliases} - {self.netloc}

    @property
    def is_private(self) -> bool:
        """True for a site declared by a private address, such as a replica."""
        return self._own is not None and self._own.is_private

    @property
    def names(self) -> list[str]:
        """Its own name, then the aliases; no private address, links to which lead to the own host anyway."""
        return [self.netloc, *(one for one in sorted(self.aliases) if not _is_private(one))]

    def local(self, url: str) -> str | None:
        """The address to fetch on the site's own host; None when the link leads to a foreign host or to no page.

        The own name with or without `www.` or `m.`, by http or https, is unchanged: sites redirect between these.
        """
        parts, server = _read(url)
        if parts is None or server is None:
            return None
        if self.is_own(server) and not self._is_named_alias(parts):
            return parts._replace(netloc=_without_credentials(parts), fragment="").geturl()
        if self._is_named_alias(parts) or self._is_wrong_setting(server):
            return self._on_own_host(parts)
        return None

    def redirected(self, url: str) -> str | None:
        """The address to fetch when the site redirects to `url`; None when it is not the site's.

        Unlike a link, a redirect to a private address is not tried on the site's own host: a 404 there would prove
        nothing about the requested page.
        """
        parts, server = _read(url)
        if parts is None or server is None or self._own is None:
            return None
        is_alias = parts.netloc.lower() in self.aliases or (
            server.host != self._own.host and self._is_named_alias(parts)
        )
        return self.local(url) if self.is_own(server) or is_alias else None

    def is_own(self, server: Server) -> bool:
        """True for the site's own server: its name with or without `www.` or `m.`, its port or that of http(s)."""
        if self._own is None or server.bare != self._own.bare:
            return False
        return server.port == self._own.port or (server.has_default_port and self._own.has_default_port)

    def is_declared(self, server: Server) -> bool:
        """True for the name with which the crawl was started."""
        return self._own is not None and server.host == self._own.host

    def here(self, url: str) -> str:
        """An archived address on the host of this crawl, since the site may have moved to another host."""
        return self._on_own_host(urlsplit(url))

    def learn(self, own_links: list[str]) -> None:
        """Accept the host of most of a page's own links, the CMS's "site URL" setting, as an alias."""
        named = Counter(urlsplit(url).netloc.lower() for url in own_links)
        if named:
            host, count = named.most_common(1)[0]
            if count * 2 > len(own_links) and host.removeprefix("www.") != self.netloc.removeprefix("www."):
                self.aliases.add(host)

    def _on_own_host(self, parts: SplitResult) -> str:
        return parts._replace(scheme=self.scheme, netloc=self.netloc, fragment="").geturl()

    def _is_named_alias(self, parts: SplitResult) -> bool:
        return parts.netloc.lower() in self.aliases or (parts.hostname or "").lower() in self.aliases

    def _is_wrong_setting(self, server: Server) -> bool:
        # Another port of this machine is another server; any other private address must be a wrong setting.
        if server.is_loopback and self._own is not None and self._own.is_loopback:
            return server.port == self._own.port
        return server.is_private


def _read(url: str) -> tuple[SplitResult | None, Server | None]:
    """The parts and the server of an http(s) address; None for one that programs parse differently."""
    if is_ambiguous(url):
        return None, None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None, None
    return (parts, Server.of(parts)) if parts.scheme in FETCHED_SCHEMES else (None, None)


def _is_private(netloc: str) -> bool:
    server = Server.of(f"http://{netloc}/")
    return server is None or server.is_private


def _without_credentials(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
