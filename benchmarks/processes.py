"""Measuring whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """One process and those that it started: seconds by the wall clock and of CPU (user and system), peak memory."""

    status: int
    seconds: float
    cpu: float
    megabytes: float
    said: str


def measured(command: list[str], cwd: Path, *, with_output: bool = False) -> Measured:
    """Run a command. `said` is its standard error, `with_output` both outputs, kept on disk meanwhile."""
    with tempfile.TemporaryFile() as told:
        began = time.monotonic()
        child = subprocess.Popen(command, cwd=cwd, stdout=told if with_output else subprocess.DEVNULL, stderr=told)
        with _Watch(child.pid) as watch:
            _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        said = told.read().decode(errors="replace").strip()
    peak = watch.megabytes or used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Measured(child.returncode, seconds, used.ru_utime + used.ru_stime, peak, said)


class _Watch:
    """The most memory that a process and its children held together, shared pages once, where /proc tells it.

    What the system tells of a process that has ended includes the memory of the one that started it.
    """

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._pid, self._ended = pid, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            children = _children(self._pid)
            total = _kilobytes(self._pid, "status", "VmHWM")
            if children:
                total = max(total, sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in (self._pid, *children)))
            self.megabytes = max(self.megabytes, total / 1024)


def _children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [one for child in map(int, found) for one in (child, *_children(child))]


def _kilobytes(pid: int, file: str, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text("utf-8").split("\n")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{key}:")), 0)
