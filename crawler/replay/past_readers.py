"""Processes that read stored captures of speeches, for all cores of a machine; they write nothing."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import NamedTuple

from crawler.http.fetch import Fetched
from crawler.replay.past import Line, PastReader
from crawler.sites.profile import SiteProfile
from pipelines.archive.errors import ArchiveError, Blocked
from pipelines.archive.read.origins import Origin
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import Speech
from pipelines.verbs.processes import collect_seldom

Asked = tuple[Line, Origin]
"""The newest content line of a speech, and what the archive's history says of it."""


class Unread(NamedTuple):
    """Why a speech could not be read again."""

    reason: Reason | None
    detail: str


_Found = Sequence[Speech | Unread]


async def read_batch(past: PastReader, normaliser: Normaliser, asked: Sequence[Asked]) -> list[Speech | Unread]:
    """What each capture says to the current parser, in order."""
    found: list[Speech | Unread] = []
    for line, origin in asked:
        read = await past.read(line, origin)
        found.append(Unread(read.reason, read.detail) if isinstance(read, Fetched) else normaliser.speech(read))
    return found


class _Reader(NamedTuple):
    """A process, and the line to it."""

    line: Connection
    process: SpawnProcess


class PastReaders:
    """The processes; they end with `close`, or when this process does."""

    def __init__(self, folder: Path, profile: SiteProfile, normaliser: Normaliser, processes: int) -> None:
        """Start them, to read captures of the archive in `folder`."""
        context = get_context("spawn")
        # Ctrl-C reaches every process of a terminal: these end when this one does, without a word.
        resource_tracker.ensure_running()  # else the first start does it, and lets the signal through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._readers: list[_Reader] = []
        try:
            for _ in range(processes):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, folder, profile, normaliser), daemon=True)
                process.start()
                theirs.close()
                self._readers.append(_Reader(ours, process))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def read(self, batches: Iterator[list[Asked]]) -> Iterator[tuple[list[Asked], _Found]]:
        """Each batch with what was found, in order; while one is used, the others are read.

        Raises:
            ArchiveError: a process cannot read the archive, or was killed.
            RuntimeError: a process ended with an error of this software.
        """
        idle, at_work = list(self._readers), deque[tuple[_Reader, list[Asked]]]()
        done: tuple[list[Asked], _Found] | None = None
        while True:
            # One batch at a time each: a second could wait for a process that waits to be rid of its answer.
            while idle and (batch := next(batches, None)) is not None:
                at_work.append((idle.pop(), batch))
                _send(*at_work[-1])
            if done is not None:
                yield done
            if not at_work:
                return
            reader, batch = at_work.popleft()
            done = batch, _answer(reader, batch)
            idle.append(reader)

    def close(self) -> None:
        """Let the processes end."""
        for reader in self._readers:
            reader.line.close()


def _send(reader: _Reader, batch: list[Asked]) -> None:
    try:
        reader.line.send(batch)
    except ConnectionError as error:
        raise _ended(reader.process, batch) from error


def _answer(reader: _Reader, batch: list[Asked]) -> _Found:
    try:
        found: _Found | ArchiveError = reader.line.recv()
    except (EOFError, ConnectionError) as error:
        raise _ended(reader.process, batch) from error
    if isinstance(found, ArchiveError):
        raise found
    return found


def _ended(process: SpawnProcess, batch: list[Asked]) -> Exception:
    """Why a process ended: another run may help when the system killed it, else the same error would come again."""
    process.join()
    if process.exitcode is not None and process.exitcode < 0:
        name = signal.Signals(-process.exitcode).name
        return Blocked(f"a process that reads captures was killed ({name}): perhaps the machine had no memory left")
    batch_name = f"the {len(batch)} speeches from {batch[0][0]['id']} on"
    return RuntimeError(f"a process failed to read {batch_name}; look above for its error, and report it")


def _work(line: Connection, folder: Path, profile: SiteProfile, normaliser: Normaliser) -> None:
    """Read one batch after the other, until the process that sends them has no more, or has ended."""
    collect_seldom()
    past = PastReader(folder, {}, profile, profile.family(), normaliser.parser)
    while True:
        try:
            asked = line.recv()
        except (EOFError, ConnectionError):
            return
        try:
            found: _Found | ArchiveError = asyncio.run(read_batch(past, normaliser, asked))
        except ArchiveError as error:
            found = error
        except MemoryError:
            found = Blocked("a process that reads captures had no memory left")
        try:
            line.send(found)
        except ConnectionError:
            return
