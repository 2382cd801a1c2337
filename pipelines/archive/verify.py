"""Proof that an archive is whole: first every byte a commit names, then every line's place in history."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.commits import commit_files, read_commits, sidecar_text
from pipelines.archive.derived import DERIVED, Derived
from pipelines.archive.errors import ArchiveError, Damaged, NewerFormat, NotAnArchive
from pipelines.archive.files import NamedFile, file_digest
from pipelines.archive.history import History
from pipelines.archive.layout import ARCHIVE_JSON, DERIVED_FILES, Layout
from pipelines.archive.reader import Archive, raw_lines

if TYPE_CHECKING:
    import os

    from pipelines.archive.commits import Commit
    from pipelines.archive.state import States


@dataclass(slots=True)
class Report:
    """What was proved. `problems` name the file, and the line where there is one; `notes` are no failures."""

    head: str | None = None
    commits: int = 0
    files: int = 0
    bytes: int = 0
    versions: int = 0
    observations: int = 0
    speeches: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 when everything is proved, else 5."""
        return Damaged.exit_status if self.problems else 0


def verify(path: str | os.PathLike[str], head: str | None = None) -> Report:
    """Check everything below `path`; with `head`, also that a head kept elsewhere is part of this history."""
    report = Report()
    try:
        archive = Archive(path)
    except Damaged as error:
        report.problems.append(str(error))
        return report
    except (NotAnArchive, NewerFormat):
        # A flipped byte may make a file look like another format's; its hash tells which it is.
        report.problems += _altered_entrance(Layout(Path(path)))
        if not report.problems:
            raise
        return report
    commits = archive.commits()
    report.head, report.commits = archive.head, len(commits)
    _check_head(report, commits, head)
    _check_sidecars(report, archive.layout, commits)
    _check_files(report, archive.layout, commits)
    if not report.problems:
        _check_lines(report, archive)
    _note_strangers(report, archive.layout, commits)
    return report


def _altered_entrance(layout: Layout) -> list[str]:
    """Commit files and archive.json that are not what the hashes beside them and in commit 1 say."""
    problems = []
    for file in commit_files(layout):
        sidecar = file.with_name(f"{file.name}.sha256")
        if sidecar.exists() and sidecar.read_bytes() != sidecar_text(file, file_digest(file)[1]):
            problems.append(f"{file}: disagrees with {sidecar.name} beside it; restore it from a copy")
    about = layout.path(ARCHIVE_JSON)
    if not problems and about.exists():
        named = [named for commit in read_commits(layout) for named in commit.files if named.path == ARCHIVE_JSON]
        if named and named[0].sha256 != file_digest(about)[1]:
            problems.append(f"{about}: sha256 is not what commit 1 says; restore it from a copy")
    return problems


def _check_head(report: Report, commits: tuple[Commit, ...], head: str | None) -> None:
    if head is None:
        return
    n = next((commit.n for commit in commits if commit.sha256 == head), None)
    if n is None:
        report.problems.append(
            f"commits: none of {len(commits)} has the head {head}: some were cut off or rewritten since it was noted"
        )
    elif n != len(commits):
        report.notes.append(f"commits: the head given is commit {n}; {len(commits) - n} came after it")


def _check_sidecars(report: Report, layout: Layout, commits: tuple[Commit, ...]) -> None:
    for commit in commits:
        file = layout.sidecar(commit.n)
        try:
            if file.read_bytes() != sidecar_text(layout.commit(commit.n), commit.sha256):
                report.problems.append(f"{file}: disagrees with the commit file beside it; one of them was altered")
        except OSError as error:
            # A run may die between the last commit and its hash; the next one writes it.
            missing = isinstance(error, FileNotFoundError) and commit.n == len(commits)
            said = report.notes if missing else report.problems
            said.append(f"{file}: {error.strerror}; `rebuild` writes a missing one anew")


