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

from crawler.pages.page import PageTimeError

MOST_SECONDS = 10.0
"""Seconds of CPU time; the worst page within the size limit takes half of it, a real one a hundredth of a second."""
_AGAIN = 1.0
"""Seconds until the next look, while other threads use the time, and until the exception is raised again, if the
first one was lost in a destructor."""

_is_reading = False


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
    global _is_reading  # noqa: PLW0603 - a timer is the process's, too
    if _is_reading or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
        if _is_reading and time.thread_time() - began >= seconds:
            raise PageTimeError(f"{what}: reading it took more than {seconds:g} seconds and was aborted")

    began = time.thread_time()
    before = signal.signal(signal.SIGVTALRM, over)
    _is_reading = True
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, min(seconds, _AGAIN))
    try:
        yield
    finally:
        _is_reading = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if (spent := SPENT.get()) is not None:
            spent.seconds += time.thread_time() - began
