"""How a record becomes bytes: JSON values, lines, and the hash of what the site published. Standard library only."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

_sorted = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# What `urlsplit` gives for an address without oddities, at a tenth of its price.
_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(/[!$-.0-9:;=@A-Z_a-z~/%]*(?:\?[!$-.0-9:;=@A-Z_a-z~/%]+)?)")


def json_value(value: object) -> Any:
    """Plain JSON value of a record: dataclasses become objects in field order, tuples arrays."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: json_value(getattr(value, f.name)) for f in fields(value)}  # type: ignore[arg-type]
    if isinstance(value, (tuple, list)):
        return [json_value(item) for item in value]
    return value


def json_line(value: object) -> str:
    """One line of JSON Lines without its line feed: keys in contract order, UTF-8 unescaped."""
    return _compact(json_value(value))


def content_sha256(line: dict[str, Any]) -> str:
    """Hash of what the site published, from a plain `speech/1` object; see `docs/archive-format.md`.

    RFC 8785 over title, published_on, published_at, author, source, body and attachments as {name, url} where url is
    path and query only, so that a change of host is no change of content.
    """
    keys = ("title", "published_on", "published_at", "author", "source", "body")
    content: dict[str, Any] = {key: line[key] for key in keys}
    content["attachments"] = [{"name": a["name"], "url": local_part(a["url"])} for a in line["attachments"]]
    return sorted_sha256(content)


def sorted_sha256(value: dict[str, Any]) -> str:
    """SHA-256 over the RFC 8785 form of a plain object of strings, integers, lists and objects."""
    return hashlib.sha256(_sorted(value).encode()).hexdigest()


def local_part(url: str) -> str:
    """Path and query of an address: what a change of host leaves as it is."""
    plain = _PLAIN_URL.fullmatch(url)
    if plain is not None:
        return plain[1]
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
