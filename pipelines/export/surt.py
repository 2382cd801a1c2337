"""SURT, the key by which web archives sort captures: `http://www.a.example/B?d=2&c=1` is `example,a)/b?c=1&d=2`.

The rules are those of the `surt` package, which CDXJ indexers and pywb use; a test compares the two.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

_URL = re.compile(r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>[^/?#:]*)(?::(?P<port>\d*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE)  # fmt: skip
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_WWW = re.compile(r"www\d*\.")
_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PATH_SESSIONS = (
    re.compile(r"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)"),
    re.compile(r"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)"),
)
_QUERY_SESSIONS = tuple(
    re.compile(rf"(.*){session}(?:&(.*))?", re.IGNORECASE)
    for session in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]+&cftoken=[^&]+",
    )
)


def surt(url: str) -> str:
    """The key of an absolute http or https address; any other address is its own key."""
    found = _URL.match(re.sub(r"[\n\r\t]", "", url.strip()))
    if found is None:
        return url
    port = (found["port"] or "").lstrip("0")
    is_default = port in {"", _DEFAULT_PORTS[found["scheme"].lower()]}
    query = _query(found["query"] or "")
    return f"{_host(found['host'])}{'' if is_default else f':{port}'}){_path(found['path'])}{query and f'?{query}'}"


def _host(host: str) -> str:
    try:
        plain = host.encode("idna").decode()
    except UnicodeError:
        plain = _escaped(host)
    plain = _WWW.sub("", plain.lower().replace("..", ".").strip("."), count=1) if plain else plain
    return ",".join(reversed(plain.split(".")))


def _path(path: str) -> str:
    kept: list[str] = []
    for part in _escaped(path).lower().split("/")[1:]:
        if part == ".." and kept:
            kept.pop()
        elif part != ".":
            kept.append(part)
    last = kept.pop() if kept else ""
    plain = "/" + "".join(f"{part}/" for part in kept if part) + last
    for session in _PATH_SESSIONS:
        if found := session.fullmatch(plain):
            plain = found[1] + found[2]
    return plain[:-1] if plain.endswith("/") and plain != "/" else plain


def _query(query: str) -> str:
    plain = _escaped(query)
    for session in _QUERY_SESSIONS:
        if found := session.fullmatch(plain):
            plain = found[1] + (found[2] or "")
    return "&".join("=".join(pair) for pair in sorted(part.split("=", 1) for part in plain.lower().split("&")))


def _escaped(text: str) -> str:
    """Percent-escaped exactly once."""
    data, before = text.encode(), b""
    while data != before:
        before, data = data, unquote_to_bytes(data)
    return quote_from_bytes(data, safe=_SAFE)
