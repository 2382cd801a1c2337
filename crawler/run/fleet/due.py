"""When a site is to be crawled next, from its schedule and from what was tried. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crawler.sites.schedule import Hours, Schedule
from pipelines.exits import Exit
from pipelines.fleet.attempts import NO_PROFILE, Attempt
from pipelines.values import frozen

_FIRST_WAIT = timedelta(hours=1)
_LONGEST_WAIT = timedelta(days=1)
_LONGEST_FOR_A_PERSON = timedelta(days=7)
"""Wrong use (2) is not cured by asking again; a person has to do something."""
AHEAD = timedelta(days=1)
"""What began further in the future says nothing: the clock was wrong, and a site must not rest until it was right."""
_WITHOUT_END = {Exit.INTERRUPTED, Exit.LOCKED}
"""Ends that are no failures: what was begun goes on (11), or another run did the work (6)."""


@frozen(kw_only=True)
class Times:
    """When a site may be crawled: its schedule, its hours, if any, and its zone."""

    schedule: Schedule
    hours: Hours | None
    zone: ZoneInfo


@frozen
class Due:
    """From when on a site is to be crawled (null: its schedule has no such moment), and why then."""

    at: datetime | None
    why: str

    def is_now(self, now: datetime) -> bool:
        """Whether that moment has come."""
        return self.at is not None and self.at <= now


def due(
    site: str,
    times: Times,
    attempts: Sequence[Attempt],
    now: datetime,
    good_at: datetime | None = None,
    *,
    is_broken: bool = False,
) -> Due:
    """When a site is due: now (`at` is not after `now`), or later.

    Args:
        site: its name, over which the schedule spreads the sites.
        times: when it may be crawled.
        attempts: the newest attempts, oldest first.
        now: aware, in UTC.
        good_at: when a good run began that the attempts do not show, of an archive older than its journal.
        is_broken: its profile cannot be read; once it can, attempts that failed for that do not count.
    """
    whole = [one for one in attempts if not one.is_partial and _began(one) <= now + AHEAD]
    told = [one for one in whole if is_broken or not one.ended or one.ended.verdict != NO_PROFILE]
    if running := next((one for one in told if one.is_under_way), None):  # later ones found the site held
        return Due(_slot_after(site, times, now), f"a crawl is under way (pid {running.began.pid})")
    good = max((place for place, one in enumerate(told) if one.is_good), default=None)
    began = _began(told[good]) if good is not None else good_at if good_at and good_at <= now + AHEAD else None
    since = told if good is None else told[good + 1 :]
    found = _after_failures(since) or _by_schedule(site, times, began, now)
    return _in_hours(_as_asked(found, [one for one in told if not _is_locked(one)]), times, now)


def _by_schedule(site: str, times: Times, began: datetime | None, now: datetime) -> Due:
    slot = times.schedule.slot_before(now, site, times.zone, times.hours)
    if began is None:
        return Due(min(slot or now, now), "it has no good run yet")
    if slot is not None and slot > began:
        # The first slot that was missed: what waits for longest comes first.
        missed = _slot_after(site, times, began) or slot
        return Due(missed, f"{times.schedule.text}: last good run {_told(began)}")
    return Due(_slot_after(site, times, now), f"{times.schedule.text}: good run {_told(began)}")


def _slot_after(site: str, times: Times, now: datetime) -> datetime | None:
    return times.schedule.slot_after(now, site, times.zone, times.hours)


def _after_failures(since: Sequence[Attempt]) -> Due | None:
    """When it is tried again after the attempts since its last good run; null when none of them failed."""
    tried = [one for one in since if not _is_locked(one)]
    if not tried:
        return None
    newest = tried[-1]
    if newest.ended is not None and newest.ended.exit_status == Exit.INTERRUPTED:
        return Due(_end(newest), "its last run was interrupted and goes on")
    failed = [one for one in tried if one.ended is None or one.ended.exit_status not in _WITHOUT_END]
    status = newest.ended.exit_status if newest.ended else None
    longest = _LONGEST_FOR_A_PERSON if status == Exit.WRONG_USE else _LONGEST_WAIT
    # 2**8 hours are more than a week.
    wait = min(_FIRST_WAIT * 2 ** min(len(failed) - 1, 8), longest)
    ended = "died" if status is None else f"ended with {status}"
    times = f"{len(failed)} times in a row, last " if len(failed) > 1 else ""
    return Due(_end(newest) + wait, f"it {ended} ({times}{_told(_end(newest))}); again after {_span(wait)}")


def _is_locked(one: Attempt) -> bool:
    """Whether it found that another run held the site."""
    return one.ended is not None and one.ended.exit_status == Exit.LOCKED


def _as_asked(found: Due, attempts: Sequence[Attempt]) -> Due:
    """Not before the moment that the site named at its last attempt."""
    asked = attempts[-1].ended.not_before if attempts and attempts[-1].ended else None
    if asked is None or found.at is None or datetime.fromisoformat(asked) <= found.at:
        return found
    return Due(
        datetime.fromisoformat(asked), f"its last run ended with: not before {_told(datetime.fromisoformat(asked))}"
    )


def _in_hours(found: Due, times: Times, now: datetime) -> Due:
    """Not outside the hours in which the site may be requested."""
    if times.hours is None or found.at is None:
        return found
    opens = times.hours.next_begin(max(found.at, now), times.zone)
    return found if opens <= max(found.at, now) else Due(opens, f"{found.why}; in its hours")


def _began(attempt: Attempt) -> datetime:
    return datetime.fromisoformat(attempt.began.at)


def _end(attempt: Attempt) -> datetime:
    return datetime.fromisoformat(attempt.ended.at if attempt.ended else attempt.began.at)


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


def _span(wait: timedelta) -> str:
    return f"{wait // _FIRST_WAIT} h" if wait < timedelta(days=2) else f"{wait.days} days"
