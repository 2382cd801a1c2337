"""What a run remembers of the gaps of the runs before it: since when, when to ask again, and what a person decided.

The memory is the key `failing` of the newest report; nothing is folded. An address that fails on one night is asked
in the next run, then after 2, 4 and 7 days, then weekly. In between it is a gap that was not asked. List pages are
asked in every run: whatever else one shows would not be seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.archive.read.moments import stamp
from pipelines.gaps.same_gap import GapKey, key_of
from pipelines.reasons import Reason
from pipelines.record import Row
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from pipelines.gaps.acceptance import Decided

_WAITS = (timedelta(0), timedelta(days=2), timedelta(days=4), timedelta(days=7))
"""How long an address is not asked that failed on one night, two nights …"""
_NIGHT = timedelta(hours=20)
"""Runs less than this apart are of one night; a nightly run may begin hours before the moment of the last one."""
_LIST = "list"
_FEW = 5
"""More than so many that wait may be an outage: then one of them is asked each night."""
_FORGOTTEN = timedelta(days=400)
"""A counter is asked when its article is read, of old ones about once a year."""
_REASONS = frozenset(Reason)
_NEWEST = 10
"""Reports that are looked through for one that can tell: those of runs that died cannot."""


class Gap(Protocol):
    """What a report says of something that was not captured."""

    @property
    def what(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def native_id(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> str: ...


@frozen(kw_only=True)
class Failing:
    """Something that was not captured in the last runs. Moments are RFC 3339 in UTC.

    `nights` is on how many nights it was asked in vain, `asked_at` when on the last of them; `listed` the row that
    the list showed of a speech then; `parser` that of the run.
    """

    what: str
    url: str
    native_id: str | None
    listed: Row | None
    reason: str
    detail: str
    since: str
    nights: int
    asked_at: str
    parser: str = ""

    @property
    def key(self) -> GapKey:
        """Which gap it is."""
        return key_of(self.what, self.url, self.native_id, self.reason, self.detail)

    @property
    def place(self) -> tuple[str, str]:
        """What is asked: a speech by its id, anything else by its address."""
        return self.what, self.native_id or self.url

    @property
    def asked_next(self) -> datetime:
        """The moment from which it is asked again."""
        wait = _WAITS[min(self.nights, len(_WAITS)) - 1]
        return datetime.fromisoformat(self.asked_at) + max(wait - (timedelta(days=1) - _NIGHT), timedelta(0))

    @property
    def told(self) -> str:
        """In words, for a run that does not ask it."""
        failed = f"failed on {self.nights} nights since {self.since[:10]}, the last time: {self.detail}"
        return f"not asked before {stamp(self.asked_next)}: {failed}"

    @property
    def can_wait(self) -> bool:
        """Whether its address can be left out of a run."""
        return self.what != _LIST and (self.native_id is not None or not self.has_come)

    @property
    def has_come(self) -> bool:
        """Whether the page came, and could not be read."""
        return not Reason(self.reason).is_no_answer


@frozen(kw_only=True)
class Seen:
    """What a run saw, for the memory of the next one.

    Args:
        settled: ids of speeches with an outcome.
        answered: addresses of lists and counters that gave what they should.
        rows: the rows of speeches, by id.
        is_whole: the lists were read to their end, and everything planned was asked.
    """

    settled: Container[str]
    answered: Container[str]
    rows: Mapping[str, Row]
    is_whole: bool


class Memory:
    """What a run that begins at `now` (RFC 3339 in UTC) knows of gaps.

    Args:
        now: the run's beginning.
        before: what failed in the runs before.
        decisions: the decisions that stand, by address.
        parser: the run's; another one may read what came and could not be read. Empty: read as it was then.
        asks_all: nothing is left out.
    """

    def __init__(
        self,
        now: str,
        before: Iterable[Failing] = (),
        decisions: Mapping[str, Decided] | None = None,
        *,
        parser: str = "",
        asks_all: bool = False,
    ) -> None:
        self.now, self.decisions, self.parser = now, decisions or {}, parser
        self.before = {one.key: _not_later(one, now) for one in before}
        self._places = {one.place for one in self.before.values()}
        self.addresses = frozenset(one.url for one in self.before.values())
        """Those that were not captured in the runs before."""
        self.tried_once = frozenset(one.url for one in self.before.values() if one.nights > 1 and one.what != _LIST)
        """Addresses that failed on several nights: whatever passes within seconds was not the reason."""
        self._postponed: dict[tuple[str, str], GapKey] = {}
        self._waiting: defaultdict[tuple[str, str], list[Failing]] = defaultdict(list)
        for one in () if asks_all else self._left_out():
            self._waiting[one.place].append(one)

    def _left_out(self) -> list[Failing]:
        may_wait = [one for one in self.before.values() if one.can_wait and not self._reads_otherwise(one)]
        waiting = [one for one in may_wait if datetime.fromisoformat(self.now) < one.asked_next]
        if len(waiting) > _FEW:
            waiting.remove(min(waiting, key=lambda one: (one.asked_at, one.url)))
        return waiting

    def _reads_otherwise(self, one: Failing) -> bool:
        return self.parser not in {"", one.parser} and one.has_come

    def waiting(self, what: str, address: str, row: Row | None = None) -> Failing | None:
        """The failure because of which something is not asked in this run; null when it is asked.

        Args:
            what: speech or counter.
            address: of a speech its id.
            row: the speech's, null where it is on no list: with another row than before it may be another page.
        """
        return next((one for one in self._waiting.get((what, address), ()) if one.listed == row), None)

    def postpone(self, failing: Failing) -> None:
        """Note that it is not asked in this run."""
        self._postponed[failing.what, failing.url] = failing.key

    def is_postponed(self, what: str, url: str) -> bool:
        """Whether that was noted of an address."""
        return (what, url) in self._postponed

    @property
    def has_counters(self) -> bool:
        """Whether a counter did not answer when it was last asked."""
        return any(what == "counter" for what, _ in self._places)

    def is_failing(self, native_id: str) -> bool:
        """Whether a speech was not captured when it was last asked."""
        return ("speech", native_id) in self._places

    def key(self, gap: Gap) -> GapKey:
        """Which gap it is, also when it was not asked."""
        own = key_of(gap.what, gap.url, gap.native_id, gap.reason, gap.detail)
        return self._postponed.get((gap.what, gap.url), own)

    def decision(self, gap: Gap) -> Decided | None:
        """The decision about a gap, also when its time is over; one that began after it is another gap."""
        decided, key = self.decisions.get(gap.url), self.key(gap)
        if decided is None or not decided.covers(key):
            return None
        since = self.before[key].since if key in self.before else self.now
        return decided if since <= decided.at else None

    def after(self, gaps: Iterable[Gap], seen: Seen) -> list[Failing]:
        """What fails after this run, which had these `gaps`."""
        tonight = {self.key(gap): gap for gap in gaps}
        places = {(gap.what, gap.native_id or gap.url) for gap in tonight.values()}
        absent = [one for key, one in self.before.items() if key not in tonight]
        is_over = any(one.place not in places and _has_come(one, seen) for one in absent)
        postponed = set(self._postponed.values())
        kept = [self.before[key] for key in tonight if key in postponed]
        kept += [one for one in absent if not _has_come(one, seen) and self._may_still_fail(one, seen)]
        if is_over:  # one that failed has come: the others may as well
            kept = [replace(one, nights=1) for one in kept]
        asked = [self._asked(key, gap, seen) for key, gap in tonight.items() if key not in postponed]
        return sorted((*kept, *asked), key=lambda one: (one.what, one.url, one.detail))

    def _asked(self, key: GapKey, gap: Gap, seen: Seen) -> Failing:
        before = self.before.get(key)
        now = Failing(
            what=gap.what, url=gap.url, native_id=gap.native_id, listed=seen.rows.get(gap.native_id or ""),
            reason=gap.reason, detail=gap.detail, since=self.now, nights=1, asked_at=self.now,
            parser=self.parser,
        )  # fmt: skip
        if before is None:
            return now
        is_same_night = datetime.fromisoformat(self.now) - datetime.fromisoformat(before.asked_at) < _NIGHT
        if is_same_night:
            return replace(now, since=before.since, nights=before.nights, asked_at=before.asked_at)
        is_one_night_more = not Reason(gap.reason).is_of_the_host
        return replace(now, since=before.since, nights=before.nights + is_one_night_more)

    def _may_still_fail(self, one: Failing, seen: Seen) -> bool:
        """Whether something that this run did not meet is remembered."""
        rests = one.what == "counter" or not seen.is_whole
        return rests and datetime.fromisoformat(self.now) - datetime.fromisoformat(one.asked_at) < _FORGOTTEN


def _not_later(one: Failing, now: str) -> Failing:
    """The same, asked at once when a clock that was ahead noted it: it would not be asked until then."""
    return one if one.asked_at <= now else replace(one, since=min(one.since, now), nights=1, asked_at=now)


def _has_come(one: Failing, seen: Seen) -> bool:
    return one.native_id in seen.settled if one.native_id is not None else one.url in seen.answered


def newest_failing(reports: Iterable[Mapping[str, Any]]) -> list[Failing]:
    """What fails by the newest of some reports, the newest first; of one by earlier software, its gaps."""
    for report in islice(reports, _NEWEST):
        if (found := failing_in(report)) is not None:
            return found
    return []


def failing_in(report: Mapping[str, Any]) -> list[Failing] | None:
    """What fails by a report; null where it cannot tell. What cannot be meant is left out, and asked."""
    entries = report.get("failing")
    if not isinstance(entries, list):
        gaps = report.get("not_captured")
        if not isinstance(gaps, list):
            return None
        failures = (one for one in gaps if isinstance(one, dict) and one.get("is_the_sites_word") is False)
        entries = [one | _first_night(report) for one in failures]
    return [found for found in map(_failing, entries) if found is not None]


def _first_night(report: Mapping[str, Any]) -> dict[str, Any]:
    return {"listed": None, "since": report.get("started_at"), "nights": 1, "asked_at": report.get("started_at")}


def _failing(entry: Any) -> Failing | None:
    try:
        native_id, listed = entry["native_id"], entry["listed"]
        if datetime.fromisoformat(entry["asked_at"]).tzinfo is None or entry["reason"] not in _REASONS:
            return None
        return Failing(
            **{name: _text(entry[name]) for name in ("what", "url", "reason", "detail", "since", "asked_at")},
            native_id=None if native_id is None else _text(native_id),
            listed=None if listed is None else Row(title=listed["title"], date=listed["date"]),
            nights=max(1, int(entry["nights"])),
            parser=_text(entry.get("parser") or ""),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{str(value)[:200]!r} is no text")
