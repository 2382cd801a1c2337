"""The kill drill: its judge sees every loss, duplicate and impatience that is planted, and a real one passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.run.drill.evidence import DATABASE, Asked, Held, Killed, Served, Text
from crawler.run.drill.judging import Judgement, TakenOver, judge, taken_over

DELAY = 0.5
TEXTS = {str(n): Text(f"第{n}次", "2020-01-01", f"各位委员，第{n}次。") for n in range(1, 5)}
KILL = Killed(3.2, "worker-1")
"""While worker 1 waits for the counter of article 3."""


def article(number: int, page: int = 1) -> str:
    return f"/Item/Show.asp?m=1&d={number}" + (f"&p={page}" if page > 1 else "")


def asked(*paths: str, since: float = 0.0, who: str = "worker-1") -> tuple[Asked, ...]:
    """Requests that are as far apart as the delay demands."""
    return tuple(Asked(since + place * DELAY, path, who) for place, path in enumerate(paths))


FIRST = asked("/robots.txt", "/Item/list.asp?id=5", *map(article, (1, 2)), "/item/GetHits.asp?ID=2", article(3))
GOES_ON = asked("/Item/list.asp?id=5", article(3), article(4), since=6.0, who="worker-2")
SERVED = Served(site="drill-001", delay=DELAY, asked=(*FIRST, *GOES_ON), texts=TEXTS)
HELD = Held(latest=TEXTS, lines=tuple((one, "created", 1, 1) for one in TEXTS), crawls=2, problems=())


def after(served: Served = SERVED, held: Held | None = HELD, kills: tuple[Killed, ...] = (KILL,)) -> Judgement:
    return judge(served, held, kills)


def test_what_a_kill_explains_is_well() -> None:
    judged = after()
    assert judged.is_well
    assert [(one.article, one.kill) for one in judged.asked_again] == [("1-3", KILL)]


def test_losses_are_seen() -> None:
    without = {one: text for one, text in TEXTS.items() if one != "2"}
    altered = {**TEXTS, "3": replace(TEXTS["3"], body="各位委员")}
    assert after(held=replace(HELD, latest=without)).lost == ("2",)
    assert after(held=replace(HELD, latest=altered)).lost == ("3",)
    nothing = after(held=None)
    assert (nothing.lost, nothing.problems) == (tuple(TEXTS), ("there is no archive",))
    assert not any(one.is_well for one in (after(held=replace(HELD, latest=without)), nothing))


def test_lines_held_twice_and_broken_archives_are_seen() -> None:
    twice = after(held=replace(HELD, lines=(*HELD.lines, ("4", "created", 1, 1))))
    broken = after(held=replace(HELD, problems=("versions/2026/00000001.jsonl.gz: missing",)))
    assert (twice.held_twice, twice.is_well, broken.is_well) == (("4",), False, False)
    # What the site changed is a line of its own.
    assert after(held=replace(HELD, lines=(*HELD.lines, ("4", "changed", 2, 1)))).is_well


def test_articles_asked_twice_are_seen() -> None:
    def repeats(*more: Asked, kills: tuple[Killed, ...] = (KILL,)) -> tuple[list[str], list[str]]:
        judged = after(replace(SERVED, asked=(*SERVED.asked, *more)), kills=kills)
        assert judged.is_well == (not judged.asked_twice)
        return [one.article for one in judged.asked_twice], [one.article for one in judged.asked_again]

    assert repeats(kills=()) == (["1-3"], [])
    assert repeats(kills=(replace(KILL, what=DATABASE),)) == (["1-3"], [])
    assert repeats(kills=(replace(KILL, what="worker-2"),)) == (["1-3"], [])
    assert repeats(kills=(replace(KILL, at=9.9),)) == (["1-3"], [])
    # A kill explains one article of a site, and explains it once.
    assert repeats(*asked(article(2), since=8.0, who="worker-2")) == (["1-2"], ["1-3"])
    assert repeats(*asked(article(3), since=8.0, who="worker-2")) == (["1-3"], ["1-3"])
    assert repeats(*asked(article(4), article(4), since=8.0)) == (["1-4", "1-4"], ["1-3"])
    # Lists, counters and robots.txt are asked again by whoever goes on.
    assert repeats(*asked("/robots.txt", "/item/GetHits.asp?ID=2", since=8.0)) == ([], ["1-3"])


def test_an_article_of_several_pages_counts_once() -> None:
    pages = (article(3), article(3, 2))
    first, again = asked(*pages, since=2.0), asked(*pages, since=6.0, who="worker-2")
    judged = after(replace(SERVED, asked=(*first, *again)))
    assert [(one.article, one.kill) for one in judged.asked_again] == [("1-3", KILL)]
    assert judged.is_well


@pytest.mark.parametrize("who", ["worker-1", "worker-2"])
def test_requests_too_soon_are_seen_whoever_sends_them(who: str) -> None:
    early = Asked(FIRST[-1].at + DELAY - 0.001, article(4), who)
    judged = after(replace(SERVED, asked=(*FIRST, early)), kills=())
    assert [(one.path, round(one.gap, 3)) for one in judged.too_soon] == [(article(4), 0.499)]
    assert not judged.is_well


def test_who_takes_over_and_when() -> None:
    ended = Served(site="drill-002", delay=DELAY, asked=FIRST, texts=TEXTS)
    others = Served(site="drill-003", delay=DELAY, asked=asked(*map(article, range(20)), who="worker-2"), texts={})
    sites = (SERVED, ended, others)
    assert taken_over(KILL, sites) == (TakenOver(site="drill-001", by="worker-2", after=6.0 - KILL.at),)
    assert [one.site for one in taken_over(Killed(3.2, DATABASE), sites)] == ["drill-001", "drill-003"]
