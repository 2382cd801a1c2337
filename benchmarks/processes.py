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


def measured_with_children(command: list[str], cwd: Path) -> Measured:
    """The same of a command and all processes that it starts: their memory is added up, ten times a second."""
    began, most = time.monotonic(), 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=told)
        while child.poll() is None:
            most = max(most, _resident(child.pid))
            time.sleep(0.1)
        seconds = time.monotonic() - began
        told.seek(0)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        return Measured(child.returncode, seconds, cpu, most / 1024, told.read().decode(errors="replace").strip())


def _resident(pid: int) -> int:
    """Kilobytes of a process and of those that it started, as far as they live."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").split("\n"):
            if line.startswith("VmRSS:"):
                total = int(line.split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except (FileNotFoundError, ProcessLookupError):
        return total
    return total + sum(_resident(int(one)) for one in children)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used
