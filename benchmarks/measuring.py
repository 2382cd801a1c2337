"""Running contenders in turn and measuring whole processes: wall and CPU seconds, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from benchmarks.rivals.environments import MissingRivalError

PROJECT = Path(__file__).resolve().parent.parent
_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process took, its children included: seconds by the wall clock, of CPU (user and system), peak MB."""

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Contender:
    """One line of a table. `command` makes what is run, in a folder of its own; `check` says what that folder holds.

    `work` says exactly what it fetches, extracts and writes. `check` gives figures or words for the table, and raises
    ValueError when the work was not done. `tells`: it measures its own calls, and the folder's told.json says so.
    """

    name: str
    work: str
    command: Callable[[Path], list[str]]
    check: Callable[[Path], dict[str, float | str]] = field(default=lambda _: {})
    tells: bool = False
    cwd: Path = PROJECT


@dataclass
class Measured:
    """A contender's runs, in order, and what `check` said of the last one."""

    name: str
    work: str
    runs: list[Spent] = field(default_factory=list)
    facts: dict[str, float | str] = field(default_factory=dict)


def in_turn(contenders: Sequence[Contender], rounds: int) -> list[Measured]:
    """Run all contenders `rounds` times, each round beginning with another one: a busy minute hits them alike.

    Raises:
        RuntimeError: one failed or did not do its work.
    """
    found = [Measured(one.name, one.work) for one in contenders]
    for turn in range(rounds):
        for place in range(len(contenders)):
            number = (turn + place) % len(contenders)
            spent, facts = _once(contenders[number])
            found[number].runs.append(spent)
            found[number].facts = facts
            told = f"{spent.wall:7.2f} s wall {spent.cpu:7.2f} s CPU {spent.megabytes:6.0f} MB"
            print(f"run {turn + 1} of {rounds}: {contenders[number].name:<40} {told}", file=sys.stderr, flush=True)
    return found


@contextmanager
def left_out() -> Iterator[None]:
    """Say that a rival is left out when it cannot be run here."""
    try:
        yield
    except MissingRivalError as error:
        print(f"left out: {error}", file=sys.stderr)


def _once(one: Contender) -> tuple[Spent, dict[str, float | str]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        spent = spend(one.command(Path(folder)), one.cwd, one.name)
        if one.tells:
            spent = Spent(**json.loads(Path(folder, "told.json").read_bytes()))
        try:
            return spent, one.check(Path(folder))
        except ValueError as error:
            raise RuntimeError(f"{one.name} did not do its work: {error}") from error


def spend(command: list[str], cwd: Path = PROJECT, name: str = "", accepted: Iterable[int] = (0,)) -> Spent:
    """Run a command to its end; RuntimeError with what it said when its status is not `accepted`."""
    with tempfile.TemporaryFile() as told:
        began = time.monotonic()
        child = subprocess.Popen(command, cwd=cwd, stdout=told, stderr=subprocess.STDOUT)
        with _Watch(child.pid) as watch:
            _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accepted:
            told.seek(0)
            said = told.read().decode(errors="replace")[-1500:]
            raise RuntimeError(f"{name or command[0]} ended with {child.returncode}: {said}")
    peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Spent(wall, used.ru_utime + used.ru_stime, max(peak, watch.megabytes))


class _Watch:
    """The most memory that a process and its children held together, shared pages once, where /proc tells it."""

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
            if children := _children(self._pid):
                total = sum(_kilobytes(pid) for pid in (self._pid, *children))
                self.megabytes = max(self.megabytes, total / 1024)


def _children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [one for child in map(int, found) for one in (child, *_children(child))]


def _kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").split("\n")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