def _check_files(report: Report, layout: Layout, commits: tuple[Commit, ...]) -> None:
    seen: set[str] = set()
    for commit in commits:
        for named in commit.files:
            if named.path in seen:
                report.problems.append(f"{layout.commit(commit.n)}: names {named.path}, as an earlier commit does")
            seen.add(named.path)
            report.files += 1
            report.bytes += named.bytes
            _check_file(report, layout, named)


def _check_file(report: Report, layout: Layout, named: NamedFile) -> None:
    file = layout.path(named.path)
    try:
        found = NamedFile.of(file, named.path)
    except OSError as error:
        report.problems.append(f"{file}: {error.strerror or error}; restore it from a copy")
        return
    except Damaged as error:
        report.problems.append(f"{error}; restore it from a copy")
        return
    for what in ("bytes", "sha256", "lines", "sha256_uncompressed"):
        told, is_now = getattr(named, what), getattr(found, what)
        if told != is_now:
            report.problems.append(f"{file}: {what} is {is_now}, the commit says {told}; restore it from a copy")
            return


def _check_lines(report: Report, archive: Archive) -> None:
    story = History(archive)
    last = report.commits
    try:
        told = {what: _commit_told(archive.layout, what, last) for what in DERIVED}
        problems: dict[Derived, str | None] = {}
        for commit in archive.commits():
            story.follow(commit)
            for what in DERIVED:
                if commit.n == told[what]:
                    problems[what] = _derived_problem(archive, what, story.states, commit.n)
        for what, n in told.items():
            if n != last:
                # A run may die before, between or after replacing the derived files.
                if problems.get(what) or (n is None and archive.layout.path(what.lines_file).exists()):
                    problems[what] = _compare_lines(archive, what, story.states, last)[0]
                said = "not of the last commit; `rebuild` or the next run makes it anew"
                report.notes.append(f"{what.lines_file}: {said}")
        report.problems += [f"{problem}; `rebuild` makes it anew" for problem in problems.values() if problem]
    except ArchiveError as error:
        report.problems.append(str(error))
    report.versions, report.observations = story.versions, story.observations
    report.speeches = len(story.states)


def _commit_told(layout: Layout, what: Derived, last: int) -> int | None:
    file = layout.path(what.about_file)
    try:
        told = json.loads(file.read_bytes())["commit"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: unreadable ({error!r}); `rebuild` makes it anew") from error
    if not isinstance(told, int) or not 1 <= told <= last:
        raise Damaged(f"{file}: of commit {told!r}, there are {last}; `rebuild` makes it anew")
    return told


def _derived_problem(archive: Archive, what: Derived, states: States, n: int) -> str | None:
    problem, document = _compare_lines(archive, what, states, n)
    file = archive.layout.path(what.about_file)
    if file.read_bytes() != document:
        raise Damaged(f"{file}: is not what commit {n} gives; `rebuild` makes it anew")
    return problem


def _compare_lines(archive: Archive, what: Derived, states: States, n: int) -> tuple[str | None, bytes]:
    """The first line of a derived file that is not what the history gives, and what the document must hold."""
    file = archive.layout.path(what.lines_file)
    sha256, size, count, problem = hashlib.sha256(), 0, 0, None
    wanted = what.make(archive.layout, archive.commits(), states, None)
    for number, (line, found) in enumerate(itertools.zip_longest(wanted, raw_lines(file)), 1):
        if line != found and problem is None:
            problem = f"{file}, line {number}: is not what the committed lines give"
        if line is not None:
            sha256.update(line)
            size, count = size + len(line), count + 1
    return problem, what.document(n, count, sha256.hexdigest(), size)


def _note_strangers(report: Report, layout: Layout, commits: tuple[Commit, ...]) -> None:
    known = {named.path for commit in commits for named in commit.files} | DERIVED_FILES
    for commit in commits:
        known |= {f"commits/{file(commit.n).name}" for file in (layout.commit, layout.sidecar)}
    for file in sorted(layout.root.rglob("*")):
        relative = file.relative_to(layout.root).as_posix()
        if not file.is_dir() and relative not in known and not relative.startswith("staging/"):
            report.notes.append(f"{file}: no commit names it; no reader trusts it")
