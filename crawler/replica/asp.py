"""A request as it came, a request as classic ASP sees it, and an answer as IIS sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlsplit

LARGEST_LONG = 2**31 - 1


@dataclass(frozen=True)
class Asked:
    """A request as it came: `target` with its query, the posted `form`, and the headers CMSs look at."""

    method: str
    target: str
    form: str
    host: str
    cookie: str
    referer: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AspRequest:
    """Keys know no case; Request() looks into the query, then the form, then the cookies."""

    path: str
    host: str
    values: dict[str, str]
    referer: str = ""

    @classmethod
    def read(cls, asked: Asked, encoding: str) -> AspRequest:
        address = urlsplit(asked.target)
        values: dict[str, str] = {}
        for text in (address.query, asked.form):
            found: dict[str, str] = {}
            for key, value in parse_qsl(text, keep_blank_values=True, encoding=encoding, errors="replace"):
                name = key.lower()
                found[name] = f"{found[name]}, {value}" if name in found else value
            values = found | values
        return cls(address.path.lower(), asked.host, _cookies(asked.cookie) | values, asked.referer)

    def text(self, name: str) -> str:
        """A parameter as the guard hands it on: without quotes."""
        return self.values.get(name, "").replace("'", "").replace('"', "")

    def number(self, name: str) -> int:
        """ChkClng: what is not a number is 0."""
        text = self.text(name).strip()
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            return 0
        return int(text) if int(digits) <= LARGEST_LONG else 0


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name.lower(): morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
