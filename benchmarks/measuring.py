"""Running contenders in turn and measuring whole processes: wall and CPU seconds, peak memory."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import measured
from benchmarks.rivals.environments import MissingRivalError

PROJECT = Path(__file__).resolve().parent.parent


def command_line(name: str, doc: str | None, *, keeps: bool = False) -> argparse.ArgumentParser:
    """The parser of a measurement of `benchmarks.scale`, described by the first line of its module.

    With `keeps` its archive may be kept in a folder, `--keep DIR`.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}", description=(doc or "").partition("\n")[0])
    if keeps:
        told = "make the archive here, or use the one that is here"
        parser.add_argument("--keep", type=Path, metavar="DIR", help=told)
    return parser


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
    ended = measured(command, cwd, with_output=True)
    if ended.status not in accepted:
        raise RuntimeError(f"{name or command[0]} ended with {ended.status}: {ended.said[-1500:]}")
    return Spent(ended.seconds, ended.cpu, ended.megabytes)
