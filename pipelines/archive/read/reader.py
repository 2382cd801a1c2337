"""`Archive`: read an archive with only the standard library, in constant memory."""

from __future__ import annotations

import itertools
from copy import copy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.commits import Commit, check_version, commit_at, read_commits
from pipelines.archive.disk.containers import members
from pipelines.archive.disk.description import NAMES, with_description
from pipelines.archive.disk.layout import (
    ARCHIVE_JSON,
    FORMAT,
    FORMAT_VERSION,
    INDEX_LINES,
    LATEST_LINES,
    NAME,
    NATIVE_ID,
    PLACES_JSON,
    STATE_JSON,
    Layout,
    roots_told,
    run_file,
)
from pipelines.archive.disk.streams import parsed, raw_lines
from pipelines.archive.errors import Damaged, NotAnArchive, NotUnderstood
from pipelines.archive.read import feeds
from pipelines.archive.read.index import counted_states
from pipelines.archive.read.known import Known, Totals
from pipelines.archive.read.moments import end_of
from pipelines.archive.read.places import LinesOfOne
from pipelines.archive.read.state import fold_commit
from pipelines.archive.read.state_file import read_known, read_tip
from pipelines.archive.read.tails import derived_from
from pipelines.record import SiteFacts, completed
from pipelines.untrusted import json_object, parsed_json

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.feeds.extent import Place
    from pipelines.archive.read.state import SpeechState, States

CRAWLS = frozenset({"crawl", "salvage", "replay"})
"""Kinds of the commits of runs that asked the site, be it in the archive from which they were made again."""


