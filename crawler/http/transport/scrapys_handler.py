"""Scrapy's handler of HTTP/1.1, imported in half of the time: a fifth of the start of a crawl."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def _two_frames_only() -> Iterator[None]:
    """Let `inspect.stack` tell two frames, without their source.

    Scrapy makes three deprecated classes while it is imported, and asks for the caller's module each time; Python
    then reads the source of everything that is under way, 40 ms each.
    """
    whole = inspect.stack

    def stack(context: int = 1) -> list[tuple[FrameType | None]]:  # noqa: ARG001 - as Python's
        caller = sys._getframe(1)
        return [(caller,), (caller.f_back,)]

    inspect.stack = stack  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.stack = whole


with _two_frames_only():
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler

__all__ = ["HTTP11DownloadHandler"]
