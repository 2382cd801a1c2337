"""The rivals' environments: each rival is installed from its locked requirements, once, into build/rivals."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = Path(__file__).resolve().parent / "locks"
LEAST = {"magic-html": 12}
"""The least minor version of Python 3 that a rival needs, where ours may be older."""


class MissingRivalError(RuntimeError):
    """A rival cannot be run on this machine; the message says what is needed."""


def python_of(rival: str) -> str:
    """The interpreter of an environment with what `locks/RIVAL.txt` names; made anew when that file has changed.

    Raises:
        MissingRivalError: it needs a newer Python than there is, or cannot be installed.
    """
    lock = LOCKS / f"{rival}.txt"
    folder = PROJECT / "build" / "rivals" / rival
    python, ready = folder / "bin" / "python", folder / ".ready"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if ready.exists() and ready.read_text("utf-8") == digest:
        return str(python)
    print(f"installing the rival {rival} (once) …", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    _make(folder, rival)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq", "--disable-pip-version-check"]
    # The lock is complete, and pip of 2023 fails on extras that a requirement names twice.
    done = subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], check=False)
    if done.returncode:
        raise MissingRivalError(f"{rival} was not installed: pip ended with {done.returncode}")
    ready.write_text(digest, encoding="utf-8")
    return str(python)


def program_of(rival: str) -> str:
    """A program that the system brings; MissingRivalError when it is not there."""
    found = shutil.which(rival)
    if found is None:
        raise MissingRivalError(f"{rival} is not installed: apt install {rival}")
    return found


def _make(folder: Path, rival: str) -> None:
    least = LEAST.get(rival, 0)
    if sys.version_info >= (3, least):
        venv.create(folder)
        return
    for python in _pythons(least):
        # A shim of pyenv is there for versions that are not chosen, too.
        if not subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=False).returncode:
            return
    raise MissingRivalError(f"{rival} needs Python 3.{least} or newer: python3.{least} is not on the path")


def _pythons(least: int) -> Iterator[str]:
    for minor in range(least, least + 4):
        yield from filter(None, [shutil.which(f"python3.{minor}")])
        yield from map(str, Path.home().glob(f".pyenv/versions/3.{minor}*/bin/python"))
