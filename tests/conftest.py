"""What several tests need: a replica in its own process, and the real command in another."""

from __future__ import annotations

import atexit
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pytest
from hypothesis import settings

from crawler.replica import process
from pipelines.archive.read.reader import Archive
from tests import forked

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120
_PATIENCE_WITH_CODE = 1800
"""Seconds: in the soak, code dies at hundreds of points, one after the other."""
gc.disable()  # until all tests are collected: imports stay, and to look through them takes a third of that time
atexit.register(gc.unfreeze)  # libraries tell of what is never freed
_HOST_LOCKS = TemporaryDirectory(prefix="speech-archive-hosts-")
os.environ["HOST_LOCKS"] = _HOST_LOCKS.name
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
setattr(process, "Popen", forked.Popen)  # noqa: B010 - it is exported for nobody else
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_ROOM = 4 << 30
"""Bytes that must be free in memory: all folders of the suite are less than 1 GB, and those of failed tests stay."""
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    # A run syncs 60 files and folders: on a disk, tests wait for that, and it costs a tenth of their processor time.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
os.environ["CLOCK_JUMP_DAYS"] = "100000"  # archives of tests are of fixed days, whatever the day of the test
_STARTERS = frozenset({
    "Replica", "Site", "forked", "judged", "object_store", "run", "run_anew", "run_code", "serve", "started",
    "subprocess",
})  # fmt: skip
"""Names a test module imports to start a process or a server."""
_LONGEST = frozenset({
    "test_window_browser", "test_docs", "test_scrapyd", "test_data_docs", "test_hand_over_docs", "test_exports",
    "test_readers", "test_window_build", "test_probe_list", "test_replay", "test_crawl", "test_crash",
    "test_worker", "test_drill", "test_cluster_docs", "test_store", "test_sql_catalogue",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


def run(*command: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Ended:
    """Run a module of the project in a process of its own: `run("scrapy", "sites")`."""
    return Ended(*forked.captured(command, cwd, env, PATIENCE))


@contextmanager
def started(*command: str, out: IO[bytes] | None = None) -> Iterator[BaseProcess]:
    """A module of the project in a process of its own, killed at the end; its output goes to `out` or nowhere."""
    with Path(os.devnull).open("r+b") as nothing:
        process = forked.start(command, {1: (out or nothing).fileno(), 2: nothing.fileno()}, ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.join(PATIENCE)


def exit_of(process: BaseProcess) -> int:
    """Wait for its end; the exit status, negative for a signal."""
    process.join(PATIENCE)
    assert process.exitcode is not None, "it did not end"
    return process.exitcode


def run_code(code: str, *arguments: object) -> Ended:
    """Run code of a test in a process of its own, which may die; it finds its arguments in `sys.argv[1:]`."""
    command = ("tests.given_code", f"import sys; {code}", *map(str, arguments))
    return Ended(*forked.captured(command, ROOT, None, _PATIENCE_WITH_CODE))


def run_anew(*command: str, **options: Any) -> Ended:
    """Run a module as `python -m` does, from the start of the interpreter; options are subprocess's."""
    whole = [sys.executable, "-m", *command]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Site:
    """An archive below `root` and the crawls that fill it."""

    root: Path
    name: str = "gszx"

    @property
    def folder(self) -> Path:
        return self.root / self.name

    def command(self, url: str, *more: str) -> list[str]:
        arguments = ["-a", f"site={self.name}", "-a", f"start_url={url}"]
        settings = ["-s", f"ARCHIVE_ROOT={self.root}", "-s", "DOWNLOAD_DELAY=0"]
        return ["scrapy", "crawl", "speeches", *arguments, *settings, *more]

    def crawl(self, url: str, *more: str) -> Ended:
        return run(*self.command(url, *more))

    def latest(self) -> dict[str, dict[str, Any]]:
        lines = [json.loads(line) for line in (self.folder / "latest.jsonl").read_text("utf-8").split("\n") if line]
        latest = {line["native_id"]: line for line in lines}
        assert len(latest) == len(lines), "a speech stands twice in latest.jsonl"
        return latest

    def report(self) -> dict[str, Any]:
        """The newest run's report."""
        run_of_last = Archive(self.folder).commits()[-1].run
        report: dict[str, Any] = json.loads((self.folder / "runs" / f"{run_of_last}.json").read_text("utf-8"))
        return report

    def events(self, commit: int) -> dict[str, set[str]]:
        events: dict[str, set[str]] = {}
        for version in Archive(self.folder).versions():
            if version["commit"] == commit:
                events.setdefault(version["event"], set()).add(version["native_id"])
        return events

    def verify(self) -> Ended:
        return run("pipelines", "verify", str(self.folder))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for a disk, a delay or another process."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of modules that start processes or servers bear the mark `process`: `make quick` leaves them out.

    Modules with the longest tests and fixtures come first: a worker that began one at the end would be waited for by
    the others, and a module that is shared among workers has its fixtures made by each.
    """
    items.sort(key=lambda item: item.path.stem not in _LONGEST)
    for item in items:
        if isinstance(item, pytest.Function) and not _STARTERS.isdisjoint(vars(item.module)):
            item.add_marker("process")


def pytest_collection_finish() -> None:
    """From now on the garbage collector looks at what tests make, and not at what is imported."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "archives")
