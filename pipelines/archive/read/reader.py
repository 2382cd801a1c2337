"""`Archive`: read an archive with only the standard library, in constant memory."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit, check_version, read_commits
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    FORMAT,
    FORMAT_VERSION,
    INDEX_LINES,
    LATEST_LINES,
    NATIVE_ID,
    Layout,
    run_file,
)
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged, NotAnArchive, NotUnderstood
from pipelines.archive.read import feed
from pipelines.archive.read.asof import as_of_lines
from pipelines.archive.read.moments import end_of
from pipelines.record import SiteFacts, completed
from pipelines.untrusted import json_object, parsed_json

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pipelines.archive.disk.streams import Line


class Archive:
    """One site's archive as of its commits when this object was made; unknown keys are kept."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open for reading; `NotAnArchive` when no commit is there, `Damaged` when the chain is broken."""
        self.layout = Layout(Path(path))
        about = read_about(self.layout)
        self._commits = tuple(read_commits(self.layout))
        if not self._commits:
            raise NotAnArchive(f"{path}: no archive here (no commit). Give the folder of one site, as output/gszx")
        if about is None:
            raise Damaged(f"{self.layout.path(ARCHIVE_JSON)}: missing; restore it from a copy")
        self.facts = about

    @property
    def head(self) -> str:
        """SHA-256 of the last commit: kept elsewhere, it proves that nothing was cut or rewritten."""
        return self._commits[-1].sha256

    def commits(self) -> tuple[Commit, ...]:
        """All commits in order."""
        return self._commits

    def report(self, run: str) -> dict[str, Any]:
        """The report (`run/1`) of a run that this archive holds; `Damaged` when it cannot be read."""
        file = self.layout.stored(run_file(run))
        try:
            return json_object(file)
        except (OSError, ValueError) as error:
            raise Damaged(f"{file}: unreadable ({error}); restore it from a copy") from error

    def versions(self) -> Iterator[Line]:
        """Every `speech/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "versions") for commit in self._commits)

    def observations(self) -> Iterator[Line]:
        """Every `observation/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "observations") for commit in self._commits)

    def history(self) -> Iterator[Line]:
        """Every line of both streams, by rising seq."""
        return itertools.chain.from_iterable(lines for _, lines in self.by_commit())

    def by_commit(self) -> Iterator[tuple[Commit, Iterator[Line]]]:
        """Every commit in order with the lines of both streams that it brought, by rising seq."""
        return ((commit, self.all_lines_of(commit)) for commit in self._commits)

    def all_lines_of(self, commit: Commit) -> Iterator[Line]:
        """The lines one commit brought, by rising seq."""
        return itertools.chain(self.lines_of(commit, "versions"), self.lines_of(commit, "observations"))

    def lines_of(self, commit: Commit, folder: str) -> Iterator[Line]:
        """The lines one commit brought to `versions` or `observations`."""
        named = commit.stream(folder)
        if named is None:
            return
        file = self.layout.stored(named.path)
        for number, line in enumerate(raw_lines(file), 1):
            yield parsed(line, file, number)

    def latest(self) -> Iterator[Line]:
        """Every `latest/1` line: the present speeches, in natural order of their ids."""
        return self._derived(LATEST_LINES)

    def index(self) -> Iterator[Line]:
        """Every `index/1` line: each speech ever archived and its state, in natural order of their ids."""
        return self._derived(INDEX_LINES)

    def _derived(self, name: str) -> Iterator[Line]:
        file = self.layout.path(name)
        try:
            for number, line in enumerate(raw_lines(file), 1):
                yield parsed(line, file, number)
        except Damaged as error:
            said = str(error).partition("; restore")[0]
            raise Damaged(f"{said}; `python -m pipelines rebuild {self.layout.root}` makes it anew") from error

    def as_of(self, at: str, known_at: str | None = None) -> Iterator[Line]:
        """The speeches present at `at` as known at `known_at` (default: now), by rising seq.

        Each is its `speech/1` line with `verified_before` and `verified_after`, the observations nearest to `at`
        that confirmed it. A day means its end in UTC; `NotUnderstood` for anything but a day or moment.
        """
        return (completed(parsed_json(line)) for line in self.raw_as_of(at, known_at))

    def raw_as_of(self, at: str, known_at: str | None = None) -> Iterator[bytes]:
        """`as_of` as lines of JSON with their line feed, not parsed."""
        return as_of_lines(self.layout, self._commits, end_of(at), known_at and end_of(known_at))

    def changes(self, since: str | int = 0, *, reprocessed: bool = False) -> Iterator[Line]:
        """Every `change/1` after `since`: a seq (`123`, `seq:123`), `commit:4`, or a day or moment of recording.

        Events are created, changed, gone and restored; with `reprocessed` also changes by our parser alone.
        """
        return feed.changes(self.versions(), feed.seq_before(self._commits, since), reprocessed=reprocessed)

    def view_counts(self, id: str | None = None) -> Iterator[Line]:  # noqa: A002 - the contract's key
        """Every `views/1`: one view count of one observation, of all speeches or of one (`gszx:4864` or `4864`)."""
        return feed.view_counts(self.observations(), id and self.full_id(id))

    def about(self, id: str) -> Iterator[Line]:  # noqa: A002 - the contract's key
        """Every line of both streams about one speech, by rising seq."""
        return itertools.chain.from_iterable(lines for _, lines in self.about_by_commit(id))

    def about_by_commit(self, id: str) -> Iterator[tuple[Commit, Iterator[Line]]]:  # noqa: A002 - the contract's key
        """Every commit in order with its lines about one speech, by rising seq."""
        wanted = self.full_id(id)
        return ((commit, self._about(commit, wanted)) for commit in self._commits)

    def _about(self, commit: Commit, wanted: str) -> Iterator[Line]:
        needle = f'"id":"{wanted}"'.encode()
        for named in filter(None, map(commit.stream, ("versions", "observations"))):
            file = self.layout.stored(named.path)
            for number, raw in enumerate(raw_lines(file), 1):
                if needle in raw and (line := parsed(raw, file, number))["id"] == wanted:
                    yield line

    def full_id(self, id: str) -> str:  # noqa: A002 - the contract's key
        """`gszx:4864` for `4864`; `NotUnderstood` when it is of another site or not an id."""
        site, _, native_id = id.rpartition(":")
        if site not in {"", self.facts.site}:
            raise NotUnderstood(f"{id}: this archive is of {self.facts.site}")
        if not NATIVE_ID.fullmatch(native_id):
            raise NotUnderstood(f"{id!r}: not the id of a speech; give for example {self.facts.site}:4864, or 4864")
        return f"{self.facts.site}:{native_id}"

    def line(self, seq: int) -> Line:
        """The one line with this `seq`; `LookupError` when there is none."""
        for commit in self._commits:
            if commit.first_seq is None or commit.last_seq is None or not commit.first_seq <= seq <= commit.last_seq:
                continue
            found = next(itertools.islice(self.all_lines_of(commit), seq - commit.first_seq, None), None)
            if found is None or found.get("seq") != seq:
                raise Damaged(f"{self.layout.commit(commit.n)}: its files hold no line with seq {seq}; run verify")
            return found
        raise LookupError(f"no line with seq {seq}")


def read_about(layout: Layout) -> SiteFacts | None:
    """The content of archive.json, or null when there is none; a later format is refused here."""
    file = layout.path(ARCHIVE_JSON)
    try:
        value = json_object(file)
        family, version = value["format"], int(value["format_version"])
        facts = SiteFacts.from_json(value) if family == FORMAT and version <= FORMAT_VERSION else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: unreadable ({error}); restore it from a copy") from error
    if family != FORMAT:
        raise NotAnArchive(f"{file}: format {family!r}, not {FORMAT}. Give the folder of one site, as output/gszx")
    check_version(version, file)
    return facts
