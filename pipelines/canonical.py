"""Records as JSON values, lines and hashes. Standard library only."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_sorted = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_PLAIN = frozenset({str, int, float, bool, NoneType})
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# Same result as `urlsplit` for ordinary addresses, ten times faster.
_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(/[!$-.0-9:;=@A-Z_a-z~/%]*(?:\?[!$-.0-9:;=@A-Z_a-z~/%]+)?)")


def json_value(value: object) -> Any:
    """JSON value of a record: dataclasses become objects in field order, tuples arrays."""
    kind: type[Any] = type(value)
    if kind in _PLAIN:
        return value
    # Plain values, which most are, are told apart here: a call for each would take most of the time.
    if hasattr(kind, "__dataclass_fields__"):
        names, values_of = _fields_of(kind)  # type: ignore[arg-type] # a class is hashable
        pairs = zip(names, values_of(value), strict=True)
        return {name: one if type(one) in _PLAIN else json_value(one) for name, one in pairs}
    if isinstance(value, (tuple, list)):
        return [one if type(one) in _PLAIN else json_value(one) for one in value]
    return value


def json_values(record: object, names: Iterable[str]) -> dict[str, Any]:
    """JSON values of some fields of a record, in the order of `names`."""
    return {name: json_value(getattr(record, name)) for name in names}


@cache
def _fields_of(kind: type) -> tuple[tuple[str, ...], Callable[[object], Sequence[object]]]:
    """Names of the fields of a record class, and what gives their values."""
    names = tuple(field.name for field in fields(kind))
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: [getattr(value, name) for name in names]


def json_line(value: object) -> str:
    """One line of JSON Lines without its line feed: keys in contract order, UTF-8 unescaped."""
    return _compact(json_value(value))


def packed_line(value: object) -> bytes:
    """One line of JSON Lines with its line feed, of a plain value; keys in their order."""
    return f"{_compact(value)}\n".encode()


def sorted_sha256(value: dict[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form of a plain object of strings, integers, lists and objects."""
    return hashlib.sha256(_sorted(value).encode()).hexdigest()


def local_part(url: str) -> str:
    """Path and query of an address: the part that a change of host does not change."""
    plain = _PLAIN_URL.fullmatch(url)
    if plain is not None:
        return plain[1]
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
