"""The kind of run that a command begins: a new crawl, the replay of a run, or a reading of stored captures."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.replay.recorded import RecordedRun
from crawler.run.arguments import LATEST, Arguments, WrongUse
from crawler.settings import ARCHIVE_ROOT
from pipelines.archive.disk.commits import Commit, commit_files
from pipelines.archive.disk.layout import Layout, run_file
from pipelines.archive.read.reader import Archive
from pipelines.untrusted import is_there
from pipelines.values import frozen

CRAWL, REPLAY, REPROCESS = "crawl", "replay", "reprocess"


@frozen(kw_only=True)
class Occasion:
    """A run about to begin. `kind` is that of its commit; `recorded` is the run to replay, if any."""

    kind: str
    run: str
    arguments: Arguments
    clock: Callable[[], datetime]
    recorded: RecordedRun | None = None

    @property
    def mode(self) -> str:
        """The `mode` of its report."""
        if self.kind == REPROCESS:
            return REPROCESS
        return "plan" if self.arguments.plan_only else self.arguments.mode

    def number(self, key: str, default: int) -> int:
        """A number from the report of the replayed run, else `default`."""
        value = self.recorded.report.get(key) if self.recorded else None
        return default if value is None else int(value)


def occasion_of(arguments: Arguments, folder: Path, clock: Callable[[], datetime]) -> Occasion:
    """The run for `arguments`, to be written into the archive `folder`; `clock` gives the current time.

    Raises:
        WrongUse: the run cannot be replayed, or would be replayed into its own archive.
        ArchiveError: an archive cannot be read.
    """
    if arguments.replay not in {None, LATEST}:
        return _made_again(arguments, folder)
    run = f"{clock().astimezone(UTC):%Y%m%dt%H%M%Sz}-{secrets.token_hex(2)}"
    if arguments.replay is None:
        return Occasion(kind=CRAWL, run=run, arguments=arguments, clock=clock)
    start_url = _newest(Archive(folder), "start_url") or arguments.start_url
    return Occasion(kind=REPROCESS, run=run, arguments=replace(arguments, start_url=start_url), clock=clock)


def _made_again(arguments: Arguments, folder: Path) -> Occasion:
    named = arguments.replay or ""
    recorded = RecordedRun.find(named, Path(ARCHIVE_ROOT) / arguments.profile.site)
    if recorded.home.resolve() == folder.resolve() or is_there(Layout(folder).stored(run_file(recorded.run))):
        raise WrongUse(f"-a replay={named}: {folder} holds this run; give another root, -s ARCHIVE_ROOT=DIR")
    if any(later.recorded_at > recorded.report["started_at"] for later in _commits(folder)):
        raise WrongUse(f"-a replay={named}: {folder} holds a later run; runs must be replayed in their order")
    return Occasion(
        kind=REPLAY,
        run=recorded.run,
        arguments=recorded.asked(arguments),
        clock=recorded.clock,
        recorded=recorded,
    )


def _commits(folder: Path) -> tuple[Commit, ...]:
    return Archive(folder).commits() if commit_files(Layout(folder)) else ()


def _newest(archive: Archive, key: str) -> Any:
    """The value of `key` in the newest run report that has one."""
    for commit in reversed(archive.commits()):
        has_report = commit.kind != "redaction" and is_there(archive.layout.stored(run_file(commit.run)))
        if has_report and (value := archive.report(commit.run).get(key)):
            return value
    return None
