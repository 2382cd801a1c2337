"""One clock a host, shared by all processes of this machine: who asks holds its file, and notes when it asked last.

`KEY.clock` is locked from before a request is sent until its answer has ended; a killed holder frees it. `KEY.later`
says until when the host asked not to be requested; removing it forgets that.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from crawler.http.netloc import Server
from pipelines.archive.read.moments import stamp

LONGEST = timedelta(days=7)
"""A host that asks for a longer pause is asked again after a week: a mistaken header must not end an archive."""
_SECOND = timedelta(seconds=1)
_SIZE = 1_024
"""Bytes of a note, padded: written at once, it is never seen in part."""
_LONGEST_WHY = 200
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_READABLE = 80


class HostClockError(OSError):
    """The folder of host clocks cannot be used; the message names it and says what to do."""


@lru_cache(256)
def key_of(server: Server) -> str:
    """What is one host: a name with all its ports; on this machine each port, a replica being a server of its own.

    `www.` and `m.` do not make another host.
    """
    if not server.is_loopback:
        return server.bare
    return f"{'127.0.0.1' if server.host.endswith('localhost') else server.host}:{server.port}"


def seconds_since_boot() -> float:
    """A clock that all processes of this machine share and that nobody sets; it goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Later:
    """Until when a host asked not to be requested, in whose words, and the file that says so."""

    until: datetime
    why: str
    file: Path


@dataclass(frozen=True, slots=True)
class _Noted:
    """The last moment of the newest request (seconds since boot), and the Crawl-delay that robots.txt asked for."""

    at: float
    delay: float


class HostClocks:
    """The folder of host clocks.

    Args:
        folder: the folder; made when it is missing, writable by all users, so that they share the clocks.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boot = _boot()
        self._laters: dict[Server, Path] = {}  # of the one or two hosts of a crawl

    @classmethod
    def of(cls, setting: str | None) -> HostClocks:
        """Those of the setting HOST_LOCKS; by default of a folder for the whole machine."""
        return cls(Path(setting) if setting else Path(tempfile.gettempdir()) / "speech-archive-hosts")

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            HostClockError: it cannot be made, or is not a folder in which files can be made.
        """
        try:
            with suppress(FileExistsError):
                self.folder.mkdir(mode=0o1777, parents=True)
                self.folder.chmod(0o1777)  # whatever the umask
            is_folder = stat.S_ISDIR(self.folder.lstat().st_mode)
        except OSError as error:
            raise self._unusable(str(error)) from error
        if not is_folder or not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise self._unusable("it is not a folder in which this user can write")

    def _unusable(self, why: str) -> HostClockError:
        remedy = "so that no host is asked by two crawls at once, give a folder: -s HOST_LOCKS=FOLDER"
        return HostClockError(f"{self.folder}: {why}; {remedy}")

    def clock(self, server: Server) -> HostClock:
        """The clock of a server's host; nothing is opened yet."""
        return HostClock(self, self._path(server, "clock"))

    def later(self, server: Server, now: datetime) -> Later | None:
        """Until when a server's host may not be requested; None when it may be at `now` (aware)."""
        file = self._laters.get(server)
        if file is None:
            file = self._laters[server] = self._path(server, "later")
        if not os.access(file, os.F_OK):  # mostly; to find that out by an error takes four times as long
            return None
        try:
            handle = _opened(file, os.O_RDONLY)
        except OSError:
            return None
        try:
            noted = json.loads(os.pread(handle, _SIZE, 0))
            until, why = datetime.fromisoformat(noted["until"]), str(noted["why"])
            is_ahead = now < until <= now + LONGEST + _SECOND  # later: the machine's clock was set back since
        except (ValueError, TypeError, KeyError, OSError):
            return None
        finally:
            os.close(handle)
        return Later(until, why, file) if is_ahead else None

    def ask_later(self, server: Server, until: datetime, why: str) -> None:
        """Note that a server's host asked not to be requested before a moment (aware); `OSError` if it cannot be."""
        handle = _opened(self._path(server, "later"), os.O_RDWR, creates=True)
        try:
            # To the second, and never early.
            _write(handle, {"until": stamp(until + _SECOND), "why": why[:_LONGEST_WHY]})
        finally:
            os.close(handle)

    def _path(self, server: Server, kind: str) -> Path:
        return self.folder / f"{_name(key_of(server))}.{kind}"


@lru_cache(256)
def _name(key: str) -> str:
    readable = re.sub(r"[^a-z0-9.-]", "_", key)[:_READABLE].lstrip(".")
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


class HostClock:
    """The clock of one host, held by at most one request on this machine."""

    def __init__(self, clocks: HostClocks, path: Path) -> None:
        self._clocks, self._path = clocks, path
        self._name = str(path)
        self._handle = -1
        self._noted = _Noted(0.0, 0.0)
        self._written: bytes | None = None

    def take(self) -> bool:
        """Hold the clock, if nobody else does; `OSError` if its file cannot be used."""
        for _ in range(2):
            if self._handle < 0:
                self._handle = _opened(self._path, os.O_RDWR, creates=True)
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if self._is_current():
                self._noted = self._read()
                return True
            self.close()  # somebody has removed the file: its next one counts
        return False

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), os.lstat(self._name))
        except OSError:
            return False

    def seconds_left(self, delay: float, elsewhere: float = float("-inf")) -> float:
        """How long the holder must wait to be `delay` seconds, or the host's Crawl-delay, behind the last request.

        A moment of before a restart, or of the future, never makes anybody wait longer than that.

        Args:
            delay: seconds between two requests.
            elsewhere: until when another machine may have asked (seconds since boot).
        """
        apart = max(delay, self._noted.delay)
        return min(apart, max(self._noted.at, elsewhere) + apart - seconds_since_boot())

    def note(self, crawl_delay: float | None) -> None:
        """Note that a request begins or ends now; `crawl_delay`: of robots.txt, None if that was not read."""
        delay = self._noted.delay if crawl_delay is None else crawl_delay
        self._noted = _Noted(seconds_since_boot(), delay)
        # Not by json, of which two notes a request were 2 % of a crawl's CPU; a boot id has no character to escape.
        self._written = _put(
            self._handle, f'{{"boot": "{self._clocks.boot}", "at": {self._noted.at:.4f}, "delay": {delay}}}'
        )

    def release(self) -> None:
        """Let others have the clock."""
        if self._handle >= 0:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close its file; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _read(self) -> _Noted:
        written = os.pread(self._handle, _SIZE, 0)
        if written == self._written:
            return self._noted
        try:
            noted = json.loads(written)
            if noted["boot"] == self._clocks.boot:
                return _Noted(float(noted["at"]), max(0.0, float(noted["delay"])))
        except (ValueError, TypeError, KeyError):
            pass  # new, or written by somebody else: nothing is known
        return _Noted(float("-inf"), 0.0)


def _opened(path: Path, flags: int, *, creates: bool = False) -> int:
    """A file that all users may write, opened without following a link.

    An existing one without O_CREAT: Linux refuses that for another user's file in a folder that all may write.
    """
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        if not creates:
            raise
        try:
            handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
            with suppress(OSError):
                os.fchmod(handle, 0o666)  # whatever the umask
        except FileExistsError:
            handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a file", str(path))
    return handle


def _write(handle: int, entry: dict[str, object]) -> None:
    _put(handle, json.dumps(entry, ensure_ascii=False))


def _put(handle: int, text: str) -> bytes:
    written = text.encode()[:_SIZE].ljust(_SIZE)
    os.pwrite(handle, written, 0)
    return written
