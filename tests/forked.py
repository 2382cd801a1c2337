"""Commands of the project, each in a process of its own that has imported the program already.

`python -m scrapy crawl …` spends a second of processor time on imports, and the suite runs hundreds of commands. Here
a server process imports the program once, and each command is a fork of it, with arguments, streams, working
directory, environment, signals and exit status of its own; so is each that it starts with `subprocess.run`, as a
probe does, or side by side, as `scrapy probe --from` does. Tests of limits, of encodings and of the start itself
start real commands.
"""

from __future__ import annotations

import asyncio
import multiprocessing.context
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TextIO
from urllib.parse import urlsplit

PATIENCE = 100
"""Seconds for a process to end by itself."""
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.preload"])
# What the program hands work to is forked, too: "spawn" starts Python, 0.6 s a process.
vars(multiprocessing.context)["_concrete_contexts"]["spawn"] = _SERVER
_SERVER_ITSELF: Any = vars(forkserver)["_forkserver"]
_REACHED_BY = ("_forkserver_address", "_forkserver_authkey")
"""What a fork must know of the server to have what it starts forked by that, too.

`multiprocessing` does not tell it, and a second server would import the program anew: 1.4 s.
"""


def start(
    command: Sequence[str],
    streams: Mapping[int, int],
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    *,
    session: bool = False,
) -> BaseProcess:
    """Start `python -m COMMAND`; its stream N (0, 1 or 2) is our file descriptor `streams[N]`.

    With `session` it leads one.
    """
    _SERVER_ITSELF.ensure_running()
    reached = {name: value for name, value in vars(_SERVER_ITSELF).items() if name in _REACHED_BY}
    given = {number: Connection(os.dup(descriptor)) for number, descriptor in streams.items()}
    try:
        process = _SERVER.Process(
            target=_become, args=(command, given, cwd, dict(environment or os.environ), session, reached)
        )
        process.start()
    finally:
        for connection in given.values():
            connection.close()
    return process


def finish(process: BaseProcess, command: Sequence[str], patience: float) -> int:
    """Wait so many seconds for a process to end; its exit status."""
    process.join(patience)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(f"{command} did not end within {patience} seconds")
    return process.exitcode


def captured(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None, patience: float
) -> tuple[int, str, str]:
    """Run `python -m COMMAND` to its end, within so many seconds; exit status, output and error output."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        process = start(command, {1: out.fileno(), 2: err.fileno()}, cwd, environment)
        status = finish(process, command, patience)
        out.seek(0)
        err.seek(0)
        return status, out.read(), err.read()


@dataclass(frozen=True, slots=True)
class Piped:
    """A process that is spoken to."""

    process: BaseProcess
    stdin: TextIO
    stdout: TextIO


@contextmanager
def piped(command: Sequence[str], cwd: Path) -> Iterator[Piped]:
    """Run `python -m COMMAND` until its standard input ends."""
    read, stdin = os.pipe()
    stdout, write = os.pipe()
    try:
        process = start(command, {0: read, 1: write}, cwd)
    finally:
        os.close(read)
        os.close(write)
    with os.fdopen(stdout, encoding="utf-8") as told:
        try:
            with os.fdopen(stdin, "w", encoding="utf-8") as asked:
                yield Piped(process, asked, told)
        finally:
            process.join(PATIENCE)
            process.kill()


class Popen:
    """As much of `subprocess.Popen` as `Replica` needs, for a module of the project that ends with its input."""

    def __init__(self, command: Sequence[str], *, cwd: Path, **_: object) -> None:
        self._open = ExitStack()
        self._piped = self._open.enter_context(piped(command[2:], cwd))
        self.stdout, self.terminate = self._piped.stdout, self._piped.process.terminate

    @property
    def returncode(self) -> int | None:
        return self._piped.process.exitcode

    def communicate(self, timeout: float) -> None:  # noqa: ARG002 - as that of subprocess
        self._open.close()


def _become(
    command: Sequence[str],
    streams: dict[int, Connection],
    cwd: Path,
    environment: dict[str, str],
    session: bool,
    reached: Mapping[str, object],
) -> None:
    vars(_SERVER_ITSELF).update(reached, ensure_running=lambda: None)
    if session:
        os.setsid()
        with suppress(OSError):
            Path("/proc/self/comm").write_text(urlsplit(command[2]).netloc)
    for number, connection in streams.items():
        os.dup2(connection.fileno(), number)
        connection.close()
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = list(command)
    subprocess.run = _run  # type: ignore[assignment]
    asyncio.create_subprocess_exec = _exec  # type: ignore[assignment]
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


_REAL_RUN: Any = subprocess.run


def _run(command: Sequence[str], **options: Any) -> Any:
    """`subprocess.run`, which runs the program by a fork where it is called as the program calls itself."""
    first, *words = command[0], *command[2:]
    if first != sys.executable or command[1] != "-m" or words[0] not in {"crawler", "pipelines"}:
        return _REAL_RUN(command, **options)
    cwd, environment = options.pop("cwd", Path.cwd()), options.pop("env", None)
    if options == {"check": False, "capture_output": True, "text": True}:
        return subprocess.CompletedProcess(command, *captured(words, cwd, environment, PATIENCE))
    assert options == {"check": False}, f"tests.forked knows no way to run {command} with {options}"
    process = start(words, {1: 1, 2: 2}, cwd, environment)
    return subprocess.CompletedProcess(command, finish(process, words, PATIENCE))


class _Process:
    """As much of asyncio's process as a probe of a list needs; its standard input ends with this process."""

    def __init__(self, process: BaseProcess, stdin: int) -> None:
        self._process, self._stdin, self.pid = process, stdin, process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        return self.returncode or 0


async def _exec(*command: str, stdin: int, stdout: BinaryIO, stderr: BinaryIO, **options: Any) -> _Process:
    """`asyncio.create_subprocess_exec` for `python -m COMMAND`; `comm` of the process is the host that it asks."""
    cwd, session = options.pop("cwd"), options.pop("start_new_session")
    assert (command[:2], stdin, session, options) == ((sys.executable, "-m"), asyncio.subprocess.PIPE, True, {})
    read, write = os.pipe()
    process = start(command[2:], {0: read, 1: stdout.fileno(), 2: stderr.fileno()}, cwd, session=True)
    os.close(read)
    with suppress(ProcessLookupError):
        while os.getpgid(process.pid or 0) != process.pid:  # noqa: ASYNC110 - a moment that nobody tells
            await asyncio.sleep(0.001)
    return _Process(process, write)
