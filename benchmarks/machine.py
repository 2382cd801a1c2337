"""What the figures were measured on, in words."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import PROJECT
from benchmarks.served.server import nginx
from pipelines import __version__


def described() -> dict[str, str]:
    """Processor, memory, system, interpreter, server, and how busy the machine is."""
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "server": _server(),
        "load": f"{os.getloadavg()[0]:.1f} when the suite began",
    }


def made_of() -> dict[str, str]:
    """When this is, and which state of the project is measured."""
    commit = _said("git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD") or "unknown"
    is_changed = bool(_said("git", "-C", str(PROJECT), "status", "--porcelain", "--", "crawler", "pipelines"))
    state = f"{__version__}, commit {commit}{' with changes' if is_changed else ''}"
    return {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}", "state": state}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").split("\n") if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _server() -> str:
    binary = nginx()
    if binary is None:
        return "Caddy"
    done = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition(" ")[2]


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
