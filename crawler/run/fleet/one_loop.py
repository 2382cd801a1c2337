"""Many sites in the one event loop of a process: its signals, its reactor, and how many sites it has room for."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from crawler.run.fleet.run_log import SITE

_FILES_A_SITE, _FILES_OF_ALL = 20, 100
"""Open files: locks, staging, captures and connections of a site under way; those of the program."""
_FREE_SECONDS = 10.0
"""Between two looks for what ended crawls hold: each takes a tenth of a second."""


def run_in_loop(work: Coroutine[Any, Any, None], start: Callable[[], None], threads: int) -> None:
    """Run `work` in the event loop of Twisted's reactor, which ends with it.

    Args:
        work: what is done.
        start: runs the reactor, of the main thread, until it is stopped.
        threads: how many the reactor has, in which names are resolved.
    """
    from twisted.internet import reactor as installed  # noqa: PLC0415 - importing it installs it

    reactor: Any = installed

    async def until_done() -> None:
        reactor.suggestThreadPoolSize(threads)
        try:
            await work
        finally:
            reactor.stop()

    task = asyncio.get_event_loop().create_task(until_done())
    start()
    task.result()


@contextmanager
def ending_on_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Let the first signal end the work, and ignore further ones: what is under way must be sealed."""
    loop, both = asyncio.get_event_loop(), (signal.SIGINT, signal.SIGTERM)
    for number in both:
        loop.add_signal_handler(number, stop, "by a signal")
    try:
        yield
    finally:
        for number in both:
            with suppress(RuntimeError):  # a loop that is closed
                loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


def jobs_possible(jobs: int) -> int:
    """So many sites at once, or as many as this process may have open files for; its limit is raised if it can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _FILES_OF_ALL + jobs * _FILES_A_SITE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return jobs if soft == resource.RLIM_INFINITY else max(1, min(jobs, (soft - _FILES_OF_ALL) // _FILES_A_SITE))


class Freeing:
    """Frees what ended crawls hold: a crawl is one large cycle, and the collector by itself looks too seldom."""

    def __init__(self) -> None:
        self._freed_at = 0.0

    def look(self, now: float) -> None:
        """Free it, at `now` (seconds of the event loop), unless that was done a moment ago."""
        if now - self._freed_at >= _FREE_SECONDS:
            self._freed_at = now
            gc.collect()


class _SiteName(logging.Filter):
    """Puts the name of the site before each message that does not begin with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        name = f"{site}: " if (site := SITE.get()) else ""
        record.site = "" if record.getMessage().startswith(name) else name
        return True


def install_log(file: str | None, level: str, form: str) -> None:
    """Write what is logged to a file, or to the error output, each message after the name of its site."""
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
    handler.addFilter(_SiteName())
    handler.setFormatter(logging.Formatter(form.replace("%(message)s", "%(site)s%(message)s")))
    handler.setLevel(level)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.NOTSET)
