"""Search by reading every line: in constant memory, and exact without an index."""

from __future__ import annotations

import heapq
import json
from itertools import count
from typing import TYPE_CHECKING

from pipelines.archive.errors import Damaged
from pipelines.record import completed
from pipelines.tables.search.hits import Hit, Hits, Sought, hit
from pipelines.untrusted import parsed_json

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
    for line in lines:
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
    return Hits([found for *_, found in sorted(newest, reverse=True)], number, undated)


def _hit(raw: bytes, sought: Sought) -> Hit | None:
    try:
        line = completed(parsed_json(raw))
        return hit(sought, line) if sought.is_of(line) else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a line of {raw[:80]!r}… is not one of latest.jsonl ({error!r}); run verify") from error
