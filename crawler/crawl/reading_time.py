"""The time that reading one page may take: a page is hostile input, and its reading holds up everything else.

Pages are bounded and their patterns are held linear by a test; this is for what both overlooked.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from crawler.pages.page import PageTimeError

MOST_SECONDS = 10.0
"""Of CPU time; the worst page within the bounds takes half of it, a real one a hundredth of a second."""
_AGAIN = 1.0
"""Seconds until it is raised again, should the first one be lost in a destructor."""

_is_reading = False


@contextmanager
def reading_time(what: str, seconds: float = MOST_SECONDS) -> Iterator[None]:
    """Give up what is done within after so many seconds of the process's CPU time; within another, that one counts.

    Only in the main thread, which is the one that reads; a pattern is interrupted, a call of lxml is waited for.

    Raises:
        PageTimeError: the time is over; `what` is named.
    """
    global _is_reading  # noqa: PLW0603 - a timer is the process's, too
    if _is_reading or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
        if _is_reading:
            raise PageTimeError(f"{what}: reading it took more than {seconds:g} seconds and was given up")

    before = signal.signal(signal.SIGVTALRM, over)
    _is_reading = True
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        yield
    finally:
        _is_reading = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
