"""Hosts and ports of addresses: a normal form, and which are private. Pure."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

FETCHED_SCHEMES = frozenset({"http", "https"})
"""The only schemes that are fetched: a redirect to `file://` would open a file of this machine."""

LONGEST_URL = 8_000
"""Characters of the longest address; servers refuse request lines above 8 KiB, and articles' addresses are short."""

_PORTS = {"http": 80, "https": 443}
# Characters that browsers remove or read as "/", so that two programs may see different hosts in one address.
_AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f]|^[^?#]*\\")
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}")
_OF_SITE = re.compile(r"^(?:www|m)\.(?=[^.]+\.)")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_ambiguous(url: str) -> bool:
    """True for an address with control characters, or with a backslash before its query."""
    return _AMBIGUOUS.search(url) is not None


@dataclass(frozen=True, slots=True)
class Server:
    """A host and a port in normal form: case, trailing dot, credentials and default port do not matter.

    `host` is lower-case, in ASCII where possible, an IPv6 address without brackets.
    """

    host: str
    port: int

    @staticmethod
    def of(url: str | SplitResult) -> Server | None:
        """The server of an http(s) address; None when it has no valid host and port."""
        try:
            parts = urlsplit(url) if isinstance(url, str) else url
        except ValueError:
            return None
        return _server(parts.scheme, parts.netloc)

    @property
    def bare(self) -> str:
        """The host without `www.`, or `m.` for mobile pages."""
        return _OF_SITE.sub("", self.host)

    @property
    def has_default_port(self) -> bool:
        """True for the port of http or https."""
        return self.port in _PORTS.values()

    @property
    def is_loopback(self) -> bool:
        """True for this machine."""
        address = ip_address(self.host)
        return _is_local_name(self.host) or (address is not None and inner(address).is_loopback)

    @property
    def is_private(self) -> bool:
        """True for this machine and any address that is not public, in every notation."""
        address = ip_address(self.host)
        return _is_local_name(self.host) or (address is not None and not is_global(address))


# The few servers of a crawl are asked for several times a request.
@lru_cache(256)
def _server(scheme: str, netloc: str) -> Server | None:
    parts = SplitResult(scheme, netloc, "", "", "")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if scheme not in FETCHED_SCHEMES or not host or port == 0:
        return None
    return Server(_spelling(host), port or _PORTS[scheme])


@lru_cache(256)
def ip_address(host: str) -> Address | None:
    """The IP address of a numeric host, in all notations of resolvers: one number, octal, hexadecimal, 127.1."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if _NUMERIC_HOST.fullmatch(host) else None
    except OSError:
        return None


def is_global(address: Address) -> bool:
    """True for a public address; of an IPv6 address with an embedded IPv4 address, the latter counts."""
    meant = inner(address)
    return meant.is_global and not meant.is_multicast


def inner(address: Address) -> Address:
    """The IPv4 address embedded in an IPv6 address, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _spelling(host: str) -> str:
    host = host.lower().rstrip(".")
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
