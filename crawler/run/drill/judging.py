"""Whether the promise was kept: nothing lost, nothing held or asked twice, nothing asked too soon. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from crawler.run.drill.evidence import Asked, Held, Killed, Served
from crawler.run.drill.plan import DATABASE
from pipelines.values import frozen

_ROUNDING = 1e-6
_LATELY = 5.0
"""Seconds beside the delay: reading a page and keeping it take less."""


@frozen
class Repeat:
    """An article that was asked for once more. `kill`: the one that explains it; null where none does."""

    article: str
    at: float
    kill: Killed | None


@frozen
class TooSoon:
    """A request that came `gap` seconds after the one before it."""

    path: str
    at: float
    gap: float


@frozen(kw_only=True)
class Judgement:
    """What is wrong with one site, and the articles that a kill made a worker ask for again.

    Args:
        site: its name.
        lost: speeches, by native id, that the archive lacks, or of which it holds another text.
        held_twice: lines, by native id, of which the archive holds two.
        asked_twice: articles asked for again that no kill explains.
        asked_again: those that a kill explains: the answer had not reached the archive when the worker died.
        too_soon: requests closer to the one before them than the delay.
        problems: of `verify`.
    """

    site: str
    lost: tuple[str, ...] = ()
    held_twice: tuple[str, ...] = ()
    asked_twice: tuple[Repeat, ...] = ()
    asked_again: tuple[Repeat, ...] = ()
    too_soon: tuple[TooSoon, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.held_twice or self.asked_twice or self.too_soon or self.problems)


@frozen(kw_only=True)
class TakenOver:
    """A site that was under way when something was killed. `by` asked it next, `after` so many seconds."""

    site: str
    by: str
    after: float


def judge(served: Served, held: Held | None, kills: Sequence[Killed]) -> Judgement:
    """One site after one round: its server's log begins with the round.

    Args:
        served: what the server saw and knows.
        held: the archive; null where there is none.
        kills: of the round.
    """
    repeats = asked_more_than_once(served, held, kills)
    return Judgement(
        site=served.site,
        lost=lost(served, held),
        held_twice=held_twice(held) if held else (),
        asked_twice=tuple(one for one in repeats if one.kill is None),
        asked_again=tuple(one for one in repeats if one.kill is not None),
        too_soon=too_soon(served.asked, served.delay),
        problems=held.problems if held else ("there is no archive",),
    )


def lost(served: Served, held: Held | None) -> tuple[str, ...]:
    """Speeches that the site shows and the archive lacks, or of which it holds another text."""
    latest = held.latest if held else {}
    return tuple(sorted(one for one, text in served.texts.items() if latest.get(one) != text))


def held_twice(held: Held) -> tuple[str, ...]:
    """Lines that say the same of the same speech."""
    return tuple(sorted(line[0] for line, count in Counter(held.lines).items() if count > 1))


def too_soon(asked: Sequence[Asked], delay: float) -> tuple[TooSoon, ...]:
    """Requests that arrived sooner after the one before them than the delay, whoever sent the two."""
    return tuple(
        TooSoon(later.path, later.at, later.at - before.at)
        for before, later in pairwise(sorted(asked, key=lambda one: one.at))
        if later.at - before.at < delay - _ROUNDING
    )


def asked_more_than_once(served: Served, held: Held | None, kills: Sequence[Killed]) -> tuple[Repeat, ...]:
    """Speeches whose articles were asked for again; one of several pages counts once each time.

    A kill of a worker explains one whose answer was under way, the last that it asked the site for: what the worker
    had got lies in the archive, and is read by whoever goes on. What a site withholds is asked for in every run.
    """
    under_way = [(kill, _last_before(kill, served.asked)) for kill in kills]
    asked: dict[str, list[Asked]] = {}
    for one in sorted(served.asked, key=lambda one: one.at):
        if one.article in served.texts:
            asked.setdefault(one.path, []).append(one)
    found: dict[tuple[str, int], Repeat] = {}
    for path, each in asked.items():
        answered = held.answered.get(path, 0) if held else 0
        for number, repeat in enumerate(_repeats(each, len(each) - answered, under_way)):
            known = found.setdefault((repeat.article, number), repeat)
            if known.kill is not None and repeat.kill is None:
                found[repeat.article, number] = repeat
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _last_before(kill: Killed, asked: Iterable[Asked]) -> Asked | None:
    """The last request of a worker before its kill: it asks a site for one thing at a time."""
    own = (one for one in asked if one.who == kill.what and one.at <= kill.at)
    return max(own, key=lambda one: one.at, default=None)


def _repeats(
    asked: Sequence[Asked], unanswered: int, under_way: Sequence[tuple[Killed, Asked | None]]
) -> Iterator[Repeat]:
    """All requests of one page but the first; kills explain as many of them as were never answered."""
    for before, one in pairwise(asked):
        kill = next((kill for kill, last in under_way if last == before and kill.at <= one.at), None)
        explained = kill if unanswered > 0 else None
        unanswered -= explained is not None
        yield Repeat(one.article or "", one.at, explained)


def taken_over(kill: Killed, served: Iterable[Served], kills: Iterable[Killed]) -> tuple[TakenOver, ...]:
    """The sites that were under way at what was killed, and who asked them next after how long.

    A site is under way that was asked lately, by the worker that was killed and since its kill before, if any, and
    is asked again afterwards. A kill of the database concerns all sites under way.
    """
    earlier = max((one.at for one in kills if one.what == kill.what and one.at < kill.at), default=0.0)
    found = []
    for site in served:
        before = [one for one in site.asked if max(earlier, kill.at - _LATELY - site.delay) < one.at <= kill.at]
        after = next((one for one in site.asked if one.at > kill.at), None)
        if before and after and kill.what in {before[-1].who, DATABASE}:
            found.append(TakenOver(site=site.site, by=after.who, after=after.at - kill.at))
    return tuple(found)
