"""Faults of the machine, put at any one call into the file system: death as by SIGKILL, a power cut that takes what
was not synced, a full disk, a bad disk.

`python -m tests.faults FOLDER SCENARIO FAULT FIRST STRIDE` lets a run meet the fault at every STRIDE-th of its calls
and checks after each that nothing was lost; it prints how many points there were.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.archive.errors import ArchiveError
from pipelines.archive.prove.verify import verify
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.staging import laid_out
from pipelines.record import Listed, Look, Missed
from tests.exchanges import exchange
from tests.test_archive import day, listed, look, missed, opened, sealed, speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.write.writer import ArchiveRun
    from pipelines.record import Speech

CALLS = ("fsync", "link", "replace", "rename", "mkdir", "unlink", "rmdir", "open", "ftruncate", "pwrite", "truncate")
NEEDS_ROOM = {"write", "mkdir", "link", "open", "pwrite"}
KILLED = 9
TRUNCATE = os.ftruncate
PROMISES = os.pipe()
"""How many looks a run was told are saved, one byte a time, for its parent to read."""
MAY_DIFFER = {"observed_at", "recorded_at", "run", "seq", "commit", "captures"}
MAY_DIFFER |= {"view_count_at", "first_seen", "last_seen", "last_checked"}


class Injector:
    """Counts the calls that change the disk and strikes at number `at`, from 0; a full disk stays full."""

    def __init__(self, at: int, fault: str) -> None:
        self.at, self.fault, self.count = at, fault, 0
        # By inode: a handle of our own, and how many bytes are surely on the disk.
        self.written: dict[tuple[int, int], tuple[int, int]] = {}

    def reach(self, call: str, leave_torn: Callable[[], object] = lambda: None) -> None:
        number, self.count = self.count, self.count + 1
        is_still_full = self.fault == "ENOSPC" and number > self.at and call in NEEDS_ROOM
        if number != self.at and not is_still_full:
            return
        leave_torn()
        if self.fault == "power":
            for handle, synced in self.written.values():
                TRUNCATE(handle, min(synced, os.fstat(handle).st_size))
        if self.fault in {"kill", "power"}:
            os._exit(KILLED)
        code = getattr(errno, self.fault)
        raise OSError(code, os.strerror(code))

    def install(self) -> None:
        """Patch this process, for good. What a dying process gave the system stays, so fsync need not do anything."""
        for name in CALLS:
            setattr(os, name, self._counted(name, self.note_synced if name == "fsync" else getattr(os, name)))
        original = io.open

        def opened_file(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not set(mode) & set("wxa+"):
                return original(file, mode, *arguments, **named)
            self.reach("open")
            stream = original(file, mode, *arguments, **named)
            self.note_written(stream.fileno(), mode)
            return File(stream, self)

        io.open = opened_file

    def note_written(self, handle: int, mode: str) -> None:
        about = os.fstat(handle)
        self.written.setdefault((about.st_dev, about.st_ino), (os.dup(handle), about.st_size if "r" in mode else 0))

    def note_synced(self, handle: int) -> None:
        about = os.fstat(handle)
        key = (about.st_dev, about.st_ino)
        if key in self.written:
            self.written[key] = (self.written[key][0], about.st_size)

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            is_reading = name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR)
            if not is_reading:
                self.reach(name)
            return call(*arguments, **named)

        return counted


class File:
    """An open file whose writes may tear in the middle."""

    def __init__(self, stream: Any, injector: Injector) -> None:
        self.stream, self.injector = stream, injector

    def write(self, data: Any) -> int:
        self.injector.reach("write", lambda: (self.stream.write(data[: len(data) // 2]), self.stream.flush()))
        return int(self.stream.write(data))

    def truncate(self, size: int | None = None) -> int:
        self.injector.reach("truncate")
        return int(self.stream.truncate(size))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


def first_things(number: int) -> list[Speech | Listed | Missed]:
    return [speech(str(n), day(number), body=f"第{n}篇") for n in range(7)]


def next_things(number: int) -> list[Speech | Listed | Missed]:
    """A change, a new reading, a deletion, a return, a new speech and a mere look; 5 is gone already."""
    return [
        speech("0", day(number), body="改了"),
        speech("1", day(number), body="第1篇", parser="kesion/2", speaker="何 庆海"),
        missed("2", day(number)),
        speech("5", day(number), body="回来了"),
        speech("7", day(number)),
        listed("3", day(number)),
        *(replace(listed(n, day(number)), look=look(day(number), looked=("list",))) for n in ("4", "6")),
    ]


def live(root: Path, number: int, things: list[Speech | Listed | Missed], *, ends: bool = True) -> None:
    """A run that saves after every second look, and captures."""
    run = opened(root, number, days=0, run=f"run-{number}")
    for count, thing in enumerate(things):
        _keep(run, thing)
        if count % 2:
            run.save()
            os.write(PROMISES[1], bytes([count + 1]))
    if ends:
        sealed(run, number)
    run.close()


def _captured(run: ArchiveRun, look: Look) -> Look:
    """The look with its captures kept: what `verify` finds of a line's bytes must be on the disk before the line."""
    captures = []
    for capture in look.captures:
        body = f"<p>{capture.payload_sha256}</p>".encode()
        kept = run.captures.add(exchange(capture.url, body))
        assert kept is not None
        sha256 = hashlib.sha256(body).hexdigest()
        captures.append(replace(capture, **kept._asdict(), payload_sha256=sha256))
    return replace(look, captures=tuple(captures))


