"""Several requests at once: over a network small files take a round trip each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

_MOST = 16
"""Requests of one copy at the same time: at 50 ms each 320 files a second, far below what a bucket bears."""


def each(work: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
    """What `work` returns for each item, in their order; the first error ends it, and what has not begun is left."""
    given = list(items)
    if len(given) < 2:
        return [work(item) for item in given]
    with ThreadPoolExecutor(min(_MOST, len(given))) as pool:
        waiting = [pool.submit(work, item) for item in given]
        try:
            return [one.result() for one in waiting]
        finally:
            for one in waiting:
                one.cancel()
