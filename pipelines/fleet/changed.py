"""Which sites have another verdict than was last told, and the words for it. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipelines.exits import Exit
from pipelines.fleet.condition import Condition
from pipelines.shown import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelines.fleet.condition import SiteStatus

SCHEMA = "notification/1"
_UNTOLD = frozenset({Condition.INTERRUPTED, Condition.WAITING})
"""Nothing of which a person must know: a run that goes on tomorrow, a site that is not due yet."""
_FIRST = frozenset({Condition.BROKEN, Condition.STALE, Condition.GAPS})
"""What is told of a site of which nothing was told before."""
_REPORTED = frozenset({Exit.GAPS, Exit.REFUSED})
"""Exit statuses of runs whose report says more than the message."""
_LONGEST = 300
"""Characters of a site's message in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A site whose verdict is another; `before` is null when nothing was told of it yet.

    `report` is the run report in the archive root, null where the run has none.
    """

    site: str
    name: str | None
    before: str | None
    verdict: str
    condition: str
    exit_status: int | None
    message: str
    last_success: str | None
    nights_failing: int
    report: str | None


def told_word(site: SiteStatus) -> str | None:
    """By what a change is noticed: the verdict of a broken site, else its condition; null where nothing is told."""
    if site.condition in _UNTOLD:
        return None
    return site.verdict if site.condition is Condition.BROKEN else str(site.condition)


def changes(sites: Iterable[SiteStatus], told: Mapping[str, str]) -> list[Change]:
    """The sites whose word is not the one that was told, in their order."""
    return [_change(site, word, told.get(site.site)) for site in sites if (word := _new_word(site, told)) is not None]


def _new_word(site: SiteStatus, told: Mapping[str, str]) -> str | None:
    word, before = told_word(site), told.get(site.site)
    if word == before or (before is None and site.condition not in _FIRST):
        return None
    return word


def _change(site: SiteStatus, word: str, before: str | None) -> Change:
    is_told = site.exit_status in _REPORTED and site.condition in {Condition.GAPS, Condition.BROKEN}
    return Change(
        site=site.site,
        name=site.name,
        before=before,
        verdict=word,
        condition=str(site.condition),
        exit_status=site.exit_status,
        message=site.message,
        last_success=site.last_success,
        nights_failing=site.nights_failing,
        report=f"{site.site}/runs/{site.run}.json" if site.run and is_told else None,
    )


def document(changed: Sequence[Change], root: str, at: str) -> dict[str, Any]:
    """The changes as JSON: `notification/1`."""
    told = [asdict(change) for change in changed]
    return {"schema": SCHEMA, "at": at, "root": root, "summary": summary(changed), "changes": told}


def summary(changed: Sequence[Change]) -> str:
    """One line: how many changed, and how many of them need a person."""
    if len(changed) == 1:
        before = f"{changed[0].before} → " if changed[0].before else ""
        return f"speech-archive: {changed[0].site}: {before}{changed[0].verdict}"
    bad = sum(Condition(change.condition).is_bad for change in changed)
    return f"speech-archive: {len(changed)} sites changed, {bad} of them need a person"


def text(changed: Sequence[Change], root: str) -> str:
    """The changes for a person, a line each."""
    return "\n".join([summary(changed), *map(_line, changed), f"archives: {root}"])


def _line(change: Change) -> str:
    name = f" {change.name}" if change.name else ""
    before = f"{change.before} → " if change.before else ""
    nights = f", night {change.nights_failing}" if change.nights_failing else ""
    message = change.message if len(change.message) <= _LONGEST else f"{change.message[:_LONGEST]}…"
    report = f" ({change.report})" if change.report else ""
    return one_line(f"{change.site}{name}: {before}{change.verdict}{nights}: {message}{report}")
