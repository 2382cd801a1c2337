"""What an archive tells of its site beside the speeches: its runs, gaps, politeness and size."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.read.reader import CRAWLS
from pipelines.fleet.month import decisions_of
from pipelines.window.overview.past_runs import (
    LONGEST_DETAIL,
    MOST_GAPS,
    GapTold,
    PastRun,
    gaps_told,
    past_run,
    politeness_told,
)
from pipelines.window.reading.words_removed import WordsRemoved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive

MOST_RUNS = 400
"""Runs that are told one by one: a year of nights. Of those before, their months."""
FOLDERS = ("versions", "observations", "warc", "runs", "commits", "packs")
"""Folders of an archive that its commits fill; what is derived from them can be made again."""

_COMMITTED = frozenset({".json", ".gz", ".sha256", ".tar", ".xz"})
"""Ends of names of what commits bring; signatures, and pages of runs, come and go without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTold:
    """What a person decided: a commit that no run made, or a run with something accepted."""

    commit: int
    at: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLedger:
    """The site of an archive as of its commit `commit`, whose hash is `head`.

    Args:
        site, name, committee, cms, hosts, timezone, rights, contact, custody: as the archive says now.
        archive: the way from the window's folder to the archive's, with `/`.
        recorded_at: when that commit was made.
        retired: why the site is retired; null when it is not.
        section: name of the section in the newest run that found it.
        months: how many runs ended with each verdict, by month (`2026-11`) and verdict.
        runs: the newest runs, oldest first, at most `MOST_RUNS`.
        message: that of the newest run, unless an order removed words that it may hold.
        gaps, gap_count: what the newest run did not capture, at most `MOST_GAPS`, and how much that is in all.
        excused: how much of it the site itself does not give.
        politeness: of the newest run, `politeness_told`.
        storage: files and bytes of each of `FOLDERS`.
        decisions: all of them, oldest first.
        redacted: native ids of speeches of which words were removed.
    """

    site: str
    commit: int
    head: str
    recorded_at: str
    name: str
    committee: str
    cms: str
    hosts: tuple[str, ...]
    timezone: str
    rights: str | None
    contact: str | None
    custody: str | None
    archive: str
    retired: str | None
    section: str | None
    months: dict[str, dict[str, int]]
    runs: tuple[PastRun, ...]
    message: str
    gaps: tuple[GapTold, ...]
    gap_count: int
    excused: int
    politeness: tuple[tuple[str, str], ...]
    storage: tuple[tuple[str, int, int], ...]
    decisions: tuple[DecisionTold, ...]
    redacted: tuple[str, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read back what `json_value` gave; `KeyError` or `TypeError` when it is of other software."""
        made = {one.name: value[one.name] for one in fields(cls)}
        made |= {name: tuple(made[name]) for name in ("hosts", "redacted")}
        made |= {name: tuple(map(tuple, made[name])) for name in ("politeness", "storage")}
        made["runs"] = tuple(map(PastRun.from_json, made["runs"]))
        made["gaps"] = tuple(GapTold(**one) for one in made["gaps"])
        made["decisions"] = tuple(DecisionTold(**one) for one in made["decisions"])
        return cls(**made)


def read_ledger(archive: Archive, way: str, earlier: SiteLedger | None = None) -> SiteLedger:
    """The ledger of an archive as of its last commit.

    Args:
        archive: of the site.
        way: from the window's folder to the archive's, with `/`.
        earlier: of the same archive at a commit before, by which only the commits since are read.

    Raises:
        ArchiveError: a commit or a run report cannot be read.
    """
    before = earlier if earlier and _is_before(archive, earlier) else None
    since = _Since(archive, before)
    for n in range(before.commit + 1 if before else 1, archive.last.n + 1):
        since.take(archive.commit(n))
    facts, totals = archive.facts_now(), archive.totals()
    report = since.report or (archive.report(since.runs[-1].run) if since.runs else {})
    removed = WordsRemoved.of(archive)
    told = removed.told(report) if removed.has_orders else report
    gaps = gaps_told(told, since.redacted)
    return SiteLedger(
        site=facts.site,
        commit=archive.last.n,
        head=archive.head,
        recorded_at=archive.last.recorded_at,
        name=facts.name,
        committee=facts.committee,
        cms=facts.cms,
        hosts=tuple(facts.hosts),
        timezone=facts.timezone,
        rights=facts.rights,
        contact=facts.contact,
        custody=archive.description()["custody"],
        archive=way,
        retired=totals.retired["reason"] if totals.retired else None,
        section=since.section,
        months=since.months,
        runs=tuple(since.runs[-MOST_RUNS:]),
        message=str(told.get("message") or "")[:LONGEST_DETAIL],
        gaps=tuple(gaps[:MOST_GAPS]),
        gap_count=len(gaps),
        excused=sum(gap.is_the_sites_word for gap in gaps),
        politeness=politeness_told(report),
        storage=tuple(_storage(archive.layout.root)),
        decisions=tuple(since.decisions),
        redacted=tuple(sorted(since.redacted)),
    )


class _Since:
    """Folds commits, oldest first, on top of an earlier ledger."""

    def __init__(self, archive: Archive, earlier: SiteLedger | None) -> None:
        self._archive = archive
        self.runs = list(earlier.runs) if earlier else []
        self.months = {month: dict(told) for month, told in earlier.months.items()} if earlier else {}
        self.decisions = list(earlier.decisions) if earlier else []
        self.redacted = set(earlier.redacted) if earlier else set()
        self.section = earlier.section if earlier else None
        self.report: dict[str, Any] | None = None

    def take(self, commit: Commit) -> None:
        """Take the next commit into account."""
        if commit.redaction is not None:
            self.redacted.add(commit.redaction.id.partition(":")[2])
        self.decisions += (
            DecisionTold(commit=commit.n, at=one.at, kind=one.what, reason=one.reason[:LONGEST_DETAIL])
            for one in decisions_of(commit)
        )
        if commit.kind not in CRAWLS or not commit.is_run:
            return
        self.report = self._archive.report(commit.run)
        run = past_run(commit, self.report)
        self.runs = [*self.runs[-MOST_RUNS:], run]
        month = self.months.setdefault(run.at[:7], {})
        month[run.verdict] = month.get(run.verdict, 0) + 1
        section = self.report.get("section")
        if isinstance(section, dict) and isinstance(section.get("name"), str):
            self.section = section["name"]


def _is_before(archive: Archive, earlier: SiteLedger) -> bool:
    """Whether a ledger is of this archive, and not of another that was forked from it or stood in its place."""
    return earlier.commit <= archive.last.n and archive.commit(earlier.commit).sha256 == earlier.head


def _storage(root: Path) -> Iterator[tuple[str, int, int]]:
    for folder in FOLDERS:
        found = (root / folder).rglob("*")
        sizes = [file.stat().st_size for file in found if file.suffix in _COMMITTED and file.is_file()]
        if sizes:
            yield folder, len(sizes), sum(sizes)
