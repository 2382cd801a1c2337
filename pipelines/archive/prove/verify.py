"""Verification of an archive: every byte a commit names, every line's place in history, the derived files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit, files_now
from pipelines.archive.disk.copies.partial_copy import PARTIAL_JSON, Absent, PartialCopy
from pipelines.archive.disk.description import Description
from pipelines.archive.disk.files import NamedFile, file_digest
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    DERIVED_FILES,
    LINK,
    Layout,
    is_run_page,
    links_below,
    run_file,
)
from pipelines.archive.disk.site_life import Rekey, Retirement
from pipelines.archive.disk.wrong_clock import WrongClock
from pipelines.archive.errors import ArchiveError, Damaged, NewerFormat, NotAnArchive
from pipelines.archive.prove.affected import unproved_ids
from pipelines.archive.prove.ahead import NotProvedAhead, WorkAhead, work_ahead
from pipelines.archive.prove.anchors.anchor_check import check_anchors
from pipelines.archive.prove.anchors.anchor_files import is_anchor_file
from pipelines.archive.prove.chain import Chain, sound_chain
from pipelines.archive.prove.derived_check import DerivedCheck, derived_checks
from pipelines.archive.prove.fixity import Fault, fault
from pipelines.archive.prove.history import STREAMS, History
from pipelines.archive.prove.pack_check import PackCheck
from pipelines.archive.prove.signatures import check_signatures, signature_name
from pipelines.archive.read.reader import Archive, read_about
from pipelines.archive.read.tails import RECONCILIATION, cut_tail, lost_of, lost_tail, not_in_chain
from pipelines.exits import Exit
from pipelines.gaps.acceptance import Acceptance
from pipelines.untrusted import is_there, json_object, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.archive.disk.heads_file import HeadsFile
    from pipelines.stored.packed import Stored

QUICK_COMMITS = 7
LARGE = 16 << 20
"""Bytes of lines and captures from which a second process saves more time than its start costs."""


@dataclass(slots=True)
class Report:
    """The result of a check. `problems` name the file, and the line where there is one; `notes` are no failures.

    With problems, `unaffected` says what is whole nevertheless, and `affected` the ids read in damaged lines.
    """

    head: str | None = None
    commits: int = 0
    files: int = 0
    bytes: int = 0
    versions: int = 0
    observations: int = 0
    speeches: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    affected: list[str] = field(default_factory=list)
    unaffected: str | None = None

    @property
    def exit_status(self) -> Exit:
        """0 when everything is proved, else 5."""
        return Exit.DAMAGED if self.problems else Exit.COMPLETE


def verify(
    path: str | os.PathLike[str],
    head: str | None = None,
    signers: Path | None = None,
    *,
    heads: HeadsFile | None = None,
    trusted: Path | None = None,
    two_processes: bool = False,
) -> Report:
    """Check everything below `path`.

    Args:
        path: the folder of one site.
        head: a head kept elsewhere; it must be part of this history.
        signers: an `allowed_signers` file of ssh-keygen; every signature must be by one of them.
        trusted: root certificates (PEM) of authorities of time; every time-stamp must be by one of them.
        two_processes: prove a large archive with a second process; only for a program with a main guard, since
            that process runs the program again.
    """
    new = partial(_Proof, Layout(Path(path)), head, signers, heads, trusted)
    proof = new()
    try:
        proof.check_lines(may_fork=two_processes)
    except NotProvedAhead:
        proof = new()
        proof.check_lines(may_fork=False)
    proof.end()
    return proof.report


def verify_quick(
    path: str | os.PathLike[str],
    head: str | None = None,
    signers: Path | None = None,
    *,
    heads: HeadsFile | None = None,
    trusted: Path | None = None,
) -> Report:
    """The daily check: the chain, the size of every file, and the bytes of the newest and the small files.

    Proves the commit files, everything the newest 7 commits name, archive.json, the schemas and every run report.
    Of older lines and captures only the size is checked: a flipped byte in them is found by `verify`.
    """
    proof = _Proof(Layout(Path(path)), head, signers, heads, trusted)
    proof.check_sizes()
    proof.end()
    return proof.report


def _mark_of(layout: Layout, chain: Chain) -> PartialCopy | None:
    try:
        return PartialCopy.of(layout)
    except Damaged as error:
        chain.problems.append(str(error))
        return None


class _Proof:
    """The steps both checks share, and the report they fill."""

    def __init__(
        self, layout: Layout, head: str | None, signers: Path | None, heads: HeadsFile | None, trusted: Path | None
    ) -> None:
        # A link's target is not part of the archive: with a link in it, nothing is read.
        links = [f"{link}: {LINK}" for link in links_below(layout.root)]
        self._layout = layout = layout if links else layout.at_rest()
        chain = Chain(problems=links) if links else sound_chain(layout)
        is_broken = bool(chain.problems)
        if not links:
            check_anchors(layout, chain, trusted)
        self._commits = chain.commits
        self.report = Report(problems=chain.problems, notes=chain.notes, commits=len(chain.commits))
        if not chain.commits and not chain.problems:
            Archive(layout.root)  # raises the error that says why this is no archive
        self._broken: set[int] = {len(self._commits) + 1} if is_broken else set()
        self._may_be = files_now(self._commits)
        self._partial, self._absent = _mark_of(layout, chain), Absent()
        self._damaged_files = 0
        self._has_damaged_captures = False
        if self._commits:
            self.report.head = self._commits[-1].sha256
        self._is_cut = self._check_tail(heads)
        self._check_head(head)
        self._check_names()
        self._packs = PackCheck(layout, self._commits)
        for commit, problem in self._packs.problems:
            self._add_problem(commit, problem)
        if signers is not None:
            check_signatures(layout, self._commits, signers, self.report.problems, self.report.notes)

    def check_lines(self, *, may_fork: bool) -> None:
        """Every byte, then every line as far as the history can be followed, then the derived files."""
        history = self._history()
        if history is not None and may_fork and sum(n.bytes for c in self._commits for n in c.files) >= LARGE:
            with work_ahead(self._layout, history.site, self._commits) as ahead:
                history.rely_on(ahead)
                self._check_lines(history, ahead)
        else:
            self._check_lines(history, None)

    def _check_lines(self, history: History | None, ahead: WorkAhead | None) -> None:
        is_checked = history is not None and not self._is_cut
        checks = derived_checks(history, self._layout, self._commits, ahead) if history and is_checked else []
        if ahead:
            ahead.ask_lines(list(self._streams()))
        is_followed = history is not None
        for commit in self._commits:
            streams = [named for folder, _ in STREAMS if (named := commit.stream(folder))]
            for named in commit.files:
                if not is_followed or named not in streams:
                    self._check_file(commit, named)
            if history is not None and is_followed:
                is_followed = self._is_followed(commit, streams, history, checks, ahead)
        if history is not None:
            self._end_history(history, checks, ahead)

    def _is_followed(
        self,
        commit: Commit,
        streams: list[NamedFile],
        history: History,
        checks: list[DerivedCheck],
        ahead: WorkAhead | None,
    ) -> bool:
        """Follow a commit's lines; false, with the problem in the report, when they break a rule."""
        try:
            history.follow(commit)
        except ArchiveError as error:
            if ahead:
                ahead.settle()  # what is wrong with a capture comes first
            self._add_line_problems(commit, streams, error)
            return False
        for check in checks:
            check.after(commit)
        self._count_files(streams)
        return True

    def check_sizes(self) -> None:
        """Sizes of all files, bytes of the small and the newest."""
        oldest = len(self._commits) - QUICK_COMMITS
        for commit in self._commits:
            for named in commit.files:
                if commit.n > oldest or not named.path.endswith((".gz", ".tar")):
                    self._check_file(commit, named, parses_report=commit.n > oldest)
                else:
                    self._check_size(commit, named)
        measured = f"the lines and captures of commits 1–{oldest} were only measured, " if oldest > 0 else ""
        self.report.notes.append(f"quick: {measured}no line was followed through history; `verify` does")

    def end(self) -> None:
        """Complete the report after all checks."""
        self._explain_redactions()
        self._explain_decisions()
        self._note_strangers()
        report = self.report
        if self._partial:
            report.notes.append(self._absent.told(self._partial))
        if self._has_damaged_captures:
            report.affected += unproved_ids(self._layout, self._commits)
        report.affected = list(dict.fromkeys(report.affected))
        if report.problems and self._commits:
            first = min(self._broken, default=len(self._commits) + 1)
            commits = f"commits 1–{first - 1} with all their files; " if first > 1 else ""
            report.unaffected = f"{commits}{report.files - self._damaged_files} of {report.files} files"

    def _streams(self) -> Iterator[tuple[str, Stored, str]]:
        """Every file of lines by its path in the archive, and its schema, in the order they are followed."""
        for commit in self._commits:
            for folder, schema in STREAMS:
                if named := commit.stream(folder):
                    yield named.path, self._stored(named.path), schema

    def _history(self) -> History | None:
        """The follower of lines; null when archive.json, which names the site, cannot be trusted."""
        try:
            facts = read_about(self._layout)
        except (Damaged, NotAnArchive, NewerFormat) as error:
            facts, failure = None, error
        else:
            failure = Damaged(f"{self._layout.path(ARCHIVE_JSON)}: missing")
        if facts is not None and self._commits:
            return History(self._layout, facts.site, self._commits)
        about = next((n for c in self._commits for n in c.files if n.path == ARCHIVE_JSON), None)
        # A flipped byte may look like another format; the file's hash decides which it is.
        if about is not None and fault(self._layout.path(ARCHIVE_JSON), (about,)) is None:
            raise failure
        return None

    def _check_tail(self, heads: HeadsFile | None) -> bool:
        """Whether derived files or noted heads tell of commits that are not in the chain, which becomes a problem."""
        if self._broken or not self._commits:
            return False  # what is wrong with the chain is told, and where it would have ended is not known
        found = cut_tail(self._layout, self._commits[-1])
        told = [found] if found else []
        if heads is not None:
            told += self._lost_heads(heads)
        self.report.problems += told
        return bool(found)

    def _lost_heads(self, heads: HeadsFile) -> list[str]:
        site, notes = self._site(), self.report.notes
        noted = heads.of(site)
        notes += [f"{heads.file}: no head of {site} was noted there"] if not noted else []
        lost = not_in_chain(self._commits, noted)
        return [lost_tail(self._layout.root, self._commits, lost, heads.file)] if lost else []

    def _site(self) -> str:
        try:
            facts = read_about(self._layout)
        except ArchiveError:
            facts = None
        return facts.site if facts else self._layout.root.resolve().name

    def _check_head(self, head: str | None) -> None:
        if head is None:
            return
        count = len(self._commits)
        n = next((commit.n for commit in self._commits if commit.sha256 == head), None)
        if n is None:
            message = (
                f"commits: none of {count} has the head {head}: some were cut off or rewritten since it was noted"
            )
            self.report.problems.append(f"{message}, or the head is of another archive, or mistyped")
        elif n != count:
            self.report.notes.append(f"commits: the head given is commit {n}; {count - n} came after it")

    def _check_names(self) -> None:
        """Check that a file is named once, and that only a redaction, which names the old file, replaces it."""
        now: dict[str, NamedFile] = {}
        for commit in self._commits:
            file = self._layout.commit(commit.n)
            for named in commit.files:
                if named.path in now:
                    self._add_problem(commit, f"{file}: names {named.path}, as an earlier commit does")
                now[named.path] = named
            for replaced in commit.redaction.files if commit.redaction else ():
                if now.get(replaced.old.path) != replaced.old or replaced.old.lines != replaced.new.lines:
                    self._add_problem(commit, f"{file}: its redaction of {replaced.old.path} names another old file")
                now[replaced.new.path] = replaced.new

    def _stored(self, path: str) -> Stored:
        """Where a named file is; one that a container cannot give is told as not there."""
        try:
            return self._layout.stored(path)
        except Damaged:
            return self._layout.path(path)

    def _add_problem(self, commit: Commit, problem: str | Fault) -> None:
        self.report.problems.append(str(problem))
        self._broken.add(commit.n)
        if isinstance(problem, Fault):
            self._damaged_files += 1
            self.report.affected += problem.ids

    def _count_files(self, files: list[NamedFile]) -> None:
        self.report.files += len(files)
        self.report.bytes += sum(self._may_be[named.path][0].bytes for named in files)

    def _check_file(self, commit: Commit, named: NamedFile, *, parses_report: bool = True) -> None:
        file = self._stored(named.path)
        if self._is_excused(commit, named, file):
            return
        self._count_files([named])
        if not is_there(file) and self._packs.is_lost(commit, named.path):
            self._damaged_files += 1
            self._has_damaged_captures |= _holds_captures(named)
            return
        found = fault(file, self._may_be[named.path], _first_seq(commit, named))
        if found is None and parses_report and named.path == run_file(commit.run):
            found = _unread(file)
        if found:
            self._has_damaged_captures |= _holds_captures(named)
            self._add_problem(commit, found)

    def _is_excused(self, commit: Commit, named: NamedFile, file: Stored) -> bool:
        """Whether a file is not here since this is a partial copy, which the report tells at the end."""
        if self._partial is None or not self._partial.is_excused(commit.n, named.path, file):
            return False
        self._absent.files += 1
        self._absent.bytes += named.bytes
        return True

    def _check_size(self, commit: Commit, named: NamedFile) -> None:
        file = self._stored(named.path)
        if self._is_excused(commit, named, file):
            return
        self._count_files([named])
        if not is_there(file) and self._packs.is_lost(commit, named.path):
            self._damaged_files += 1
            return
        try:
            size = size_of(file)
        except OSError as error:
            self._add_problem(commit, Fault(file, f"{error.strerror}; restore it from a copy"))
            return
        if all(size != named.bytes for named in self._may_be[named.path]):
            problem = f"bytes is {size}, the commit says {named.bytes}; restore it from a copy"
            self._add_problem(commit, Fault(file, problem))

    def _add_line_problems(self, commit: Commit, streams: list[NamedFile], error: ArchiveError) -> None:
        before = len(self.report.problems)
        for named in streams:
            self._check_file(commit, named)
        if len(self.report.problems) == before and str(error) not in self.report.problems:
            self._add_problem(commit, f"{error}; restore the file from a copy")
        if commit.n < len(self._commits):
            self.report.notes.append(f"commits {commit.n + 1}–{len(self._commits)}: files proved, lines not followed")

    def _end_history(self, history: History, checks: list[DerivedCheck], ahead: WorkAhead | None) -> None:
        if ahead:
            ahead.settle()
        report = self.report
        report.versions, report.observations = history.versions, history.observations
        report.speeches = len(history.known.states)
        for check in checks if not self._broken else ():
            problem, note = check.end()
            # A crash may have left derived files of commits that were given up, whose numbers come again.
            is_old = self._commits[-1].kind == RECONCILIATION
            report.problems += [problem] if problem and not is_old else []
            report.notes += [said for said in (problem if is_old else None, note) if said]

    def _explain_redactions(self) -> None:
        for commit in self._commits:
            redaction = commit.redaction
            if commit.suppressed:
                told = f"masked in {len(commit.suppressed)} captures"
                self.report.notes.append(f"commit {commit.n}: titles of speeches that an order suppresses {told}")
            if redaction is None:
                continue
            places = f" and {len(redaction.captures)} captures and reports" if redaction.captures is not None else ""
            lines = f"{len(redaction.seqs)} lines{places}"
            note = f"commit {commit.n}: text of {redaction.id} removed from {lines} ({redaction.why})"
            self.report.notes.append(note)
            for replaced in redaction.files:
                file = self._stored(replaced.old.path)
                is_sized = is_there(file) and size_of(file) == replaced.old.bytes
                if is_sized and file_digest(file)[1] == replaced.old.sha256:
                    self.report.notes.append(f"{file}: still holds that text; `rebuild` finishes the redaction")

    def _explain_decisions(self) -> None:
        for commit in self._commits:
            told: dict[str, Any] = commit.details or {}
            if wrong := WrongClock.of(commit):
                said = (
                    f"commits {wrong.first}–{wrong.last} were made under a wrong clock, before {commit.recorded_at}"
                )
            elif commit.kind == RECONCILIATION:
                lost = ", ".join(str(entry.get("n")) for entry in lost_of(commit))
                said = f"commits that are not in this chain were given up: {lost}"
            elif rekey := Rekey.of(commit):
                said = f"{len(rekey.pairs)} speeches have another id since"
            elif retired := Retirement.of(commit):
                said = "the site is retired" if retired.is_retired else "the site is no longer retired"
            elif description := Description.of(commit):
                said = f"{', '.join(description.facts())} described anew"
            elif acceptance := Acceptance.of(commit):
                until = f"accepted until {acceptance.until}" if acceptance.until else "no longer accepted"
                said = f"gaps at {acceptance.url} are {until}"
            else:
                continue
            self.report.notes.append(f"commit {commit.n}: {said} ({told.get('reason')})")

    def _note_strangers(self) -> None:
        layout = self._layout
        known = {*self._may_be, *DERIVED_FILES, PARTIAL_JSON}
        for commit in self._commits:
            known |= {layout.commit_name(commit.n), layout.sidecar_name(commit.n), signature_name(commit.n)}
        if self._broken and len(self._commits) + 1 in self._broken:
            return  # files of commits that cannot be trusted are not unknown files
        twice = 0
        for relative in sorted(_files_below(layout.root)):
            twice += relative in self._packs.packed
            is_known = relative in known or relative.startswith("staging/") or is_anchor_file(relative)
            is_known = is_known or is_run_page(relative, known)
            if not is_known:
                self.report.notes.append(f"{layout.root / relative}: no commit names it; no reader trusts it")
        if twice:
            self.report.notes.append(f"{twice} files lie outside their container as well; `pack` removes them")


def _files_below(root: Path) -> Iterator[str]:
    """Every file below `root`, by its path in there."""
    for folder, _, names in os.walk(root):
        inside = os.path.relpath(folder, root)
        yield from names if inside == "." else (f"{inside}/{name}" for name in names)


def _holds_captures(named: NamedFile) -> bool:
    return named.path.startswith("warc/") or (named.path.startswith("packs/") and named.path.endswith("/warc.tar"))


def _unread(file: Stored) -> Fault | None:
    """Why a run report cannot be read although its bytes match the commit; null when it can."""
    try:
        json_object(file)
    except (OSError, ValueError) as error:
        return Fault(file, f"unreadable ({error}); restore it from a copy")
    return None


def _first_seq(commit: Commit, named: NamedFile) -> int | None:
    versions = commit.stream("versions")
    if commit.first_seq is None or named.lines is None:
        return None
    return commit.first_seq + (versions.lines or 0 if versions and named != versions else 0)
