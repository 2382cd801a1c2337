"""Salvage: the whole lines of a dead run become a commit of their own, marked as salvaged.

The commit also names the answers that no line names: what was under way when the run died, among others.
Of its absences only the observations are kept (`missing`); `gone` needs a run that ended. A run that saved no whole
observation, capture or note of an answer is no evidence and leaves no commit.
"""

from __future__ import annotations

import shutil
from collections import deque
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.disk.commits import has_commits
from pipelines.archive.disk.copies.partial_copy import PartialCopy
from pipelines.archive.disk.files import cut, cut_to_whole_members, sync_folder, whole_members
from pipelines.archive.disk.layout import warc_beginning
from pipelines.archive.errors import ClockBehind
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.admission import check_site
from pipelines.archive.write.salvaging.noted_answers import ANSWERS, MOST_UNNAMED, noted_answers
from pipelines.archive.write.sealing import CommitFacts, Sealing, roll_back
from pipelines.archive.write.staging import StagedRun, laid_out
from pipelines.archive.write.waiting import LOOKS, Opening, is_committed, opening_of, staged_captures
from pipelines.exits import Exit
from pipelines.gates.rules import Ran, tripped
from pipelines.gates.tally import Texts
from pipelines.gates.usual import Usual
from pipelines.untrusted import is_there, parsed_json
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.archive.disk.answers import Answer
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.disk.streams import Line
    from pipelines.record import SiteFacts

KIND = "salvage"


@frozen
class Salvaged:
    """A dead run whose `lines` became commit `commit`; `cut_bytes` of torn ends were lost."""

    run: str
    commit: int
    lines: int
    cut_bytes: int


def salvage(layout: Layout, facts: SiteFacts, opened_at: str) -> tuple[Salvaged, ...]:
    """Commit each dead run's saved lines, recorded at `opened_at`. The caller, a run of `facts`, holds the lock."""
    kept = []
    for folder, dead in _dead_runs(layout):
        if not has_commits(layout):
            check_site(layout, dead.facts, facts)
        kept.append(_salvage(layout, folder, dead, lambda _: opened_at))
    return tuple(filter(None, kept))


def salvage_as_recorded(layout: Layout, now: str) -> None:
    """Commit each dead run's saved lines under the clock that it had, were it ahead of `now`; the lock is held."""
    for folder, dead in _dead_runs(layout):
        archive = _archive(layout)
        last = archive.last.recorded_at if archive else ""
        _salvage(layout, folder, dead, lambda newest, last=last: max(now, last, newest))  # type: ignore[misc]


def _salvage(layout: Layout, folder: Path, dead: Opening, at: Callable[[str], str]) -> Salvaged | None:
    """`at` gives the moment of the commit for that of the newest line."""
    archive, done = _archive(layout), None
    roll_back(layout, archive, folder)
    lost = sum(map(cut_to_whole_members, staged_captures(folder)))
    kept = _Kept.by(layout, folder, dead)
    lost += _cut_to_captured(folder, kept)
    withheld = _withheld(archive, folder, dead)
    with laid_out(folder, keeps_gone=False) as staged:
        staged.cut_bytes += lost
        staged.observe_each()
        unnamed = _unnamed(folder, staged, kept)
        if staged.looks or staged_captures(folder) or unnamed or withheld["gates"]:
            recorded_at = at(max(staged.newest, dead.opened_at))
            sealing = Sealing(layout, archive, dead.facts, folder)
            done = _commit(sealing, staged, dead, recorded_at, withheld, unnamed)
    shutil.rmtree(folder)
    return done


@frozen
class _Kept:
    """Where captures of a dead run may lie whole.

    Args:
        layout: of the archive.
        sizes: bytes of the run's own WARC files, by the names that captures give them.
        own: with what the names of these begin.
    """

    layout: Layout
    sizes: dict[str, int]
    own: str

    @classmethod
    def by(cls, layout: Layout, folder: Path, dead: Opening) -> Self:
        """As what the dead run left in `folder` is now."""
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in staged_captures(folder)}
        return cls(layout, sizes, warc_beginning(dead.facts.site, dead.run, dead.opened_at))

    def has(self, capture: Line) -> bool:
        """Whether a capture is whole in the run's own files, or lies in one that the archive has.

        What a partial copy may lack was read in its store.
        """
        file = capture["file"]
        if file in self.sizes:
            return bool(capture["offset"] + capture["length"] <= self.sizes[file])
        if file is None or is_there(self.layout.stored(file)):
            return True
        mark = None if file.startswith(self.own) else PartialCopy.of(self.layout)
        return mark is not None and mark.is_absent(self.layout, file)


