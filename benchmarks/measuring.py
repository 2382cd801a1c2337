"""Running contenders in turn and measuring whole processes: wall and CPU seconds, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from benchmarks.rivals.environments import MissingRivalError

PROJECT = Path(__file__).resolve().parent.parent
_SAMPLE_SECONDS = 0.05


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


def in_turn(contenders: Sequence[Contender], rounds: int, only: Collection[str] = ()) -> list[Measured]:
    """Run all contenders, or `only` those, each `rounds` times; each round begins with another one.

    A busy minute of the machine then hits them alike. Rivals that cannot be run here are left out, and it is said.

    Raises:
        RuntimeError: one failed or did not do its work, or there is no such contender.
    """
    if unknown := set(only) - {one.name for one in contenders}:
        raise RuntimeError(f"no {', '.join(unknown)}; there are {', '.join(one.name for one in contenders)}")
    chosen = [one for one in contenders if not only or one.name in only]
    found = [Measured(one.name, one.work) for one in chosen]
    missing: set[int] = set()
    for turn in range(rounds):
        for number in ((turn + place) % len(chosen) for place in range(len(chosen))):
            if number in missing:
                continue
            try:
                spent, found[number].facts = _once(chosen[number])
            except MissingRivalError as error:
                print(f"left out: {error}", file=sys.stderr)
                missing.add(number)
                continue
            found[number].runs.append(spent)
            told = f"{spent.wall:7.2f} s wall {spent.cpu:7.2f} s CPU {spent.megabytes:6.0f} MB"
            print(f"run {turn + 1} of {rounds}: {chosen[number].name:<40} {told}", file=sys.stderr, flush=True)
    return [row for row in found if row.runs]


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
    return Spent(wall, used.ru_utime + used.ru_stime, watch.megabytes or peak)


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
