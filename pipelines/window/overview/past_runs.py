"""What the window tells of one run, from its report: how it ended, what it found, what it missed. Pure.

Reports are of many versions of the software, and of salvaged runs, which know less: what is not there is null.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from pipelines.archive.read.moments import moment_of
from pipelines.exits import ARCHIVED
from pipelines.fleet.attempts import PARTIAL
from pipelines.fleet.condition import read_word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipelines.archive.disk.commits import Commit

    Report = dict[str, Any]

MOST_GAPS = 500
"""Gaps of a run that a page lists: a whole site that does not answer is one cause."""
LONGEST_DETAIL = 300
"""Characters of the detail of a gap, and of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run. `verdict` as told by `status`; counts are null where its report has none.

    `missed`: listed speeches that were not captured, unless the site itself says why not. `unread_lists`: list pages
    that could not be read, whose speeches nobody can count.
    """

    run: str
    commit: int
    at: str
    kind: str
    verdict: str
    exit_status: int | None
    listed: int | None
    missed: int
    unread_lists: int
    created: int
    changed: int
    gone: int
    restored: int
    requests: int | None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read back what `json_value` gave; `KeyError` or `TypeError` when it is of other software."""
        return cls(**{one.name: value[one.name] for one in fields(cls)})

    @property
    def coverage(self) -> float | None:
        """How much of what the lists show is archived, in percent; null of a run that cannot say."""
        is_whole = self.exit_status in ARCHIVED and self.verdict != PARTIAL
        if not (is_whole and self.listed):
            return None
        return round(max(0.0, 100 * (1 - self.missed / self.listed)), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTold:
    """Something that a run did not capture. `until`: the day up to which a person has accepted it."""

    what: str
    url: str
    native_id: str | None
    title: str | None
    reason: str
    detail: str
    is_the_sites_word: bool
    until: str | None


def past_run(commit: Commit, report: Report) -> PastRun:
    """The run that made a commit."""
    counts = _object(report.get("counts"))
    gaps = [gap for gap in _gaps(report) if not gap.get("is_the_sites_word")]
    status = _number(report.get("exit_status"))
    return PastRun(
        run=commit.run,
        commit=commit.n,
        at=report["started_at"] if moment_of(report.get("started_at")) else commit.recorded_at,
        kind=commit.kind,
        verdict=read_word(str(report.get("verdict")), status, counts),
        exit_status=status,
        listed=_number(counts.get("listed")),
        missed=sum(gap.get("what") == "speech" for gap in gaps),
        unread_lists=sum(gap.get("what") == "list" for gap in gaps),
        requests=_number(_object(report.get("politeness")).get("requests")),
        **{event: commit.counts.get(event, 0) for event in ("created", "changed", "gone", "restored")},
    )


def gaps_told(report: Report, redacted: Collection[str]) -> list[GapTold]:
    """What a run did not capture, failures first; of `redacted` native ids without words of the site."""
    accepted = {
        (_text(one.get("what")), _text(one.get("url"))): _text(_object(one.get("decision")).get("until"))
        for one in _objects(report.get("accepted"))
    }
    found = [_gap_told(gap, accepted, redacted) for gap in _gaps(report)]
    return sorted(found, key=lambda gap: (gap.is_the_sites_word, gap.until is not None))


def _gap_told(
    gap: Report, accepted: dict[tuple[str | None, str | None], str | None], redacted: Collection[str]
) -> GapTold:
    what, url, native_id = (_text(gap.get(key)) for key in ("what", "url", "native_id"))
    is_silent = native_id in redacted
    return GapTold(
        what=what or "",
        url=url or "",
        native_id=native_id,
        title=None if is_silent else _text(gap.get("title")),
        reason=_text(gap.get("reason")) or "",
        detail="" if is_silent else (_text(gap.get("detail")) or "")[:LONGEST_DETAIL],
        is_the_sites_word=gap.get("is_the_sites_word") is True,
        until=accepted.get((what, url)),
    )


def politeness_told(report: Report) -> tuple[tuple[str, str], ...]:
    """How the run treated the site: names of facts (`polite.…` in `words.toml`) and their values, in order."""
    polite, traffic = _object(report.get("politeness")), _object(report.get("traffic"))
    pauses = _object(polite.get("pauses"))
    found = {
        "requests": polite.get("requests"),
        "retries": traffic.get("retry/count", 0 if traffic else None),
        "by_status": _pairs(polite.get("by_status")),
        "requests_at_once": polite.get("requests_at_once"),
        "delay": _seconds(polite.get("delay_seconds")),
        "smallest_gap": _seconds(polite.get("smallest_gap")),
        "median_gap": _seconds(polite.get("median_gap")),
        "crawl_delay": _seconds(polite.get("crawl_delay")),
        "pauses": pauses.get("count"),
        "paused": _seconds(pauses.get("seconds")),
        "robots": _pairs(polite.get("robots")),
        "certificates": _pairs(polite.get("certificates")),
        "user_agent": polite.get("user_agent"),
    }
    return tuple((name, str(value)) for name, value in found.items() if value not in {None, ""})


def _pairs(value: Any) -> str:
    return ", ".join(f"{name}: {told}" for name, told in sorted(_object(value).items()))


def _seconds(value: Any) -> str | None:
    return f"{value:g} s" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _gaps(report: Report) -> Iterator[Report]:
    return _objects(report.get("not_captured"))


def _objects(value: Any) -> Iterator[Report]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _object(value: Any) -> Report:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
