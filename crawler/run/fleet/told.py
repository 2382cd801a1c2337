"""What a run over many sites prints: its plan, a progress line, and the table at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from crawler.run.fleet.planning import Candidate
from pipelines.archive.read.moments import stamp
from pipelines.exits import needs_person, severity
from pipelines.fleet.attempts import Journal
from pipelines.fleet.condition import ended_alike, read_word
from pipelines.fleet.fleet_runs import FleetRun, SiteEnded, has_died
from pipelines.shown import aligned

_ATTEMPTS = 64
"""Attempts of a site that are looked at: two weeks of failures, or two days of runs that a limit ended."""


def plan_table(found: Iterable[Candidate], begun: Iterable[str]) -> str:
    """One line a site: whether it would be crawled now, since or from when it is due, and why."""
    first = set(begun)
    lines = [("site", "now", "due", "why")]
    for one in found:
        at = stamp(one.due.at) if one.due.at and one.is_enabled else "never"
        lines.append((one.site, "yes" if one.site in first else "no", at, _why(one)))
    return aligned(lines)


def queue_rows(found: Iterable[Candidate]) -> list[dict[str, object]]:
    """One object a site: schedule, last good run, next due (RFC 3339 in UTC, null for none), and why then."""
    return [
        {
            "site": one.site,
            "schedule": one.times.schedule.text if one.profile else None,
            "last_good": stamp(one.good_at) if one.good_at else None,
            "next_due": stamp(one.due.at) if one.due.at and one.is_enabled else None,
            "why": _why(one),
        }
        for one in found
    ]


def queue_table(found: Iterable[Candidate]) -> str:
    """The same as a table."""
    names = {"site": "site", "schedule": "schedule", "last_good": "last good", "next_due": "next due", "why": "why"}
    rows = [[str(row[key] or "-") for key in names] for row in queue_rows(found)]
    return aligned([tuple(names.values()), *rows])


def _why(one: Candidate) -> str:
    return one.off_because or one.error or one.due.why


def progress_line(run: FleetRun, running: int, left: int, pages: int, seconds: float, done: int) -> str:
    """Sites done, under way and left, answers and their rate, and the time left; `done` by this process."""
    line = f"sites {len(run.sites)} done · {running} running · {left} left · {pages} pages"
    if seconds > 0:
        line += f" · {pages / seconds:.1f}/s"
    if done and (left or running):
        minutes = round((left + running) * seconds / done / 60)
        line += f" · {minutes // 60}:{minutes % 60:02d} h left"
    return line


def end_table(run: FleetRun) -> str:
    """Every site that ended, the worst first, and the verdict on all."""
    return "\n".join([*_rows(list(run.sites.values())), summary_line(run)])


def quiet_table(run: FleetRun, ended: Collection[str], root: Path) -> str:
    """Of the sites that ended now, what needs a person and ended otherwise the time before; empty when nothing."""
    failed = (one for one in run.sites.values() if needs_person(one.exit_status, one.verdict))
    rows = [one for one in failed if one.site in ended and _is_news(root, one.site, run.run)]
    return "\n".join([*_rows(rows), summary_line(run)]) if rows else ""


def _is_news(root: Path, site: str, run: str) -> bool:
    """Also where no journal tells how it ended before, or the run that knew it died and printed nothing."""
    try:
        attempts = Journal(root, site).attempts(_ATTEMPTS)
    except (OSError, ValueError):
        return True
    while attempts and not (attempts[-1].ended and attempts[-1].began.fleet == run):
        attempts.pop()
    before = ended_alike(attempts) if attempts else None
    return before is None or has_died(root, before.began.fleet)


def summary_line(run: FleetRun) -> str:
    """The verdict on all in one line."""
    counted = Counter(one.exit_status for one in run.sites.values())
    told = ", ".join(f"{count} ended with {status}" for status, count in sorted(counted.items(), key=_severity))
    stopped = f"; stopped {run.stopped}, sites left: {run.left}; run it again to go on" if run.stopped else ""
    return f"fleet run {run.run} (exit {int(run.exit_status)}): {told or 'nothing was to be crawled'}{stopped}"


def _severity(counted: tuple[int, int]) -> int:
    return severity(counted[0])


def _rows(ended: Sequence[SiteEnded]) -> list[str]:
    if not ended:
        return []
    lines: list[tuple[str, ...]] = [("site", "exit", "verdict", "seconds", "listed", "new", "changed", "gaps", "")]
    for one in sorted(ended, key=lambda one: (severity(one.exit_status), one.site)):
        counts = one.counts or {}
        shown = [str(counts.get(key, "-")) for key in ("listed", "created", "changed", "failed")]
        message = one.message if one.exit_status else ""
        word = read_word(one.verdict, one.exit_status, one.counts)
        lines.append((one.site, str(one.exit_status), word, f"{one.seconds:.0f}", *shown, message))
    return [aligned(lines)]
