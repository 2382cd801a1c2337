"""The condition of a site, from its journal, its archive and the register. Pure: reading is done elsewhere."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pipelines.archive.read.moments import moment_of
from pipelines.exits import ARCHIVED, BLOCKED, Exit
from pipelines.fleet.attempts import NO_PROFILE, has_read_nothing
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.fleet.attempts import Attempt
    from pipelines.fleet.register import Registered


class Condition(StrEnum):
    """What a site's runs say of it, the worst first."""

    BROKEN = "broken"
    STALE = "stale"
    INTERRUPTED = "interrupted"
    GAPS = "gaps"
    WAITING = "waiting"
    COMPLETE = "complete"
    DISABLED = "disabled"
    RETIRED = "retired"

    @property
    def is_bad(self) -> bool:
        """Whether a person must look at it."""
        return self in {Condition.BROKEN, Condition.STALE}


DIED, UNTRIED = "died", "never-run"
"""Verdicts of sites whose last attempt has none."""
_DAMAGED, _NEWER = "damaged", "newer-format"
"""Verdicts of sites whose archive cannot be read."""
UNREACHABLE = "unreachable"
"""In place of the verdict `gaps` where no list page could be read."""
_NEUTRAL = frozenset({Exit.LOCKED, Exit.INTERRUPTED})
"""Attempts that say nothing bad of the site: another run held it, or a limit or a person ended the run."""
_NO_SCHEDULE_DAYS = 35.0
"""After so long a site without a known schedule is stale: the longest schedule is a month."""
_PERIODS = {"daily": 1.0, "weekly": 7.0, "monthly": 31.0}
_MONTH = timedelta(days=30)
_AHEAD_DAYS = 1.0
"""A success that lies further in the future is none: this machine's clock is wrong, or was."""


@frozen(kw_only=True)
class Held:
    """What is read of an archive without its history.

    Args:
        name, committee: as the archive says.
        commit, head: of its last commit.
        present, gone: how many speeches.
        retired: why the site is retired; null when it is not.
        report, last_good: the reports of its last run, and of its last run with exit status 0 or 3; null for none.
        coverage: share (0 to 1) of the present speeches that have a value, by field; empty when it is not known.
        damage: what is wrong with it; null when nothing is seen.
        is_newer: nothing is, but that its format is of later software.
        is_reconciled: a person has given up later commits.
    """

    name: str | None = None
    committee: str | None = None
    commit: int | None = None
    head: str | None = None
    present: int | None = None
    gone: int | None = None
    retired: str | None = None
    report: dict[str, Any] | None = None
    last_good: dict[str, Any] | None = None
    coverage: dict[str, float] = field(default_factory=dict)
    damage: str | None = None
    is_newer: bool = False
    is_reconciled: bool = False


@frozen(kw_only=True)
class SiteStatus:
    """How a site is. Times are RFC 3339 in UTC, null when there was none.

    Args:
        condition: one word for a person; `verdict` and `exit_status` are of the last attempt that counts.
        message: of that attempt; of a stale site since when nothing was archived, of one that is not crawled why.
        last_success, age_days: the end of the last run that archived what the site showed, and how long ago.
        last_attempt: the beginning of the last attempt; `is_under_way`: one has not ended.
        nights_failing: days (UTC) with failed attempts since the last success.
        new_gaps: gaps of that attempt that no person has accepted.
        listed, listed_before: rows of the list in the last good run, and in the one about 30 days earlier.
        new, expected: speeches that the last 30 days brought, and that 30 days brought on average before.
        coverage: share (0 to 1) of the present speeches with a value, by field.
        seconds: duration of that attempt.
        stale_after_days: the age from which it counts as stale.
        next_due, not_before: when it is to be crawled next, and before when the site asked not to be.
        reason: why it is disabled or retired.
        run: id of the run of that attempt, whose report is in the archive; null where nothing was committed.
    """

    site: str
    condition: Condition
    verdict: str
    exit_status: int | None = None
    message: str = ""
    name: str | None = None
    committee: str | None = None
    tags: tuple[str, ...] = ()
    last_success: str | None = None
    age_days: float | None = None
    last_attempt: str | None = None
    is_under_way: bool = False
    nights_failing: int = 0
    new_gaps: int = 0
    present: int | None = None
    gone: int | None = None
    listed: int | None = None
    listed_before: int | None = None
    new: int | None = None
    expected: float | None = None
    coverage: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    commit: int | None = None
    head: str | None = None
    stale_after_days: float = _NO_SCHEDULE_DAYS
    next_due: str | None = None
    not_before: str | None = None
    reason: str | None = None
    run: str | None = None


