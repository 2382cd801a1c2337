"""The gates: when a run must not be believed before a person has looked at the site.

Small numbers prove nothing: a committee that takes down three of its five speeches, or edits them all, is no failure.
So each gate has a least number beside its share.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import median_low
from typing import TYPE_CHECKING, Any

from pipelines.gates.usual import QUIET
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipelines.gates.tally import Tally, Texts
    from pipelines.gates.usual import Usual

LIST_SIZE, FIELDS, MASS_EDITS, SAME_TEXT = "list-size", "fields", "mass-edits", "same-text"
LENGTH, DATES = "length", "dates"
GATES = (LIST_SIZE, FIELDS, MASS_EDITS, SAME_TEXT, LENGTH, DATES, QUIET)

_MANY = 10
"""Fewer speeches than these are judged one by one, against their rows and their own earlier text."""
_FEW = 5
_FEWEST, _MOST = 0.8, 2.0
_ADDED = 20
"""A plenary session brings a dozen speeches at once, which may double a young list."""
_USUALLY = 0.8
"""What fewer of the known speeches have is not missed in new ones."""
_SHORT = 4
"""Texts of a session differ in length from those of a year by a factor of two or three."""
_SILENCES, _YEAR, _LONGEST = 3, 365, 3 * 365
"""A committee speaks at its yearly session at least; one wrong date must not allow a silence of decades."""


@frozen(kw_only=True)
class Gate:
    """A gate that a run has tripped: its name, the figure seen, that with which it is compared, and both in words.

    `accepted`: a person has looked and lets the run pass.
    """

    gate: str
    seen: float
    usual: float
    words: str
    accepted: bool = False

    def document(self) -> dict[str, Any]:
        """The entry in the run report."""
        return asdict(self)

    def figures(self) -> dict[str, Any]:
        """The entry in the decision of a commit."""
        return {"gate": self.gate, "seen": self.seen, "usual": self.usual}


@frozen(kw_only=True)
class Ran:
    """A run that has ended at `at`.

    `lists`: the rows of each list that was read to its end, by its section's name, empty where the site has one;
    `is_whole`: all were. `explained`: speeches of which the site itself says that they are gone. `quiet_days`: after
    how many days without a new speech the site is asked after; 0 for never, null to go by its own rhythm.
    """

    at: datetime
    lists: Mapping[str, int]
    is_whole: bool = False
    explained: int = 0
    quiet_days: int | None = None


def tripped(tally: Tally, texts: Texts, ran: Ran, usual: Usual, accept: Collection[str] = ()) -> tuple[Gate, ...]:
    """The gates that a run trips, those in `accept` marked so."""
    found = [
        *_list_size(ran, usual),
        *_fields(tally, usual),
        *_mass_edits(tally, usual),
        *_same_text(tally, texts),
        *_length(tally, texts, usual),
        *_dates(tally, usual),
        *_quiet(tally, ran, usual),
    ]
    return tuple(
        Gate(gate=name, seen=seen, usual=known, words=words, accepted=name in accept)
        for name, seen, known, words in found
    )


_Found = tuple[str, float, float, str]


def _list_size(ran: Ran, usual: Usual) -> Iterator[_Found]:
    """Rows are gone, more than the site explains, or have come, more than it publishes.

    A section without a single row is refused before anything is asked of it.
    """
    for section, listed in ran.lists.items():
        before = usual.listed(section)
        if before is None:
            continue
        now = listed + ran.explained
        is_halved = before - now >= _FEW and now * 2 <= before
        has_shrunk = before - now >= _MANY and now < before * _FEWEST
        # Speeches that are gone are looked at for weeks: they are no growth.
        has_grown = listed - before >= _ADDED and listed > before * _MOST
        if is_halved or has_shrunk or has_grown:
            name = f"the list of {section}" if section else "the list"
            yield LIST_SIZE, listed, before, f"{name} has {listed} rows, in the last good run {before}"
            return


def _fields(tally: Tally, usual: Usual) -> Iterator[_Found]:
    if tally.new < _MANY or not usual.is_known or usual.texts.number < _MANY:
        return
    for what, count, share in (
        ("a date", tally.dated, usual.texts.dated),
        ("a text from where it usually stands", tally.sound, usual.texts.sound),
    ):
        now = count / tally.new
        if share >= _USUALLY and now * 2 < share:
            words = f"{count} of {tally.new} speeches that were read have {what}, usually {share:.0%}"
            yield FIELDS, round(now, 3), round(share, 3), words
            return


def _mass_edits(tally: Tally, usual: Usual) -> Iterator[_Found]:
    """Most texts that were read again differ, and they are no small part of the archive."""
    changed = tally.counts["changed"]
    read = changed + tally.confirmed
    if changed >= _MANY and changed * 2 > read and changed * 10 > usual.present:
        yield MASS_EDITS, changed, read, f"{changed} of {read} known speeches that were read again have another text"


def _same_text(tally: Tally, texts: Texts) -> Iterator[_Found]:
    alike, read = texts.most_alike, len(texts.digests) + tally.confirmed
    if alike >= _MANY and alike * 2 > read:
        yield SAME_TEXT, alike, read, f"{alike} of {read} articles that were read have the very same text"


def _length(tally: Tally, texts: Texts, usual: Usual) -> Iterator[_Found]:
    collapsed = len(texts.collapsed)
    read = collapsed + tally.counts["changed"] + tally.confirmed
    if collapsed >= _MANY and collapsed * 2 > read:
        yield LENGTH, collapsed, read, f"of {collapsed} of {read} known speeches hardly any text is left"
    elif len(tally.lengths) >= _MANY and usual.is_known and usual.texts.number >= _MANY:
        now, before = median_low(tally.lengths), usual.texts.length
        if now * _SHORT < before:
            words = f"half of the texts that were read have at most {now} characters, usually {before}"
            yield LENGTH, now, before, words


def _dates(tally: Tally, usual: Usual) -> Iterator[_Found]:
    """The date of the page is taken for that of the speech. A row that says the same day confirms it, but for an
    archive that begins: so many speeches of one day are then the day of the page as well.
    """
    begins = usual.newest is None
    today = tally.of_today + (tally.of_today_listed if begins else 0)
    if today >= (_FEW if begins else _MANY) and today * 5 >= tally.dated * 4:
        yield DATES, today, tally.dated, f"{today} of {tally.dated} speeches that were read are dated today"


def _quiet(tally: Tally, ran: Ran, usual: Usual) -> Iterator[_Found]:
    newest = usual.newest
    if newest is None or not ran.is_whole or tally.counts["created"] or ran.quiet_days == 0:
        return
    by_rhythm = min(max(_SILENCES * usual.longest_silence, _YEAR), _LONGEST)
    most = timedelta(days=ran.quiet_days or by_rhythm)
    if ran.at - newest <= most or ran.at - (usual.quiet_accepted or newest) <= most:
        return
    days = (ran.at - newest).days
    yield QUIET, days, most.days, f"no new speech for {days} days, at most {most.days} are usual"
