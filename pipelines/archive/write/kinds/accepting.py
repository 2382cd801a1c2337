"""`accept-gap`: a commit that says that the gaps at an address are accepted until a day, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.acts import Act, acting
from pipelines.gaps.acceptance import GAP, Acceptance, AcceptedGap, checked_day
from pipelines.gaps.memory import failing_in

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive
    from pipelines.archive.write.acts import When
    from pipelines.gaps.memory import Failing

_SOME = 5


def accept_gap(path: Path, when: When, url: str, *, until: str, reason: str) -> Commit:
    """Record that what the last run reports as not captured at an address is accepted until a day (`2027-03-31`).

    Raises:
        NotUnderstood: no such day, a past one, no such gap, or one without which nothing can be read.
    """
    if checked_day(until) < when.recorded_at[:10]:
        raise NotUnderstood(f"--until {until}: is over; name today, {when.recorded_at[:10]} (UTC), or a later day")
    with acting(path, GAP, when) as held:
        before = held.archive.totals().accepted.get(url)
        run, gaps = _gaps_at(held.archive, url)
        told = Acceptance(url=url, until=until, reason=reason, run=run, gaps=gaps)
        if before and (before.told.until, before.told.gaps) == (until, gaps):
            raise NotUnderstood(f"{path}: accepted until {until} already, by commit {before.commit}")
        return held.commit(Act(kind=GAP, details=told.details()))


def accept_no_longer(path: Path, when: When, url: str, *, reason: str) -> Commit:
    """Record that the gaps at an address are no longer accepted.

    Raises:
        NotUnderstood: none is.
    """
    with acting(path, GAP, when) as held:
        accepted = held.archive.totals().accepted
        if url not in accepted:
            others = f"accepted are gaps at {', '.join(accepted)}" if accepted else "no gap is"
            raise NotUnderstood(f"{path}: no gap at {url} is accepted; {others}")
        return held.commit(Act(kind=GAP, details=Acceptance(url=url, until=None, reason=reason).details()))


def _gaps_at(archive: Archive, url: str) -> tuple[str, tuple[AcceptedGap, ...]]:
    """The newest run that read rows of the list, and what it reports as not captured at an address."""
    root, newest = archive.layout.root, ""
    for report in archive.past_reports():
        failing = failing_in(report) or []
        if not (report.get("counts") or {}).get("listed"):
            newest = newest or next((report["run"] for one in failing if one.url == url), "")
            continue
        here = [one for one in failing if one.url == url]
        if not here and newest:
            break
        if not here:
            raise NotUnderstood(f"{root}: {_why_none(report, failing, url)}")
        gaps = [AcceptedGap(what=one.what, native_id=one.native_id, kind=one.key.kind) for one in here]
        return report["run"], tuple(dict.fromkeys(gaps))
    said = f"run {newest} read no row of the list" if newest else "no run has read a row of the list"
    raise NotUnderstood(f"{root}: {said}; without one nothing can be accepted")


def _why_none(report: dict[str, Any], failing: list[Failing], url: str) -> str:
    run, explained = report["run"], report.get("not_captured") or ()
    if any(one["url"] == url and one["is_the_sites_word"] for one in explained):
        return f"run {run}: the site itself says why {url} has no text; that is no gap"
    others = list(dict.fromkeys(one.url for one in failing))
    more = f" and {len(others) - _SOME} more" if len(others) > _SOME else ""
    named = f"its gaps are at {', '.join(others[:_SOME])}{more}" if others else "it has no gaps"
    return f"run {run} reports no gap at {url}; {named}"