def _unnamed(folder: Path, staged: StagedRun, kept: _Kept) -> tuple[Answer, ...]:
    """The answers that no line names, in the order they came; of very many the newest, which were under way."""
    named = {(one["captured_at"], one["file"], one["offset"]) for one in staged.captures()}
    unnamed = (one for one in noted_answers(folder) if (one.captured_at, one.file, one.offset) not in named)
    return tuple(deque((one for one in unnamed if kept.has(one.document())), MOST_UNNAMED))


def _cut_to_captured(folder: Path, kept: _Kept) -> int:
    """Truncate the lines before the first whose captures are not whole; returns the number of bytes cut.

    After a power cut lines may be on the disk whose captures are not.
    """
    file, end = folder / LOOKS, 0
    if not file.exists():
        return 0
    for after, member in whole_members(file):
        looks = map(parsed_json, member.split(b"\n")[:-1])
        captures = (one for look in looks for line in look["lines"] for one in line["captures"])
        if not all(map(kept.has, captures)):
            break
        end = after
    return cut(file, end)


def _withheld(archive: Archive | None, folder: Path, dead: Opening) -> dict[str, Any]:
    """What the report says of the gates that the dead run's lines trip. With one, the lines are discarded.

    So are the notes of its answers: the run that goes on is to ask the site.
    """
    usual = Usual({}, lambda: (), lambda: ())
    if archive is not None:
        usual = Usual(archive.known(for_writing=False).states, archive.past_reports, archive.latest)
    with laid_out(folder, keeps_gone=False) as staged:
        ran = Ran(at=datetime.fromisoformat(staged.newest or dead.opened_at), lists={})
        gates = tripped(staged.tally, Texts(), ran, usual)
        counts = staged.tally.written()
    if not gates:
        return {"gates": [], "withheld": None}
    (folder / ANSWERS).unlink(missing_ok=True)
    (folder / LOOKS).unlink()
    sync_folder(folder)
    return {"gates": [gate.document() for gate in gates], "withheld": counts}


def _dead_runs(layout: Layout) -> list[tuple[Path, Opening]]:
    """Runs that left a folder in staging and no commit, oldest first."""
    folders = [folder for folder in layout.staging.iterdir() if folder.is_dir()]
    found = []
    for folder in folders:
        if is_committed(layout, folder):
            continue
        opening = opening_of(folder)
        if opening is not None:
            found.append((folder, opening))
        elif not any(folder.rglob("*.gz")):
            shutil.rmtree(folder)  # it died before it saved anything
    return sorted(found, key=lambda dead: (dead[1].opened_at, dead[1].run))


def _commit(
    sealing: Sealing,
    staged: StagedRun,
    dead: Opening,
    opened_at: str,
    withheld: dict[str, Any],
    unnamed: tuple[Answer, ...],
) -> Salvaged:
    newest = max(staged.newest, dead.opened_at)
    if datetime.fromisoformat(opened_at) < datetime.fromisoformat(newest):
        root = quote(str(sealing.layout.root))
        way = f"if that run's was ahead: python -m pipelines repair clock {root} --reason TEXT"
        said = f"a dead run observed at {newest}, the clock says {opened_at}"
        raise ClockBehind(f"{sealing.folder}: {said}. Set the clock right; {way}")
    facts = CommitFacts(run=dead.run, kind=KIND, recorded_at=opened_at, software=dead.software, repeated=unnamed)
    commit = sealing.commit(staged, _report(staged, dead, opened_at, withheld), facts)
    sync_folder(sealing.layout.commits)
    return Salvaged(dead.run, commit.n, staged.lines, staged.cut_bytes)


def _report(staged: StagedRun, dead: Opening, opened_at: str, withheld: dict[str, Any]) -> dict[str, Any]:
    """The report (`run/1`) that the dead run could not write; values that only it knew are null."""
    message = f"died before its end; {staged.lines} whole lines of it were salvaged at the next start"
    torn = f", {staged.cut_bytes} bytes of a torn end were cut" if staged.cut_bytes else ""
    told = "".join(f"; not believed and not written: {gate['words']}" for gate in withheld["gates"])
    unknown = (
        "mode",
        "start_url",
        "limit",
        "only_section",
        "section",
        "sections",
        "listing_complete",
        "not_captured",
        "left",
        "problems",
        "notes",
        "ended_at",
    )
    return {
        "schema": "run/1",
        "site": dead.facts.site,
        "run": dead.run,
        **dead.request,
        "started_at": dead.opened_at,
        "verdict": "interrupted",
        "exit_status": int(Exit.INTERRUPTED),
        "message": message + torn + told,
        "counts": dict(sorted(staged.counts.items())),
        **{key: None for key in unknown if key not in dead.request},
        **withheld,
        "salvaged": {"at": opened_at, "lines": staged.lines, "looks": staged.looks, "cut_bytes": staged.cut_bytes},
    }


def _archive(layout: Layout) -> Archive | None:
    return Archive(layout.root) if has_commits(layout) else None