class Archive:
    """One site's archive as of its commits when this object was made; unknown keys are kept."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open for reading; `NotAnArchive` when no commit is there, `Damaged` when the chain is broken.

        With a state file of the last commit only that commit is read, and the chain when it is first asked for.
        """
        self.layout = Layout(Path(path))
        about = read_about(self.layout)
        tip = read_tip(self.layout)
        self._state = tip.about if tip else None
        self._chain = None if tip else tuple(read_commits(self.layout))
        if self._chain == ():
            raise NotAnArchive(
                f"{path}: no archive here (no commit). Give the folder of a site's archive, as output/gszx, or, "
                "where the command takes all of them, the folder that holds the archives, as output"
                f"{roots_told(self.layout.root)}"
            )
        if about is None:
            raise Damaged(f"{self.layout.path(ARCHIVE_JSON)}: missing; restore it from a copy")
        self.facts = about
        self.last = tip.commit if tip else self.commits()[-1]

    def after(self, commit: Commit) -> Archive:
        """This archive with `commit`, which is on the disk already, as its last one."""
        later = copy(self)
        later.last, later._state = commit, None
        later._chain = None if self._chain is None else (*self._chain, commit)
        return later

    def at(self, commit: Commit) -> Archive:
        """This archive as it was when `commit`, which it holds, was its last one."""
        if commit == self.last:
            return self
        earlier = self.after(commit)
        earlier._chain = None
        return earlier

    @property
    def head(self) -> str:
        """SHA-256 of the last commit; an earlier head noted elsewhere proves that nothing was cut or rewritten."""
        return self.last.sha256

    def commits(self) -> tuple[Commit, ...]:
        """All commits in order; `Damaged` when the chain is broken."""
        if self._chain is None:
            self._chain = tuple(self._walked())
        return self._chain

    def _walked(self) -> Iterator[Commit]:
        """The same, each read when it is asked for and none kept: thousands take a hundred megabytes."""
        if self._chain is not None:
            yield from self._chain
            return
        commit = None
        for commit in islice(read_commits(self.layout), self.last.n):
            yield commit
        if commit != self.last:
            raise Damaged(f"{self.layout.commit(self.last.n)}: changed while it was read; run verify")

    @property
    def last_seq(self) -> int:
        """The seq of the last line; 0 before the first one."""
        return self.totals().last_seq if self.last.last_seq is None else self.last.last_seq

    def facts_now(self) -> SiteFacts:
        """What archive.json says of the site, with what descriptions and the last new CMS changed in it."""
        totals = self.totals()
        namespace = totals.id_namespace or self.facts.id_namespace
        return replace(with_description(self.facts, totals.described), id_namespace=namespace)

    def description(self) -> dict[str, str | None]:
        """What the archive says of itself: `name`, `committee`, `rights`, `contact`, and `custody`."""
        facts = self.facts_now()
        return {name: getattr(facts, name, None) for name in NAMES} | {
            "custody": self.totals().described.get("custody")
        }

    def totals(self) -> Totals:
        """Sums over all commits."""
        return self._state.totals if self._state else Totals.of(self.commits())

    def speeches(self) -> tuple[int, int, int]:
        """How many speeches are present, how many are gone, and how many ids have others now."""
        if about := self._state:
            return about.speeches - about.gone - about.succeeded, about.gone, about.succeeded
        # An index by older software does not say of which chain it is; what was written after it does.
        heads = (derived_from(self.layout, name).get("head") for name in (STATE_JSON, PLACES_JSON))
        if self.head in heads and (counts := counted_states(self.layout, self.last.n, self.head)):
            total, gone, succeeded = counts
            return total - gone - succeeded, gone, succeeded
        found = self.known(for_writing=False).standing()
        return found.speeches - found.gone - found.succeeded, found.gone, found.succeeded

    def dated(self) -> int:
        """How many present speeches have a date of publication."""
        return self._state.dated if self._state else self.known(for_writing=False).standing().dated

    def known(self, *, for_writing: bool = True) -> Known:
        """What the archive knows of its speeches: from the state file when it is sound, else from the commits."""
        found = read_known(self.layout, self._state) if self._state else None
        if found is None:
            self._state = None
            found = Known.of(self.by_commit(), for_writing=for_writing)
        return found

    @property
    def has_state(self) -> bool:
        """True when a state file of the last commit is there, as far as it was read."""
        return self._state is not None

    def holds_run(self, run: str) -> bool:
        """True when a commit is of this run; a report alone may be what a crash left."""
        report = run_file(run)
        # A run is committed in or after the year its id begins with; containers of years before need no look.
        is_packed = any(report in members(file) for file in self.layout.containers("runs", since=run[:4]))
        is_there = is_packed or self.layout.path(report).exists()
        return is_there and any(commit.run == run for commit in reversed(self.commits()))

    def report(self, run: str) -> dict[str, Any]:
        """The report (`run/1`) of a run that this archive holds; `Damaged` when it cannot be read."""
        file = self.layout.stored(run_file(run))
        try:
            return json_object(file)
        except (OSError, ValueError) as error:
            raise Damaged(f"{file}: unreadable ({error}); restore it from a copy") from error

    def past_reports(self, before: int | None = None) -> Iterator[dict[str, Any]]:
        """The reports of its crawls, the newest first, also of those that died; each is read when it is asked for.

        So are the commits: the newest report costs the same after thousands of them. `before`: only those of the
        commits before this one.
        """
        newest_first = map(self.commit, range((before or self.last.n + 1) - 1, 0, -1))
        return (self.report(commit.run) for commit in newest_first if commit.kind in CRAWLS)

    def versions(self) -> Iterator[Line]:
        """Every `speech/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "versions") for commit in self.commits())

    def observations(self) -> Iterator[Line]:
        """Every `observation/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "observations") for commit in self.commits())

    def history(self) -> Iterator[Line]:
        """Every line of both streams, by rising seq."""
        return itertools.chain.from_iterable(lines for _, lines in self.by_commit())

    def by_commit(self) -> Iterator[tuple[Commit, Iterator[Line]]]:
        """Every commit in order with the lines of both streams that it brought, by rising seq."""
        return ((commit, self.all_lines_of(commit)) for commit in self.commits())

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
            raise Damaged(
                f"{said}; `python -m pipelines rebuild {quote(str(self.layout.root))}` makes it anew"
            ) from error

    def as_of(self, at: str, known_at: str | None = None) -> Iterator[Line]:
        """The speeches present at `at` as known at `known_at` (default: now), by rising seq.

        Each is its `speech/1` line with `verified_before` and `verified_after`, the observations nearest to `at`
        that confirmed it. A day means its end in UTC; `NotUnderstood` for anything but a day or moment.
        """
        return (completed(parsed_json(line)) for line in self.raw_as_of(at, known_at))

    def raw_as_of(self, at: str, known_at: str | None = None) -> Iterator[bytes]:
        """`as_of` as lines of JSON with their line feed, not parsed."""
        return feeds.as_of_lines(self.layout, self.commits(), end_of(at), known_at and end_of(known_at))

    def changes(
        self,
        since: Place = 0,
        until: str | None = None,
        *,
        reprocessed: bool = False,
        fields: bool = False,
        full: bool = False,
        seen: bool = False,
    ) -> Iterator[Line]:
        """Every `change/1` after `since`: a seq (`123`, `seq:123`), `commit:4`, or a day or moment of recording.

        Events are created, changed, gone and restored; with `reprocessed` also changes by our parser alone. Acts
        have no seq, and are told for a seq until a later line follows: succeeded, of a commit that says which id a
        speech has now; resumed, of an id that the site has taken up again; redacted, of words removed by order.

        Args:
            since: what is told already; also a `cursor/1`.
            until: `commit:4`, or a day or moment of recording: up to which it is told; default: all there is.
            reprocessed: as above.
            fields: name the keys that a line changed; older lines of these speeches are read for it.
            full: with `op` and `entity`, by which a table follows; events of our parser are among them.
            seen: as `full`, and at the end an event `seen` with the counts of every speech that was looked at.
        """
        asked = feeds.Asked(reprocessed=reprocessed, fields=fields, full=full or seen, seen=seen)
        return feeds.changes(self, feeds.extent_of(self, since, until), asked)

    def raw_changes(self, since: Place = 0, until: str | None = None, **asked: bool) -> Iterator[bytes]:
        """`changes` as lines of JSON with their line feed; `asked` are its other arguments."""
        told = feeds.Asked(**asked | {"full": asked.get("full", False) or asked.get("seen", False)})
        return feeds.raw_changes(self, feeds.extent_of(self, since, until), told)

    def view_counts(
        self,
        id: str | None = None,  # noqa: A002 - the contract's key
        since: Place = 0,
        until: str | None = None,
    ) -> Iterator[Line]:
        """Every `views/1`: one view count of one observation, of all speeches or of one (`gszx:4864` or `4864`).

        `since` and `until` are places as in `changes`.
        """
        return feeds.view_counts(self, feeds.extent_of(self, since, until), id and self.full_id(id))

    def cursor(self, since: Place = 0, until: str | None = None) -> Line:
        """The `cursor/1` of a feed with these places: it is the next `since`."""
        n = feeds.extent_of(self, since, until).end
        head = self.commit(n).sha256 if n else None
        return {"schema": feeds.CURSOR_SCHEMA, "site": self.facts.site, "commit": n, "head": head}

    def about(self, id: str) -> Iterator[Line]:  # noqa: A002 - the contract's key
        """Every line of both streams about one speech, by rising seq."""
        return itertools.chain.from_iterable(lines for _, lines in self._by_commit_about(id, self.commits()))

    def about_by_commit(self, id: str) -> Iterator[tuple[Commit, Iterator[Line]]]:  # noqa: A002 - the contract's key
        """Every commit in order with its lines about one speech, by rising seq. No commit is kept."""
        return self._by_commit_about(id, self._walked())

    def _by_commit_about(self, id: str, commits: Iterable[Commit]) -> Iterator[tuple[Commit, Iterator[Line]]]:  # noqa: A002 - the contract's key
        about = LinesOfOne(self, self.full_id(id))
        return ((commit, about.of(commit)) for commit in commits)

    def life_of(self, id: str) -> tuple[SpeechState | None, list[Line]]:  # noqa: A002 - the contract's key
        """The state of one speech, null when it was never captured, and every line about it, by rising seq."""
        states: States = {}
        lines: list[Line] = []
        for commit, found in self.about_by_commit(id):
            of_commit = list(found)
            fold_commit(states, commit, of_commit, for_writing=False)
            lines += of_commit
        return next(iter(states.values()), None), lines

    def full_id(self, id: str) -> str:  # noqa: A002 - the contract's key
        """`gszx:4864` for `4864`; `NotUnderstood` when it is of another site or not an id."""
        site, _, native_id = id.rpartition(":")
        if site not in {"", self.facts.site}:
            raise NotUnderstood(f"{id}: this archive is of {self.facts.site}")
        if not NATIVE_ID.fullmatch(native_id):
            raise NotUnderstood(f"{id!r}: not the id of a speech; give for example {self.facts.site}:4864, or 4864")
        return f"{self.facts.site}:{native_id}"

    def commit(self, n: int) -> Commit:
        """Commit `n`, from 1 to the last."""
        if n == self.last.n:
            return self.last
        return self._chain[n - 1] if self._chain is not None else commit_at(self.layout, n)

    def line(self, seq: int, n: int | None = None) -> Line:
        """The one line with this `seq`, brought by commit `n` if that is known; `LookupError` when there is none."""
        for commit in self.commits() if n is None else (self.commit(n),):
            if commit.first_seq is None or commit.last_seq is None or not commit.first_seq <= seq <= commit.last_seq:
                continue
            found = next(islice(self.all_lines_of(commit), seq - commit.first_seq, None), None)
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
    if facts is not None and not NAME.fullmatch(facts.site):
        # It becomes part of ids and of the names of exported files.
        raise Damaged(f"{file}: site {facts.site[:80]!r} is no name of a site; restore it from a copy")
    return facts
