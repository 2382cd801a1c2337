"""Weighs the dates that a site states for an article in several places. Pure.

Each place has a weight: a line above the text with the publication date more than a meta tag, a meta tag more than
the day under a signature. The order on the page does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from pipelines.record import Problem, Witness
from pipelines.text.dates.published import Moment, Unread, published
from pipelines.text.dates.shapes import CN, FULL, day_of, folded, number

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo


class Weight(NamedTuple):
    """`is_publication`: it says when the article was published, so that two such days must be one."""

    is_publication: bool


WEIGHTS = {
    "info": Weight(is_publication=True),
    "script": Weight(is_publication=True),
    "above": Weight(is_publication=True),
    "meta": Weight(is_publication=True),
    "json-ld": Weight(is_publication=True),
    "time": Weight(is_publication=True),
    "head": Weight(is_publication=True),
    "tail": Weight(is_publication=True),
    "variable": Weight(is_publication=True),
    "list": Weight(is_publication=True),
    "beside": Weight(is_publication=False),
    "written": Weight(is_publication=False),
    "updated": Weight(is_publication=False),
    "signature": Weight(is_publication=False),
    "body": Weight(is_publication=False),
}
"""The places of a date (`EVIDENCE_PLACES` says what each is), the most trusted first."""
_RANKS = {where: rank for rank, where in enumerate(WEIGHTS)}
_VAGUE = frozenset({"no-year", "two-digit-year", "relative", "missing"})
"""A value that says too little, where one that is wrong or not understood may contradict the others."""
_UNSEEN = frozenset({"meta", "json-ld", "time", "variable"})
"""What nobody sees stays at its default for years: `1970-01-01`, `${pubDate}`."""
_STAND_IN = frozenset({"meta", "json-ld", "time", "list"})
"""What may stand in for a date that a script writes and nobody but the script can read."""
_NEVER_FINER = frozenset({"list", "written", "updated", "signature", "body"})
"""Days of other moments: their clock time is not the publication's. A row is asked only where the page has no day."""
_MIDNIGHT = "T00:00:00"
_MINUTE = len("2023-12-28T19:00")
_NUMERAL = re.compile(r"[0-9〇○零一二三四五六七八九十]")
_NUMBERS = re.compile(rf"[0-9]{{1,2}}|[{CN}十廿卅]{{1,3}}")

Reading = tuple[Witness, Moment]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The accepted moment and its witness, the other witnesses that were read, and problems."""

    moment: Moment | None
    chosen: Witness | None
    others: tuple[Witness, ...]
    problems: tuple[Problem, ...]


def ranked(witnesses: Iterable[Witness]) -> list[Witness]:
    """Witnesses, the most trusted first; of one place in the order of the page."""
    return sorted(witnesses, key=lambda witness: _RANKS[witness.where])


def weigh(witnesses: Iterable[Witness], *, tz: ZoneInfo, seen_at: datetime) -> Weighed:
    """The moment of the best witness; `tz` and `seen_at` as for `published`.

    A finer one of the same day or minute is taken in its place. A best witness that is wrong or cannot be read gives
    no date: another one on the page would only look like it. One without a year yields to the next one
    that agrees with it. Publications on different days are reported as `disagrees`.
    """
    order = ranked(one for one in witnesses if not _is_visit(one, tz, seen_at))
    readings = [(one, published(one.text, tz=tz, seen_at=seen_at, order=one.order)) for one in order]
    chosen, problem = _choose(readings)
    if chosen is None:
        return Weighed(None, None, (), (problem or _problem("missing", "neither page nor list has a full date"),))
    readable = [(witness, said) for witness, said in readings if isinstance(said, Moment)]
    witness, moment = _finest(chosen, readable)
    others = tuple(other for other, _ in readable if other != witness)
    problems = () if problem is None else (problem,)
    return Weighed(moment, witness, others, (*problems, *_disagreements(chosen, readable)))


def _is_visit(witness: Witness, tz: ZoneInfo, seen_at: datetime) -> bool:
    """True for a day beside the article that is the capture's own: pages print clocks there."""
    if witness.where != "beside":
        return False
    said = published(witness.text, tz=tz, seen_at=seen_at)
    day = said.on if isinstance(said, Moment) else None
    return day is not None and abs((date.fromisoformat(day) - seen_at.astimezone(tz).date()).days) <= 1


