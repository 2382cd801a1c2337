"""Addresses of articles as patterns over the path, and what they name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.pages.plain import plain_parts


@dataclass(frozen=True, slots=True)
class ArticleAddress:
    """An article: `native_id` is its identity, `part` its page from 1, `canonical` the one address kept of it."""

    native_id: str
    part: int
    canonical: str


def address_by_path(url: str, patterns: Iterable[re.Pattern[str]], first_number: int = 2) -> ArticleAddress | None:
    """The article a path names; None when no pattern matches.

    Args:
        url: absolute URL; its query and fragment say nothing.
        patterns: over the whole path, with the group `id` and, if parts have files of their own, `part`.
        first_number: the number in the name of the second part's file: `_2` in most families, `_1` in TRS.
    """
    parts = plain_parts(url)
    for pattern in patterns:
        if match := pattern.search(parts.path):
            path, number = parts.path, match.groupdict().get("part")
            if number:
                path = path[: match.start("part")].rstrip("_-") + path[match.end("part") :]
            part = int(number) + 2 - first_number if number else 1
            return ArticleAddress(match["id"], part, f"{parts.scheme}://{parts.netloc}{path}")
    return None


def folders(path: str) -> tuple[str, ...]:
    """A folder and those around it, innermost first: `a/b/c`, `a/b`, `a`."""
    names = [name for name in path.split("/") if name]
    return tuple("/".join(names[:end]) for end in range(len(names), 0, -1))