def status_of(
    site: str,
    now: datetime,
    attempts: Sequence[Attempt],
    held: Held | None,
    registered: Registered | None,
    stale_days: float | None = None,
) -> SiteStatus:
    """The status of a site at a moment (aware).

    Args:
        site: its name.
        now: the moment.
        attempts: the last ones, oldest first.
        held: what its archive holds; null when there is none.
        registered: its entry in the register; null when there is none.
        stale_days: the age from which it is stale; null for the age that its schedule gives.
    """
    held, profile = held or Held(), registered
    limit = _stale_after(profile) if stale_days is None else stale_days
    judged = _judged(attempts)
    success = _last_success(attempts, held)
    age = _days(success, now)
    verdict = _verdict(judged, held, profile)
    condition = _condition(verdict, held, profile, _is_stale(now, limit, age, attempts, profile))
    reason = held.retired or (profile.disabled_because if profile and not profile.enabled else None)
    words = {
        Condition.STALE: _stale_words(success, age, limit),
        Condition.DISABLED: reason or "",
        Condition.RETIRED: reason or "",
    }
    good = [one for one in attempts if one.is_good]
    newest = attempts[-1] if attempts else None
    new, expected = _new(good, now)
    return SiteStatus(
        site=site,
        condition=condition,
        verdict=verdict.word,
        exit_status=verdict.exit_status,
        message=words.get(condition, verdict.message),
        name=(profile and profile.name) or held.name,
        committee=(profile and profile.committee) or held.committee,
        tags=profile.tags if profile else (),
        last_success=success,
        age_days=age,
        last_attempt=newest.began.at if newest else None,
        is_under_way=any(one.is_under_way for one in attempts),
        nights_failing=_nights_failing(attempts),
        new_gaps=_new_gaps(judged, held),
        present=held.present,
        gone=held.gone,
        listed=_listed(good, held),
        listed_before=_listed_before(good, now),
        new=new,
        expected=expected,
        coverage=held.coverage,
        seconds=judged.ended.seconds if judged and judged.ended else None,
        commit=held.commit,
        head=held.head,
        stale_after_days=limit,
        next_due=profile.next_due if profile else None,
        not_before=_not_before(attempts, now),
        reason=reason,
        run=_run(judged, held),
    )


@frozen
class _Verdict:
    word: str
    exit_status: int | None
    message: str


def _verdict(judged: Attempt | None, held: Held, profile: Registered | None) -> _Verdict:
    if held.damage:
        word, status = (_NEWER, Exit.WRONG_USE) if held.is_newer else (_DAMAGED, Exit.DAMAGED)
        return _Verdict(word, int(status), held.damage)
    if profile and profile.error:
        return _Verdict(NO_PROFILE, int(Exit.WRONG_USE), profile.error)
    if judged is None:
        report = held.report
        if report is None:
            return _Verdict(UNTRIED, None, "no whole run has ended yet")
        return _read_verdict(
            str(report.get("verdict")),
            report.get("exit_status"),
            str(report.get("message", "")),
            report.get("counts"),
        )
    if judged.ended is None:
        began = judged.began
        return _Verdict(
            DIED, None, f"process {began.pid} on {began.host} ended without a verdict: killed, or a power cut"
        )
    ended = judged.ended
    return _read_verdict(ended.verdict, ended.exit_status, ended.message, ended.counts)


def _read_verdict(word: str, status: int | None, message: str, counts: dict[str, Any] | None) -> _Verdict:
    return _Verdict(read_word(word, status, counts), status, message)


def read_word(word: str, status: int | None, counts: dict[str, Any] | None) -> str:
    """The verdict of a run as it is told: `unreachable` in place of `gaps` where no list page could be read."""
    return UNREACHABLE if status == Exit.GAPS and has_read_nothing(counts) else word


