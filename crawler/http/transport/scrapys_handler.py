"""Scrapy's handler of HTTP/1.1, imported in half of the time: a fifth of the start of a crawl."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _knowing_the_caller() -> Iterator[None]:
    """Let `inspect.stack` tell the calling module at once.

    Scrapy makes three deprecated classes while it is imported, and asks for the caller's module each time; Python
    then reads the source of everything that is under way, and resolves the paths of all modules, 40 ms each.
    """
    whole = inspect.stack

    def stack(context: int = 1) -> list[tuple[ModuleType]]:  # noqa: ARG001 - as Python's
        ours, its_caller = (sys.modules[sys._getframe(depth).f_globals["__name__"]] for depth in (2, 3))
        return [(ours,), (its_caller,)]

    inspect.stack = stack  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.stack = whole


with _knowing_the_caller():
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler

__all__ = ["HTTP11DownloadHandler"]
