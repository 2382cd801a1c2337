"""The report of a month: what each site's runs brought, what went wrong, and what persons decided."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import NAME, is_archive
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit
from pipelines.fleet.attempts import Journal
from pipelines.fleet.condition import DIED, UNREACHABLE, Condition, read_word
from pipelines.gaps.acceptance import GAP
from pipelines.reasons import ProblemChoice
from pipelines.shown import counted, one_line
from pipelines.tables.problem_counts import count_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.fleet.attempts import Attempt
    from pipelines.fleet.condition import SiteStatus
    from pipelines.tables.problem_counts import ProblemCounts

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_BY_THEMSELVES = frozenset({"crawl", "salvage", "replay", "reprocess", "pack"})
"""Kinds of commits that the program makes without a person's decision."""
_FAILED = frozenset({Exit.INTERNAL_ERROR, Exit.WRONG_USE, Exit.DAMAGED, None})
"""Exit statuses, null for a run that died."""
_COUNTS = {"new": "created", "edited": "changed", "gone": "gone", "restored": "restored"}
_SPECIAL = re.compile(r"([\\|*_`\[\]<>])")
_TO_LOOK_AT = "warning"
"""Severity of problems, with those that are graver."""
_LONGEST = 300
"""Characters of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An attempt of the month that is over. `exit_status` is null when it died."""

    at: str
    verdict: str
    exit_status: int | None
    message: str
    counts: dict[str, Any]
    new_gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided, as a commit records it."""

    at: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMonth:
    """A month of a site, its runs in order, and how the site is now.

    `texts`: the problems of its present speeches for which a person should look at a page; null without an archive.
    """

    status: SiteStatus
    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    texts: ProblemCounts | None = None


def is_month(text: str) -> bool:
    """Whether it is a month such as `2026-11`."""
    return _MONTH.fullmatch(text) is not None


def read_month(root: Path, status: SiteStatus, month: str) -> SiteMonth:
    """The month of a site of a root; what cannot be read of its archive is told by its status."""
    if not NAME.fullmatch(status.site):  # that of a broken profile
        return SiteMonth(status=status, runs=(), decisions=())
    try:
        attempts = Journal(root, status.site).attempts()
    except OSError:
        attempts = []
    journaled_since = attempts[0].began.at if attempts else "9"
    runs = [_run_of(one) for one in attempts if one.began.at.startswith(month) and not one.is_under_way]
    decisions: list[Decision] = []
    folder, texts = root / status.site, None
    try:
        for archive, commit in _commits(folder, month) if is_archive(folder) else ():
            decisions += decisions_of(commit)
            if commit.is_run and commit.kind in {"crawl", "salvage"} and commit.recorded_at < journaled_since:
                runs.append(_run_of_report(commit, archive.report(commit.run)))
        texts = count_problems(folder, ProblemChoice.of(_TO_LOOK_AT)) if is_archive(folder) else None
    except (ArchiveError, OSError) as error:
        decisions.append(Decision(at="", what="unreadable", reason=str(error)))
    runs = [run for run in runs if run.exit_status != Exit.LOCKED]
    return SiteMonth(
        status=status,
        runs=tuple(sorted(runs, key=lambda run: run.at)),
        decisions=tuple(sorted(decisions, key=lambda one: one.at)),
        texts=texts,
    )


def _commits(folder: Path, month: str) -> Iterator[tuple[Archive, Commit]]:
    """Those of the month, the newest first: no older one is read than needed."""
    archive = Archive(folder)
    newest_first = map(archive.commit, range(archive.last.n, 0, -1))
    for commit in takewhile(lambda one: one.recorded_at[:7] >= month, newest_first):
        if commit.recorded_at.startswith(month):
            yield archive, commit


def _run_of(attempt: Attempt) -> Run:
    ended = attempt.ended
    if ended is None:
        return Run(at=attempt.began.at, verdict=DIED, exit_status=None, message="it has no end", counts={})
    return Run(
        at=attempt.began.at,
        verdict=read_word(ended.verdict, ended.exit_status, ended.counts),
        exit_status=ended.exit_status,
        message=ended.message,
        counts=ended.counts or {},
        new_gaps=ended.new_gaps,
    )


def _run_of_report(commit: Commit, report: dict[str, Any]) -> Run:
    """Of a time when there was no journal."""
    counts = report.get("counts") or {}
    return Run(
        at=commit.recorded_at,
        verdict=read_word(str(report.get("verdict")), report.get("exit_status"), counts),
        exit_status=report.get("exit_status"),
        message=str(report.get("message", "")),
        counts=counts,
        new_gaps=_count(counts, "failed") - _count(counts, "accepted"),
    )


def decisions_of(commit: Commit) -> Iterator[Decision]:
    """What a commit says that a person decided, if anything."""
    if commit.kind not in _BY_THEMSELVES:
        told = commit.details or {}
        reason = commit.redaction.reason if commit.redaction else str(told.get("reason", ""))
        if commit.kind == GAP:
            until = f"until {told['until']}" if told.get("until") else "no longer accepted"
            reason = f"{told.get('url')} {until}: {reason}"
        yield Decision(at=commit.recorded_at, what=commit.kind, reason=reason)
    elif commit.decision is not None:
        yield Decision(at=commit.recorded_at, what=commit.kind, reason=f"accept={commit.decision.get('accept')}")


def month_report(month: str, sites: Sequence[SiteMonth], at: str) -> str:
    """The report in Markdown, without a final newline. Pure.

    Args:
        month: such as `2026-11`.
        sites: their months, in the order in which they are shown.
        at: when it is made, RFC 3339 in UTC.
    """
    parts = [f"# Leader speeches in {month}", _summary(sites, at), "## Sites", _table_of_sites(sites)]
    parts += _section("## What went wrong", _wrong(sites))
    parts += _section("## Texts to look at", _doubtful(sites))
    parts += _section("## Decisions", _decided(sites))
    parts += _section("## Sites without a run", _without(sites))
    return "\n\n".join(parts)


def _summary(sites: Sequence[SiteMonth], at: str) -> str:
    runs = [run for site in sites for run in site.runs]
    brought = ", ".join(f"{_sum(runs, key)} {name}" for name, key in _COUNTS.items())
    bad = sum(site.status.condition.is_bad for site in sites)
    return (
        f"{counted(len(sites), 'sites')}, {counted(len(runs), 'runs')}; speeches: {brought}. "
        f"Sites that need a person now: {bad}. Made at {at}; all moments are UTC."
    )


def _sum(runs: Iterable[Run], key: str) -> int:
    return sum(_count(run.counts, key) for run in runs)


def _count(counts: dict[str, Any], key: str) -> int:
    count = counts.get(key)
    return count if type(count) is int else 0


def _table_of_sites(sites: Sequence[SiteMonth]) -> str:
    ends = ("complete", "gaps", "refused", "failed", "interrupted")
    return _table(["site", "name", "runs", *ends, *_COUNTS, "open gaps", "now"], map(_row_of_site, sites))


def _row_of_site(site: SiteMonth) -> list[str]:
    statuses, status = Counter(run.exit_status for run in site.runs if run.verdict != UNREACHABLE), site.status
    failed = sum(run.verdict == UNREACHABLE or run.exit_status in _FAILED for run in site.runs)
    is_broken = status.condition is Condition.BROKEN
    return [
        status.site,
        status.name or "",
        str(len(site.runs)),
        *(str(statuses[one]) for one in (Exit.COMPLETE, Exit.GAPS, Exit.REFUSED)),
        str(failed),
        str(statuses[Exit.INTERRUPTED]),
        *(str(_sum(site.runs, key)) for key in _COUNTS.values()),
        str(site.runs[-1].new_gaps if site.runs else 0),
        f"{status.condition}: {status.verdict}" if is_broken else str(status.condition),
    ]


def _wrong(sites: Sequence[SiteMonth]) -> Iterator[list[str]]:
    """Of each site and verdict that was not complete: how often, from when to when, and its last message."""
    yield ["site", "verdict", "runs", "from", "to", "message"]
    for site in sites:
        for verdict in dict.fromkeys(run.verdict for run in site.runs if run.exit_status != Exit.COMPLETE):
            runs = [run for run in site.runs if run.verdict == verdict and run.exit_status != Exit.COMPLETE]
            days = (runs[0].at[:10], runs[-1].at[:10])
            yield [site.status.site, verdict, str(len(runs)), *days, runs[-1].message[:_LONGEST]]


def _doubtful(sites: Sequence[SiteMonth]) -> Iterator[list[str]]:
    """Of each site with texts that may be wrong, incomplete or damaged, as they are now: how many, and why."""
    yield ["site", "speeches", "to look at", "problems"]
    for one in (site.texts for site in sites if site.texts and site.texts.with_problems):
        yield [one.site, str(one.speeches), str(one.with_problems), one.words()[:_LONGEST]]


def _decided(sites: Sequence[SiteMonth]) -> Iterator[list[str]]:
    yield ["at", "site", "what", "reason"]
    for site in sites:
        yield from ([one.at, site.status.site, one.what, one.reason] for one in site.decisions)


def _without(sites: Sequence[SiteMonth]) -> Iterator[list[str]]:
    yield ["site", "condition", "why"]
    for status in (site.status for site in sites if not site.runs):
        yield [status.site, str(status.condition), status.message[:_LONGEST]]


def _section(heading: str, rows: Iterator[list[str]]) -> list[str]:
    names = next(rows)
    found = list(rows)
    return [heading, _table(names, found)] if found else []


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """A text that Markdown shows as it is: names and messages come from sites."""
    return _SPECIAL.sub(r"\\\1", one_line(text))
