"""Which host a link really means: the site's own, an alias of it, or a foreign one.

KesionCMS builds every link from the admin's "site URL" setting; where that is wrong, pages link to a dead name or a
private address. Such links are fetched from the site's own host; anything else foreign is never fetched.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit


class Hosts:
    """The hosts of one crawl.

    Args:
        start_url: address the crawl begins at; its host is the site's own.
        aliases: other names of the site, `host` or `host:port`.
    """

    def __init__(self, start_url: str, aliases: Iterable[str] = ()) -> None:
        parts = urlsplit(start_url)
        self.scheme, self.netloc = parts.scheme, parts.netloc.lower()
        self._own = parts
        self.aliases = {alias.lower() for alias in aliases} - {self.netloc}

    @property
    def is_this_machine(self) -> bool:
        """True for a crawl of this machine, such as a replica's."""
        return _is_loopback((self._own.hostname or "").lower())

    def local(self, url: str) -> str | None:
        """The address to fetch on the site's own host; None when the link leads to a foreign host.

        The own name with or without `www.`, by http or https, stays as it is: sites redirect between them.
        """
        parts = urlsplit(url)
        if self._is_own(parts):
            return parts._replace(fragment="").geturl()
        if self._is_alias(parts):
            return parts._replace(scheme=self.scheme, netloc=self.netloc, fragment="").geturl()
        return None

    def here(self, url: str) -> str:
        """An address the archive keeps, on the host of this crawl: the archive is of this site, wherever it moved."""
        return urlsplit(url)._replace(scheme=self.scheme, netloc=self.netloc, fragment="").geturl()

    def learn(self, own_links: list[str]) -> None:
        """Take the host that most of a page's own links name for the CMS's "site URL" setting: an alias."""
        named = Counter(urlsplit(url).netloc.lower() for url in own_links)
        if named:
            host, count = named.most_common(1)[0]
            if count * 2 > len(own_links) and host.removeprefix("www.") != self.netloc.removeprefix("www."):
                self.aliases.add(host)

    def _is_own(self, parts: SplitResult) -> bool:
        netloc = parts.netloc.lower()
        return netloc.removeprefix("www.") == self.netloc.removeprefix("www.") and netloc not in self.aliases

    def _is_alias(self, parts: SplitResult) -> bool:
        netloc, host = parts.netloc.lower(), (parts.hostname or "").lower()
        own = (self._own.hostname or "").lower()
        if netloc in self.aliases or host in self.aliases:
            return True
        # Another port of this machine is another server; any other private address can only be a wrong setting.
        if _is_loopback(host) and _is_loopback(own):
            return parts.port == self._own.port
        return _is_private(host)


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_private(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_private)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
