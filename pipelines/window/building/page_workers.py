"""Two processes that write pages about speeches; a few speeches are written without them."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from pipelines.archive.errors import ArchiveError, Blocked
from pipelines.window.building.life_pages import LifeWriter, LivesOfSite, Wrote

PROCESSES = 2
"""More would need more memory than a small server has."""
_FEW = 40
"""Speeches that are written sooner than two processes have begun."""
_BATCH = 50
"""Speeches a job: about a second of work."""
_MANY_JOBS = 3
"""Other jobs that are not done sooner by one process."""

_Job = tuple[Callable[..., Iterator[Any]], tuple[Any, ...]]
_Line = Connection  # of jobs one way, of lists of what they give, or an error, the other


class PageWorkers:
    """The processes: they begin when there is much to do, and end with `close`, or when this process does."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def write(self, of: LivesOfSite, native_ids: Sequence[str]) -> Iterator[Wrote]:
        """Write the pages of these speeches, in any order.

        Raises:
            Blocked: a process has ended.
            OSError: a page cannot be written; others may have been by then.
        """
        if len(native_ids) <= _FEW and not self._lines:
            with closing(LifeWriter(of)) as writer:
                yield from map(writer.write, native_ids)
            return
        size = min(_BATCH, -(-len(native_ids) // (2 * PROCESSES)))
        jobs = [(of, native_ids[start : start + size]) for start in range(0, len(native_ids), size)]
        yield from self._done((_written, job) for job in jobs)

    def spread(self, make: Callable[..., Iterator[Any]], jobs: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        """What `make` gives for the arguments of each job; what one job gives stays in order."""
        if len(jobs) < _MANY_JOBS:
            yield from chain.from_iterable(make(*job) for job in jobs)
        else:
            yield from self._done((make, job) for job in jobs)

    def close(self) -> None:
        """Let the processes end."""
        for line in self._lines:
            line.close()
        self._lines.clear()

    def _done(self, given: Iterable[_Job]) -> Iterator[Any]:
        jobs = deque(given)
        idle, at_work = self._started(), list[_Line]()
        failed: ArchiveError | OSError | None = None
        while jobs or at_work:
            while idle and jobs:
                at_work.append(idle.pop())
                at_work[-1].send(jobs.popleft())
            for line in wait(at_work):
                assert isinstance(line, Connection)  # noqa: S101 - of `at_work`
                at_work.remove(line)
                idle.append(line)
                done = _answer(line)
                if isinstance(done, ArchiveError | OSError):
                    failed = failed or done
                    jobs.clear()
                else:
                    yield from done
        if failed:
            raise failed

    def _started(self) -> list[_Line]:
        context = get_context("spawn")
        # Ctrl-C reaches every process of a terminal: these end when this one does, without a word.
        resource_tracker.ensure_running()  # else the first start does it, and lets the signal through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            while len(self._lines) < PROCESSES:
                ours, theirs = context.Pipe()
                context.Process(target=_work, args=(theirs,), daemon=True).start()
                theirs.close()
                self._lines.append(ours)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return list(self._lines)


def _answer(line: _Line) -> list[Any] | ArchiveError | OSError:
    try:
        done: list[Any] | ArchiveError | OSError = line.recv()
    except (EOFError, ConnectionError) as error:
        remedy = "Look above for its words; if there are none, the machine had no memory left"
        raise Blocked(f"a process that makes pages has ended. {remedy}. The next build mends the window") from error
    return done


def _work(line: _Line) -> None:
    """Do one job after the other, until the process that sends them has no more, or has ended."""
    while True:
        try:
            make, job = line.recv()
        except (EOFError, ConnectionError):
            return
        try:
            done: list[Any] | ArchiveError | OSError = list(make(*job))
        except (ArchiveError, OSError) as error:
            done = error
        try:
            line.send(done)
        except ConnectionError:
            return


def _written(of: LivesOfSite, native_ids: Sequence[str]) -> Iterator[Wrote]:
    writer, build = _writer(of), parent_process()
    for native_id in native_ids:
        if build is None or not build.is_alive():
            raise SystemExit  # the build was killed, and the next one may write the same files
        yield writer.write(native_id)


@lru_cache(1)
def _writer(of: LivesOfSite) -> LifeWriter:
    return LifeWriter(of)
