"""Search by reading every line: in constant memory, and exact without an index."""

from __future__ import annotations

import heapq
import json
import re
from itertools import count
from typing import TYPE_CHECKING

from pipelines.tables.search.hits import Hit, Hits, Sought, hit, names_with, reading

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPES = (b"\\u", b"\\/")
"""A line with such may have a character in another way than we write it."""


def search_lines(lines: Iterable[bytes], sought: Sought, limit: int | None) -> Hits:
    """Search in lines `latest/1`. `limit`: at most so many hits, the newest; null for all."""
    needle = json.dumps(sought.text, ensure_ascii=False)[1:-1].encode().lower()
    folds = needle != needle.upper()
    newest: list[tuple[str, int, Hit]] = []
    number, undated, order = 0, 0, count()
    sites, speakers = _Names("site"), _Names("speaker")
    for line in lines:
        if sought.site is not None:
            sites.add(line)
        if sought.speaker:
            speakers.add(line)
        if needle not in (line.lower() if folds else line) and not any(escape in line for escape in _ESCAPES):
            continue
        found = _hit(line, sought)
        if found is None:
            continue
        is_in_time = sought.is_in_time(found.published_on)
        undated += is_in_time is None
        if is_in_time:
            number += 1
            place = (found.published_on or "", next(order), found)
            if limit is None or len(newest) < limit:
                heapq.heappush(newest, place)
            elif limit:
                heapq.heappushpop(newest, place)
    hits = [found for *_, found in sorted(newest, reverse=True)]
    if number or undated:
        return Hits(hits, number, undated)
    return Hits(hits, 0, 0, frozenset(sites.found), names_with(sought.speaker, speakers.found))


class _Names:
    """The values of a key in lines that are not parsed, since most are not looked at otherwise."""

    def __init__(self, key: str) -> None:
        self._value = re.compile(rb'"%s":"([^"\\]+)"' % key.encode())
        self.found: set[str] = set()

    def add(self, line: bytes) -> None:
        if found := self._value.search(line):
            self.found.add(found[1].decode(errors="replace"))


def _hit(raw: bytes, sought: Sought) -> Hit | None:
    with reading(raw) as line:
        return hit(sought, line) if sought.is_of(line) else None