def _choose(readings: Sequence[tuple[Witness, Moment | Unread]]) -> tuple[Reading | None, Problem | None]:
    """The first acceptable witness, and problems: why there is none, or what it replaces."""
    vague: list[tuple[Witness, Unread]] = []
    month: Reading | None = None
    skipped: Problem | None = None
    for index, (witness, said) in enumerate(readings):
        if isinstance(said, Unread):
            if _says_little(witness, said):
                vague.append((witness, said))
            elif witness.where in _UNSEEN or not WEIGHTS[witness.where].is_publication:
                skipped = skipped or _problem(said.code, said.detail)
            elif month is None and not vague:
                return _stand_in(witness, said, readings[index + 1 :])
        elif said.on is None:
            month = month or (witness, said)
        elif all(_may_be(one, unread, witness, said) for one, unread in vague) and _is_within(witness, said, month):
            return (witness, said), None
    if month is not None:
        return month, None
    return None, _problem(vague[0][1].code, vague[0][1].detail) if vague else skipped


def _says_little(witness: Witness, said: Unread) -> bool:
    """True for a value of too few words to contradict another: no year, or not a single number (`--`, `NaN`)."""
    is_without_number = said.code == "unreadable" and _NUMERAL.search(folded(witness.text)) is None
    return said.code in _VAGUE or (is_without_number and witness.where != "script")


def _stand_in(
    witness: Witness, said: Unread, rest: Sequence[tuple[Witness, Moment | Unread]]
) -> tuple[Reading | None, Problem]:
    """No date for a value that cannot be read; for a script's the one that the site states elsewhere, with a problem.

    Only what says when the article was published may stand in, never a signature.
    """
    problem = _problem(said.code, f"{witness.where}: {said.detail}" if witness.where == "script" else said.detail)
    if witness.where == "script":
        for other, moment in rest:
            if other.where in _STAND_IN and isinstance(moment, Moment) and moment.on is not None:
                return (other, moment), problem
    return None, problem


def _may_be(vague: Witness, unread: Unread, witness: Witness, said: Moment) -> bool:
    """True when a date can be the one that a vaguer value names; only a publication fills in for relative words."""
    if unread.code not in {"no-year", "two-digit-year"}:
        return WEIGHTS[witness.where].is_publication or vague.where in _UNSEEN
    numbers = [number(found) for found in _NUMBERS.findall(folded(vague.text))]
    day = [int(part) for part in (said.on or "").split("-")]
    return numbers[:2] == day[1:] if unread.code == "no-year" else numbers[:3] == [day[0] % 100, *day[1:]]


def _is_within(witness: Witness, said: Moment, month: Reading | None) -> bool:
    """True for a day of publication within the month that a better witness prints without a day."""
    if month is None:
        return True
    year_month = [int(digits) for digits in re.findall(r"[0-9]+", folded(month[0].text))[:2]]
    day = [int(part) for part in (said.on or "").split("-")]
    return WEIGHTS[witness.where].is_publication and year_month == day[:2]


def _finest(chosen: Reading, readable: Sequence[Reading]) -> Reading:
    """The reading, or another one of the same day (or minute) that says more; a midnight says no clock."""
    moment = chosen[1]
    for witness, said in readable:
        if said.on != moment.on or said.at is None or witness.where in _NEVER_FINER:
            continue
        if moment.at is None and _MIDNIGHT not in said.at:
            return witness, said
        is_same_minute = moment.at is not None and said.at[:_MINUTE] == moment.at[:_MINUTE]
        if is_same_minute and moment.precision == "minute" and said.precision == "second" and ":00+" not in said.at:
            return witness, said
    return chosen


def _disagreements(chosen: Reading, readable: Sequence[Reading]) -> Iterator[Problem]:
    """Other publications on another day: neither the site's day nor the printed one (a false `Z`) is the chosen's."""
    witness, moment = chosen
    if not WEIGHTS[witness.where].is_publication:
        return
    for other, said in readable:
        if None in {said.on, moment.on} or said.on == moment.on or not WEIGHTS[other.where].is_publication:
            continue
        if not _days(other, said) & _days(witness, moment):
            yield _problem("disagrees", f"{other.where} says {other.text}, {witness.where} {witness.text}")


def _days(witness: Witness, said: Moment) -> set[str]:
    printed = FULL.match(folded(witness.text))
    day = day_of(printed) if printed else None
    return {said.on or "", *([day.isoformat()] if day else [])}


def _problem(code: str, detail: str) -> Problem:
    return Problem(field="published_on", code=code, detail=detail)