def ended_alike(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt before the newest of these that says how the site is; null where it ended otherwise.

    More gaps than before are another end: the verdict is the same, and a person has to look again.
    """
    *earlier, newest = attempts
    before = next(filter(_has_outcome, reversed(earlier)), None)
    is_alike = before and _word_of(before) == _word_of(newest) and _gaps_of(before) >= _gaps_of(newest)
    return before if is_alike else None


def _gaps_of(attempt: Attempt) -> int:
    return attempt.ended.new_gaps if attempt.ended else 0


def _word_of(attempt: Attempt) -> str:
    ended = attempt.ended
    return read_word(ended.verdict, ended.exit_status, ended.counts) if ended else DIED


def _condition(verdict: _Verdict, held: Held, profile: Registered | None, is_stale: bool) -> Condition:
    if held.retired and not held.damage:
        return Condition.RETIRED
    if profile and not profile.enabled and not profile.error and not held.damage:
        return Condition.DISABLED
    if verdict.word in {DIED, UNREACHABLE, BLOCKED} or verdict.exit_status not in {None, *ARCHIVED, *_NEUTRAL}:
        return Condition.BROKEN
    if is_stale:
        return Condition.STALE
    if verdict.exit_status is None:
        return Condition.WAITING
    if verdict.exit_status in _NEUTRAL:
        return Condition.INTERRUPTED
    return Condition.GAPS if verdict.exit_status == Exit.GAPS else Condition.COMPLETE


def _stale_words(success: str | None, age: float | None, limit: float) -> str:
    if success and age is not None and age < -_AHEAD_DAYS:
        return f"last success {success}, still to come: this machine's clock is or was wrong; crawl under a right one"
    since = f"last success {success}" if success else "never crawled with success"
    return f"{since}; stale after {limit:g} days: see that it is crawled"


def _judged(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that says how the site is: the newest one that is over, was whole, and did not find the site held.

    One that was interrupted does not hide a failure before it.
    """
    over = [one for one in reversed(attempts) if one.is_dead or (one.ended and not _says_nothing(one))]
    told = next(filter(_has_outcome, over), None)
    newest = over[0] if over else None
    return told if told and not told.is_good else newest


def _has_outcome(attempt: Attempt) -> bool:
    if attempt.is_partial:
        return False
    ended = attempt.ended
    return attempt.is_dead or (ended is not None and (ended.exit_status not in _NEUTRAL or ended.verdict == BLOCKED))


def _says_nothing(attempt: Attempt) -> bool:
    return attempt.is_partial or (attempt.ended is not None and attempt.ended.exit_status == Exit.LOCKED)


def _stale_after(profile: Registered | None) -> float:
    """Two periods and a day: one missed slot is caught up by the next run, and told by nobody."""
    period = profile and (profile.period_days or _PERIODS.get(profile.schedule or ""))
    return 2 * period + 1 if period else _NO_SCHEDULE_DAYS


def _is_stale(
    now: datetime, limit: float, age: float | None, attempts: Sequence[Attempt], profile: Registered | None
) -> bool:
    """Whether its last success is too long ago; before the first one, its first attempt or the day it was due.

    Also when it lies in the future: nobody knows how old it is.
    """
    if age is None:
        due = _days(profile.next_due, now) if profile else None
        age = _days(attempts[0].began.at, now) if attempts else due and max(0.0, due)
    return age is not None and not -_AHEAD_DAYS <= age <= limit


def _last_success(attempts: Sequence[Attempt], held: Held) -> str | None:
    ended = next((one.ended.at for one in reversed(attempts) if one.is_good and one.ended), None)
    report = held.last_good or {}
    return ended or report.get("ended_at") or report.get("started_at")


def _days(since: str | None, now: datetime) -> float | None:
    moment = moment_of(since)
    return round((now - moment) / timedelta(days=1), 2) if moment else None


def _nights_failing(attempts: Sequence[Attempt]) -> int:
    since = list(takewhile(lambda one: not one.is_good, reversed(attempts)))
    return len({one.began.at[:10] for one in since if _has_outcome(one)})


def _run(judged: Attempt | None, held: Held) -> str | None:
    if judged is None:
        return (held.report or {}).get("run")
    return judged.ended.run if judged.ended and judged.ended.commit is not None else None


def _new_gaps(judged: Attempt | None, held: Held) -> int:
    if judged is not None:
        return judged.ended.new_gaps if judged.ended else 0
    counts = (held.report or {}).get("counts") or {}
    return int(counts.get("failed") or 0) - int(counts.get("accepted") or 0)


def count_of(attempt: Attempt, name: str) -> int:
    """A count of its run; 0 where it has none."""
    counts = (attempt.ended and attempt.ended.counts) or {}
    count = counts.get(name)
    return count if type(count) is int else 0


def _listed(good: Sequence[Attempt], held: Held) -> int | None:
    if good:
        return count_of(good[-1], "listed")
    counts = (held.last_good or {}).get("counts") or {}
    return counts.get("listed")


def _listed_before(good: Sequence[Attempt], now: datetime) -> int | None:
    """Of the newest good run of 30 days ago or before, else of the oldest that is known."""
    earlier = [one for one in good[:-1] if _is_before(one, now - _MONTH)]
    before = earlier[-1:] or good[:-1][:1]
    return count_of(before[0], "listed") if before else None


def _is_before(attempt: Attempt, moment: datetime) -> bool:
    at = moment_of(attempt.began.at)
    return at is not None and at < moment


def _new(good: Sequence[Attempt], now: datetime) -> tuple[int | None, float | None]:
    """Speeches created in the last 30 days, and in 30 days on average before; not counted is the first run."""
    if not good:
        return None, None
    later = [one for one in good if not (one.ended and one.ended.commit == 1)]
    old = [one for one in later if _is_before(one, now - _MONTH)]
    new = sum(count_of(one, "created") for one in later) - sum(count_of(one, "created") for one in old)
    first = moment_of(good[0].began.at)
    days = (now - _MONTH - first) / timedelta(days=1) if first else 0.0
    if not old or days < _MONTH.days:
        return new, None
    return new, round(sum(count_of(one, "created") for one in old) * _MONTH.days / days, 1)


def _not_before(attempts: Sequence[Attempt], now: datetime) -> str | None:
    ended = next((one.ended for one in reversed(attempts) if one.ended), None)
    asked = ended.not_before if ended else None
    moment = moment_of(asked)
    return asked if moment and moment > now else None


_ORDER = {condition: place for place, condition in enumerate(Condition)}


def worst_first(sites: Iterable[SiteStatus]) -> list[SiteStatus]:
    """By condition, then the longest failing, then the oldest success (never is the oldest), then by name."""
    return sorted(
        sites,
        key=lambda one: (
            _ORDER[one.condition],
            -one.nights_failing,
            -(float("inf") if one.age_days is None else one.age_days),
            one.site,
        ),
    )
