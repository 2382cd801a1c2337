"""A time limit for reading one page: a page is hostile input, and reading it blocks everything else.

Page sizes are limited and a test keeps the patterns linear; this is for cases that both miss.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import NamedTuple

from crawler.pages.page import PageTimeError

MOST_SECONDS = 10.0
"""Seconds of CPU time; the worst page within the size limit takes half of it, a real one a hundredth of a second."""
_AGAIN = 1.0
"""Seconds until the next look, while other threads use the time, and until the exception is raised again, if the
first one was lost in a destructor."""


class _Reading(NamedTuple):
    """What is being read, the seconds it may take, and the thread's time at its beginning."""

    what: str
    seconds: float
    began: float


_reading: _Reading | None = None


@dataclass(slots=True)
class Spent:
    """Seconds of CPU time that reading took, of one crawl among many in a process."""

    seconds: float = 0.0


SPENT: ContextVar[Spent | None] = ContextVar("spent", default=None)
"""Where the time of the code that runs is added up; null for nowhere."""


@contextmanager
def reading_time(what: str, seconds: float = MOST_SECONDS) -> Iterator[None]:
    """Abort the block after so many seconds of its CPU time; if nested, the outer limit counts.

    Works only in the main thread, which reads pages; a pattern is interrupted, a call of lxml is not. The timer
    counts the time of all threads, such as those that seal other sites meanwhile; so the thread's own is looked at.

    Raises:
        PageTimeError: the time is over; the message names `what`.
    """
    global _reading  # noqa: PLW0603 - a timer is the process's, too
    if _reading is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    _handle()
    began = time.thread_time()
    _reading = _Reading(what, seconds, began)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, min(seconds, _AGAIN))
    try:
        yield
    finally:
        _reading = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if (spent := SPENT.get()) is not None:
            spent.seconds += time.thread_time() - began


def _over(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    if _reading is not None and time.thread_time() - _reading.began >= _reading.seconds:
        raise PageTimeError(
            f"{_reading.what}: reading it took more than {_reading.seconds:g} seconds and was aborted"
        )


def _handle() -> None:
    """Handle the timer's signal, unless we do: to set a handler takes longer than to ask for it."""
    if signal.getsignal(signal.SIGVTALRM) is not _over:
        signal.signal(signal.SIGVTALRM, _over)