def _keep(run: ArchiveRun, thing: Speech | Listed | Missed) -> None:
    thing = replace(thing, look=_captured(run, thing.look))
    if isinstance(thing, Missed):
        run.miss(thing)
    elif isinstance(thing, Listed):
        run.see(thing, 34 if "counter" in thing.look.looked else None)
    else:
        run.keep(thing)


def nothing_before(root: Path) -> None:
    """The first run makes the archive's folder itself."""


def before_next(root: Path) -> None:
    live(root, 1, first_things(1))
    run = opened(root, 2, days=0)
    run.miss(missed("5", day(2)))
    sealed(run, 2)


def before_salvaging(root: Path) -> None:
    before_next(root)
    live(root, 3, next_things(3), ends=False)


SCENARIOS = {
    "first": (nothing_before, first_things),
    "next": (before_next, next_things),
    "salvaging": (before_salvaging, next_things),
}
"""What makes the archive, and what the run that meets the fault sees."""


def content(root: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line.keys() - MAY_DIFFER} for line in Archive(root).latest()]


def strike(run: Callable[[int], None], number: int, at: int, fault: str) -> int:
    """Let the run meet the fault in a process of its own; its exit status."""
    child = os.fork()
    if child == 0:
        injector = Injector(at, fault)
        injector.install()
        status = 1
        try:
            run(number)
            status = 0 if injector.count <= at else 12
        except ArchiveError:
            status = 11
        finally:  # a child must not come back
            kind, error, trace = sys.exc_info()
            if kind is not None and error is not None:
                sys.excepthook(kind, error, trace)
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def commits_of(root: Path) -> tuple[Commit, ...]:
    return Archive(root).commits() if list(root.glob("commits/*.json")) else ()


def looks_waiting(root: Path) -> int:
    """Whole looks in staging that no commit holds."""
    done = {commit.run for commit in commits_of(root)}
    count = 0
    for folder in root.glob("staging/*/"):
        if folder.name not in done:
            with laid_out(folder, keeps_gone=False) as staged:
                count += staged.looks
    return count


def strike_everywhere(folder: Path, scenario: str, fault: str, first: int, stride: int) -> int:
    """Let a run meet the fault at each of its points in turn; how many there were."""
    os.fsync = lambda fd: None  # noqa: ARG005 - its name for it
    make, things = SCENARIOS[scenario]
    make(folder / "made")
    undisturbed = _copied(folder, "undisturbed")
    live(undisturbed, 10, things(10))
    wanted = content(undisturbed)
    for at in range(first, sys.maxsize, stride):
        root = _copied(folder, str(at))
        if check_one(root, partial(_run, root, things), Fault(scenario, fault, at), wanted):
            return at
        shutil.rmtree(root)
    raise AssertionError


def _copied(folder: Path, name: str) -> Path:
    """A copy of the archive that was made, if there is one before the run."""
    if (folder / "made").exists():
        shutil.copytree(folder / "made", folder / name)
    return folder / name


def _run(root: Path, things: Callable[[int], list[Speech | Listed | Missed]], number: int) -> None:
    live(root, number, things(number))


def promises() -> int:
    """The greatest promise since the last call."""
    os.write(PROMISES[1], b"\0")
    return max(os.read(PROMISES[0], 4096))


class Fault(NamedTuple):
    """Where a fault strikes."""

    scenario: str
    kind: str
    at: int


def check_one(root: Path, run: Callable[[int], None], fault: Fault, wanted: list[dict[str, Any]]) -> bool:
    """Strike once and see that nothing was lost; True when the run was over before the fault."""
    before = commits_of(root)
    promises()
    ended = strike(run, 10, fault.at, fault.kind)
    assert ended != 1, f"{fault}: an error that is not told"
    after, waiting = commits_of(root), looks_waiting(root)
    is_committed = any(commit.run == "run-10" for commit in after)
    assert is_committed or waiting >= promises(), fault
    assert not after or verify(root).problems == [], fault
    assert after[: len(before)] == before, fault
    run(20)
    report = verify(root)
    assert (report.problems, report.notes) == ([], []), fault
    kept = [commit for commit in commits_of(root)[len(after) :] if commit.kind == "salvage"]
    assert sum(commit.counts["observations"] for commit in kept) == waiting, fault
    assert content(root) == wanted, fault
    assert [file.name for file in (root / "staging").iterdir()] == ["run.lock"], fault
    return ended == 0


if __name__ == "__main__":
    where, scenario, fault, first, stride = sys.argv[1:]
    print(strike_everywhere(Path(where), scenario, fault, int(first), int(stride)))
