"""One writer per site, and turns of those that wait: an flock, which the operating system drops when its holder dies,
so no lock goes stale."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from typing import TYPE_CHECKING, Self

from pipelines.archive.disk.layout import refuse_links
from pipelines.archive.errors import LockHeld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_TEXT = re.compile(r"pid \d+, run (.*)\n")


_A_LOOK = 0.02
"""Seconds; `lock_holder` shares the lock for microseconds, and no run may end for that."""
_A_PAUSE = 0.05
"""Seconds; who has a turn takes far longer."""


class SiteLock:
    """The held lock of one site's folder."""

    def __init__(self, file: Path, run: str) -> None:
        """Take the lock or raise `LockHeld`; the text inside is only for that message.

        Whoever holds it writes into the folder around it, so a link there is refused (`Damaged`) before that.
        """
        refuse_links(file.parent)
        self._handle = _acquire(file)
        try:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"pid {os.getpid()}, run {run}\n".encode(), 0)
        except OSError:
            self.release()
            raise

    @property
    def is_held(self) -> bool:
        """Whether it was not released yet."""
        return self._handle >= 0

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Turn:
    """Work that one process at a time does, each after the other; used as a context, which it ends with."""

    def __init__(self, file: Path) -> None:
        """Open the lock of that work, and make it where there is none; `OSError` when that cannot be done."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.has_come = False
        self._handle = _opened(file)

    def pauses(self, patience: float) -> Iterator[float]:
        """Seconds to sleep before each further look, until it has come or others took so many seconds."""
        until = time.monotonic() + patience
        while not self._comes() and time.monotonic() < until:
            yield _A_PAUSE

    def _comes(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.has_come = True
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._handle)


def lock_holder(file: Path) -> str | None:
    """The run that holds the lock at this moment, as its text says; null when none does."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        found = _TEXT.match(os.pread(handle, 200, 0).decode(errors="replace"))
        return found[1] if found else ""
    finally:
        os.close(handle)
    return None


def _acquire(file: Path) -> int:
    while True:
        handle = _opened(file)
        try:
            _lock(handle)
        except OSError as error:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            os.close(handle)
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            raise LockHeld(f"{file.parent.parent}: another run holds it ({holder}); wait for its end") from None
        if _is_still(file, handle):
            return handle
        os.close(handle)


def _opened(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def _lock(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_A_LOOK)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(file: Path, handle: int) -> bool:
    """False when a run that gave up a new archive removed the file between our open and our lock."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
