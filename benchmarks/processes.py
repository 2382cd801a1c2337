"""Measuring whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds by the wall clock and of CPU (user and system), and the most memory it held."""

    status: int
    seconds: float
    cpu: float
    megabytes: float
    said: str


def measured(command: list[str], cwd: Path) -> Measured:
    """Run a command, its output thrown away."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=told)
        status, used = _wait(child)
        seconds = time.monotonic() - began
        told.seek(0)
        cpu = used.ru_utime + used.ru_stime
        return Measured(status, seconds, cpu, used.ru_maxrss / 1024, told.read().decode(errors="replace").strip())


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used
