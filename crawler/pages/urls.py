"""Addresses as browsers read them (WHATWG URL Standard, section 4.4): links made absolute, and one spelling of each.

`urllib.parse.urljoin` follows an older standard: it keeps dot segments above the root and backslashes, and knows
nothing of a page's character set, in which browsers send what a query holds unescaped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import SplitResult, unquote, urlsplit

from pipelines.text.remembered import LONGEST, remembered

_PORTS = {"http": 80, "https": 443}
_CONTROLS = "".join(map(chr, range(0x21)))
_EDGES = f"{_CONTROLS}\u00a0\u3000\ufeff"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NOT_IN_HOST = re.compile(r"[\x00-\x20#/:<>?@\[\\\]^|%\x7f]")
# What browsers escape in a path and in a query, besides what is not ASCII.
_IN_PATH, _IN_QUERY = re.compile('[\x00- \x7f"<>`{}^]'), re.compile("[\x00- \x7f\"#<>']")
_BREAKS = re.compile(r"[\t\n\r]")
_ROOTED = ("/", "\\", "http://", "https://")
_DOT, _DOTS = frozenset({".", "%2e"}), frozenset({"..", ".%2e", "%2e.", "%2e%2e"})
_GBK = frozenset({"gb2312", "gbk", "gb18030", "cp936", "x-gbk"})
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
# Unreserved by RFC 3986, and characters that no server reads otherwise when they are escaped.
_NEEDLESS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~()!*,:@$")
NO_ADDRESS = SplitResult("", "", "", "", "")


def resolve(base: str, address: str, charset: str = "utf-8") -> str | None:
    """What a link leads to; None when that is no address of the web, or none at all.

    Args:
        base: absolute address of the page, or of its `<base href>`.
        address: the link as it is written.
        charset: encoding of the page; a query is escaped in it.
    """
    value = _BREAKS.sub("", address).strip(_EDGES)
    try:
        near = _split(base, is_root=value.startswith(_ROOTED))
        is_short = len(value) <= LONGEST and len(base) <= LONGEST
        return (_absolute if is_short else _absolute.__wrapped__)(near, value, charset)
    except ValueError:
        return None


@remembered(256)
def _split(base: str, *, is_root: bool) -> SplitResult:
    """The parts of a base; as a root only those that a menu's links hang on, the same on all pages of a site."""
    parts = urlsplit(base)
    return parts._replace(path="", query="", fragment="") if is_root else parts


@lru_cache(1_024)
def _absolute(base: SplitResult, value: str, charset: str) -> str:
    """A link as it is written, made absolute; `ValueError` when there is no such address."""
    value, _, fragment = value.partition("#")
    value, asked, query = value.partition("?")
    parts = _joined(base, value.replace("\\", "/"), query if asked else None, charset)
    return parts._replace(fragment=_escape(fragment, _IN_QUERY)).geturl()


def _joined(base: SplitResult, value: str, query: str | None, charset: str) -> SplitResult:
    """The parts of an absolute address; `ValueError` when there is no such address."""
    named = _SCHEME.match(value)
    scheme = named[1].lower() if named else base.scheme
    rest = value[named.end() :] if named else value
    if scheme not in _PORTS:
        raise ValueError(f"{scheme}: is not of the web")
    escaped = _escape_query(query, charset) if query is not None else ""
    if rest.startswith("//") or (named and (scheme != base.scheme or not base.netloc)):
        netloc, slash, path = rest.lstrip("/").partition("/")
        return SplitResult(scheme, _host(netloc, scheme), without_dots(_escape(slash + path, _IN_PATH)), escaped, "")
    if not rest:
        return base._replace(query=base.query if query is None else escaped, fragment="")
    path = rest if rest.startswith("/") else f"{base.path.rpartition('/')[0]}/{rest}"
    return SplitResult(scheme, base.netloc, without_dots(_escape(path, _IN_PATH)), escaped, "")


def _host(netloc: str, scheme: str) -> str:
    """Host and port in one spelling: lower case, international names in ASCII, no default port."""
    login, at, place = netloc.rpartition("@")
    if place.startswith("["):
        host, _, rest = place.partition("]")
        host, port = f"[{IPv6Address(host[1:])}]", rest.removeprefix(":")
    else:
        host, _, port = place.partition(":")
        host = unquote(host)
        host = host.lower() if host.isascii() else host.encode("idna").decode("ascii")
        if not host or _NOT_IN_HOST.search(host):
            raise ValueError(f"{netloc}: is no host")
    if port and (not (port.isascii() and port.isdigit()) or int(port[:6]) > 0xFFFF):
        raise ValueError(f"{netloc}: is no port")
    is_default = not port or int(port) == _PORTS[scheme]
    return f"{login}{at}{host}" + ("" if is_default else f":{int(port)}")


def without_dots(path: str) -> str:
    """A path without `.` and `..`; above the root there is nothing."""
    if path.startswith("/") and "/." not in path and "/%2" not in path:
        return path
    kept: list[str] = []
    names = path.split("/")[1:]
    for name in names:
        if name.lower() in _DOTS:
            kept = kept[:-1]
        elif name.lower() not in _DOT:
            kept.append(name)
    is_folder = names[-1:] != [] and names[-1].lower() in _DOT | _DOTS
    return "/" + "/".join((*kept, "") if is_folder else kept)


def _escape(text: str, special: re.Pattern[str]) -> str:
    """Escape ASCII; other characters of a path stay readable, and are sent as UTF-8 whatever the page's encoding."""
    return special.sub(lambda at: _percent(at[0].encode()), text)


def escaped(text: str) -> str:
    """A path as it is sent."""
    return "".join(one if one.isascii() else _percent(one.encode("utf-8", "replace")) for one in text)


def _escape_query(text: str, charset: str) -> str:
    """A query in the page's own encoding; a character it has not is sent as its number, as in a form."""
    return _escape(text, _IN_QUERY) if text.isascii() else "".join(_in_query(one, charset.lower()) for one in text)


@lru_cache(1_024)
def _in_query(character: str, charset: str) -> str:
    if character.isascii():
        return _escape(character, _IN_QUERY)
    if charset in _GBK and character == "€":
        return "%80"
    codec = "gbk" if charset in _GBK else "utf-8" if charset.startswith("utf") else charset
    try:
        octets = character.encode(codec)
    except LookupError:
        octets = character.encode("utf-8", "replace")
    except UnicodeEncodeError:
        return f"%26%23{ord(character)}%3B"
    return "".join(_in_query(chr(octet), charset) if octet < 0x80 else f"%{octet:02X}" for octet in octets)


def _percent(octets: bytes) -> str:
    return "".join(f"%{octet:02X}" for octet in octets)


def unescaped(text: str) -> str:
    """Part of an address without needless escapes: `%74` is `t`, `%e4` is `%E4`."""
    return _ESCAPED.sub(lambda at: one if (one := chr(int(at[1], 16))) in _NEEDLESS else at[0].upper(), text)
