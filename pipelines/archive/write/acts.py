"""Commits that no run makes: a person or a program acts on the archive, and the archive records it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit
from pipelines.archive.disk.files import NamedFile, sync_folder
from pipelines.archive.disk.heads_file import Noted
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.disk.wrong_clock import CLOCK_KIND
from pipelines.archive.errors import HeadNotNoted, writing
from pipelines.archive.read.known import EVENTS
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import RECONCILIATION
from pipelines.archive.write.admission import CLOCK, check_clock, check_jump, check_tail
from pipelines.archive.write.rebuild import heal, write_next
from pipelines.archive.write.replacing import finish_acts
from pipelines.archive.write.sealing import ABSENCES, draft, make_point, place
from pipelines.archive.write.waiting import JOURNAL
from pipelines.values import frozen

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from pipelines.archive.disk.heads_file import HeadsFile
    from pipelines.archive.disk.redactions import Redaction
    from pipelines.archive.read.known import Known


@frozen(kw_only=True)
class When:
    """When an act is recorded (RFC 3339 in UTC), by which software (name to version), and where its head is noted.

    A moment more than `jump_days` days after the last commit is refused unless `accepts_clock`; null: none is.
    """

    recorded_at: str
    software: Mapping[str, str]
    heads: HeadsFile | None = None
    jump_days: int | None = None
    accepts_clock: bool = False


@frozen(kw_only=True)
class Act:
    """What a commit of kind `kind` says.

    Args:
        kind: the commit's kind; `details` stands in the commit under this name.
        details: what was done, as JSON; null for a redaction.
        files: new files that the commit names, by their path in the archive, made ready in `Acting.folder`.
        redaction: the committed files that it replaces.
    """

    kind: str
    details: dict[str, Any] | None
    files: Mapping[str, Path] = field(default_factory=dict)
    redaction: Redaction | None = None


class Acting:
    """An archive held for one act: `archive` as it stands, `n` the number of the commit to come.

    `folder` is a folder in staging for files made ready. What lies there after a crash is removed by the next run.
    """

    def __init__(self, archive: Archive, kind: str, when: When) -> None:
        """Use `acting`."""
        self.archive, self.n, self._when = archive, archive.last.n + 1, when
        way = None if when.accepts_clock else "--accept-clock"
        jump = check_jump(archive.layout, archive.last, when.recorded_at, when.jump_days, way)
        self._decision = {"accept": CLOCK, **jump} if jump else None
        self.made: Commit | None = None
        self.run = f"{kind}-{self.n:08d}"
        self.folder = archive.layout.staging / self.run
        self.folder.mkdir()

    def commit(self, act: Act) -> Commit:
        """Put the act's files in place and make its commit; the derived files follow when `acting` ends."""
        layout = self.archive.layout
        commit = Commit(
            n=self.n, prev=self.archive.head, kind=act.kind, run=self.run, recorded_at=self._when.recorded_at,
            software=dict(self._when.software), parsers=(), first_seq=None, last_seq=None,
            counts=dict.fromkeys((*EVENTS, "observations", *ABSENCES), 0), decision=self._decision,
            files=tuple(NamedFile.of(file, path) for path, file in sorted(act.files.items())),
            redaction=act.redaction, details=act.details,
        )  # fmt: skip
        drafted = draft(self.folder, commit)
        place(layout, self.archive, act.files)
        make_point(layout, self.folder, self.n)
        self.made = drafted
        sync_folder(layout.commits)
        return drafted

    def withdraw(self) -> None:
        """Remove what was made ready, unless files may have been put in place: that is for `finish_acts` to undo."""
        if not (self.folder / JOURNAL).exists():
            shutil.rmtree(self.folder)


@contextmanager
def acting(path: str | os.PathLike[str], kind: str, when: When) -> Iterator[Acting]:
    """Hold the archive's lock, finish what a crash left undone, and afterwards write what follows from the commit.

    Raises:
        LockHeld, ClockBehind, ClockAhead, TailLost, Damaged: before anything is written.
        HeadNotNoted: the commit stands.
    """
    layout = Archive(path).layout
    with writing(layout.root):
        layout.staging.mkdir(exist_ok=True)
        lock = SiteLock(layout.lock, kind)
        try:
            if kind != RECONCILIATION:
                found = Archive(path)
                check_tail(layout, found, found.facts.site, when.heads)
            finish_acts(Archive(path))
            archive = Archive(path)
            known = None if kind == RECONCILIATION else archive.known()
            if known is not None:  # else the derived files may be all that tells what was lost
                heal(archive, known)
            if kind != CLOCK_KIND:
                check_clock(layout, archive, when.recorded_at)
            held = Acting(archive, kind, when)
            with ExitStack() as refused:
                refused.callback(held.withdraw)
                yield held
                refused.pop_all()
            if held.made is None:
                held.withdraw()
            else:
                _follow(archive, known, held.made)
                _note(archive.facts.site, when.heads, held.made)
        finally:
            lock.release()


def _follow(archive: Archive, known: Known | None, made: Commit) -> None:
    """Finish the act that `made` records, and write what follows from it."""
    if known is not None and made.redaction is None:
        done = archive.after(made)
        finish_acts(done)
        write_next(done, known)
    else:  # nothing is built upon what was derived before
        done = Archive(archive.layout.root)
        finish_acts(done)
        heal(done, done.known())


def _note(site: str, heads: HeadsFile | None, made: Commit) -> None:
    noted = Noted(at=made.recorded_at, site=site, commit=made.n, head=made.sha256)
    try:
        if heads is not None:
            heads.note(noted)
    except OSError as error:
        stands = f"commit {made.n} stands, but its head could not be noted: {error}"
        raise HeadNotNoted(f"{stands}. Append to the file: {noted.line().decode()[:-1]}") from error
