"""A drill from its parts to its judgement: a round in which everything fails, and one in which nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crawler.run.drill.evidence import Held, write_requests
from crawler.run.drill.holdings import catalogue_problems, held
from crawler.run.drill.judging import judge
from crawler.run.drill.parts import Parts
from crawler.run.drill.plan import Kill, kills_of
from crawler.run.drill.rounds import Passed, Round
from crawler.run.drill.told import Drilled, Found
from pipelines.shown import counted

_OF_A_SPEECH, _OF_A_SITE = 2.5, 12
"""Requests: a speech of a replica has one page or two, and a counter; lists, withheld articles and robots.txt."""
_TO_TAKE_OVER = 90.0
"""Seconds that the work of a killed process may stand still."""
_ANSWER = 0.1
"""Seconds that an answer may take."""
_SPARE = 4
"""So many times the seconds that the delays alone take, a round may last: machines differ."""


def drill(parts: Parts, tell: Callable[[str], None]) -> Drilled:
    """Two rounds over the same sites, and the catalogue after them.

    Args:
        parts: ready.
        tell: is told what happens.
    """
    wanted = parts.wanted
    tell(f"round 1: {counted(wanted.sites, 'sites')}, {counted(wanted.workers, 'workers')}, kills and failures")
    with parts.failures(wanted.store_failures):
        passed = one_round(parts, kills_of(wanted), tell)
    found, archives = _judged(parts, passed, {})
    rounds = [found]
    if wanted.rounds > 1:
        tell("round 2: all sites once more, and nothing fails")
        parts.make_due()
        rounds.append(_judged(parts, one_round(parts, (), tell), archives)[0])
    proved = [parts.proved(len(rounds)) / site for site in parts.sites.names]
    return Drilled(wanted=wanted, rounds=tuple(rounds), catalogue=catalogue_problems(parts.dsn, proved))


def one_round(parts: Parts, kills: Sequence[Kill], tell: Callable[[str], None]) -> Passed:
    """Start the workers, let every site be crawled once, and stop them."""
    wanted = parts.wanted
    requests = (_OF_A_SPEECH * wanted.speeches + _OF_A_SITE) * wanted.sites
    going = Round(parts, kills, round(requests), tell)
    for machine in parts.machines:
        machine.start()
    at_once = min(wanted.sites, wanted.workers * wanted.jobs)
    passed = going.run(_SPARE * requests * (wanted.delay + _ANSWER) / at_once + _TO_TAKE_OVER * (1 + len(kills)))
    for machine in parts.machines:
        machine.stop()
    return passed


def _judged(parts: Parts, passed: Passed, before: Mapping[str, Held | None]) -> tuple[Found, dict[str, Held | None]]:
    """A round, judged, and what the archives hold after it; `before` it, where each site is to be crawled once."""
    number = 1 + bool(before)
    store = parts.store()
    archives = {site: held(store, site, parts.proved(number)) for site in parts.sites.names}
    served = parts.sites.served(parts.wanted.delay)
    write_requests(parts.folder / f"requests-{number}.tsv", served)
    found = Found(
        passed=passed,
        served=served,
        judgements=tuple(judge(one, archives[one.site], passed.kills) for one in served),
        crawled={site: _crawls(archives[site]) - _crawls(was) for site, was in before.items()},
    )
    return found, archives


def _crawls(archive: Held | None) -> int:
    return archive.crawls if archive else 0
