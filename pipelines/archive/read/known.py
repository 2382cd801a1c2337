"""What a writer must know of an archive: the state of each speech, stored payloads, totals of the commits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from pipelines.archive.disk.description import Description
from pipelines.archive.disk.site_life import Rekey, Retirement
from pipelines.archive.read.payloads import KeptPayloads
from pipelines.archive.read.state import fold_commit
from pipelines.gaps.acceptance import Acceptance, Decided
from pipelines.record import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.streams import Line
    from pipelines.archive.read.state import SpeechState, States

EVENTS: tuple[str, ...] = get_args(Event)


@dataclass(slots=True, kw_only=True)
class Totals:
    """Sums over commits. `last_seq` is 0 before the first line.

    `last_run` is {commit, run, kind} of the newest commit with a run report. `redactions` and `rekeys` are {commit,
    after}: the number of a commit and the last seq before it; `id_namespace` is the last that one of them names,
    null if none does.
    `retired` is {commit, reason} while the site is retired; `described` holds the last word of each description.
    `accepted` holds the decisions about gaps that stand, also those whose time is over, by address.
    """

    last_seq: int = 0
    versions: int = 0
    observations: int = 0
    redactions: list[dict[str, int]] = field(default_factory=list)
    last_run: dict[str, Any] | None = None
    rekeys: list[dict[str, int]] = field(default_factory=list)
    id_namespace: str | None = None
    retired: dict[str, Any] | None = None
    described: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, Decided] = field(default_factory=dict)

    def take(self, commit: Commit) -> None:
        """Take the next commit into account."""
        self.last_seq = self.last_seq if commit.last_seq is None else commit.last_seq
        self.versions += sum(commit.counts.get(event, 0) for event in EVENTS)
        self.observations += commit.counts.get("observations", 0)
        if commit.redaction is not None:
            self.redactions.append({"commit": commit.n, "after": self.last_seq})
        if commit.is_run:
            self.last_run = {"commit": commit.n, "run": commit.run, "kind": commit.kind}
        if rekey := Rekey.of(commit):
            self.rekeys.append({"commit": commit.n, "after": self.last_seq})
            self.id_namespace = rekey.namespace or self.id_namespace
        if told := Retirement.of(commit):
            self.retired = {"commit": commit.n, "reason": told.reason} if told.is_retired else None
        if description := Description.of(commit):
            self.described |= description.facts()
        if acceptance := Acceptance.of(commit):
            self.accepted.pop(acceptance.url, None)
            if acceptance.until is not None:
                self.accepted[acceptance.url] = Decided(commit.n, commit.recorded_at, acceptance)

    @classmethod
    def of(cls, commits: Iterable[Commit]) -> Totals:
        """The sums over all of `commits`."""
        totals = cls()
        for commit in commits:
            totals.take(commit)
        return totals


@dataclass(slots=True)
class Standing:
    """How many speeches there are, how many of them are gone, how many ids of the site were replaced by others.

    Those that have another id now are not gone. `dated` are the present ones with a date of publication.
    """

    speeches: int = 0
    gone: int = 0
    succeeded: int = 0
    dated: int = 0

    def take(self, state: SpeechState) -> None:
        """Count one."""
        self.speeches += 1
        self.gone += state.is_gone and state.succeeded_by is None
        self.succeeded += state.succeeded_by is not None
        self.dated += state.is_present and state.published_on is not None


@dataclass(slots=True)
class Known:
    """What the state files hold. Knows nothing before the first commit is taken into account."""

    states: States = field(default_factory=dict)
    payloads: KeptPayloads = field(default_factory=KeptPayloads)
    totals: Totals = field(default_factory=Totals)
    is_for_writing: bool = True

    def take(self, commit: Commit, lines: Iterable[Line], *, for_writing: bool = True) -> None:
        """Take the next commit into account, with the lines it brought by rising seq."""
        fold_commit(self.states, commit, self.payloads.noted(commit, lines), for_writing=for_writing)
        self.totals.take(commit)

    @classmethod
    def of(cls, history: Iterable[tuple[Commit, Iterable[Line]]], *, for_writing: bool = True) -> Known:
        """What all commits in order give, each with its lines.

        Without `for_writing` the states lack what `for_a_writer` gives, which takes time and room.
        """
        known = cls(is_for_writing=for_writing)
        for commit, lines in history:
            known.take(commit, lines, for_writing=for_writing)
        return known

    def standing(self) -> Standing:
        """The speeches, counted."""
        found = Standing()
        for state in self.states.values():
            found.take(state)
        return found
