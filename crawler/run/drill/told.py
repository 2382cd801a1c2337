"""What a drill found: as tables for people, and as a document for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from crawler.run.drill.evidence import Killed, Served
from crawler.run.drill.judging import Judgement, taken_over
from crawler.run.drill.plan import Wanted
from crawler.run.drill.rounds import Passed
from pipelines.shown import aligned
from pipelines.values import frozen

SCHEMA = "drill/1"
_SAID = (
    "seed", "sites", "speeches", "delay", "workers", "jobs", "kills", "database_kills", "store_failures", "heartbeat",
    "is_one_machine",
)  # fmt: skip
"""What of a drill's wishes makes it another one; an address may hold what is nobody's business."""


@frozen(kw_only=True)
class Found:
    """A round and its judgement.

    Args:
        passed: how it went.
        served: what the servers saw of it.
        judgements: one a site.
        crawled: how often each site was crawled, where that is to be once; else empty.
    """

    passed: Passed
    served: tuple[Served, ...]
    judgements: tuple[Judgement, ...]
    crawled: dict[str, int]

    @property
    def is_well(self) -> bool:
        """Whether every site is complete and nothing is wrong."""
        is_once = all(times == 1 for times in self.crawled.values())
        return is_once and not self.passed.open and all(one.is_well for one in self.judgements)

    def smallest_gap(self) -> float | None:
        """Seconds between two requests to one site; null without any two."""
        moments = (sorted(one.at for one in site.asked) for site in self.served)
        return min((later - before for found in moments for before, later in pairwise(found)), default=None)

    def problems(self) -> Iterator[str]:
        """Everything that is wrong, a line each."""
        for site in self.passed.open:
            yield f"{site}: not complete when the drill's time was over"
        for site, times in self.crawled.items():
            if times != 1:
                yield f"{site}: crawled {times} times in this round"
        for one in self.judgements:
            yield from (f"{one.site}: {speech}: lost, or held with another text" for speech in one.lost)
            yield from (f"{one.site}: {speech}: a line is held twice" for speech in one.held_twice)
            yield from (f"{one.site}: article {it.article} asked again at {it.at:.1f} s" for it in one.asked_twice)
            yield from (f"{one.site}: {it.path} after {it.gap:.3f} s, at {it.at:.1f} s" for it in one.too_soon)
            yield from (f"{one.site}: {problem}" for problem in one.problems)


@frozen(kw_only=True)
class Drilled:
    """What was asked for, all rounds, and what is wrong with the catalogue after the last one."""

    wanted: Wanted
    rounds: tuple[Found, ...]
    catalogue: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether the promise was kept."""
        return not self.catalogue and all(one.is_well for one in self.rounds)


def told(drilled: Drilled) -> str:
    """The tables of a drill."""
    parts = []
    for number, found in enumerate(drilled.rounds, 1):
        parts += [f"round {number}", *_kill_table(found), aligned(_facts(found)), *found.problems(), ""]
    is_equal = "equals the one made anew from the archives"
    parts += ["catalogue", *(drilled.catalogue or [is_equal]), ""]
    parts.append("the promise was kept" if drilled.is_well else "the promise was NOT kept: see above")
    return "\n".join(parts)


def _kill_table(found: Found) -> list[str]:
    rows = [
        (
            kill["killed"],
            f"{kill['at']:.1f} s",
            str(kill["under_way"]),
            _span(kill["taken_over_after"]),
            str(kill["asked_again"]),
            str(kill["lost"]),
        )
        for kill in _kills(found)
    ]
    head = ("killed", "at", "sites under way", "asked on after", "articles asked again", "lost")
    return [aligned([head, *rows])] if rows else []


def _facts(found: Found) -> list[tuple[str, ...]]:
    document = _document(found)
    gap = document["smallest_gap"]
    passed = found.passed
    return [
        *([("kills", f"{len(passed.kills)} of {passed.planned}")] if passed.planned else []),
        ("sites complete", f"{document['complete']} of {document['sites']}, in {passed.seconds:.0f} s"),
        ("speeches held", f"{document['speeches'] - document['lost']} of {document['speeches']}"),
        ("lines held twice", str(document["held_twice"])),
        ("articles asked twice", f"{document['asked_twice']}, and {document['asked_again']} again after a kill"),
        ("asked too soon", f"{document['too_soon']} of {passed.requests} requests"),
        (
            "smallest gap",
            "-" if gap is None else f"{gap:.3f} s; {found.served[0].delay:g} s are asked for",
        ),
        ("archives proved", f"{document['proved']} of {document['sites']}"),
        *([("crawled once", f"{document['crawled_once']} of {document['sites']}")] if found.crawled else []),
    ]


def document_of(drilled: Drilled) -> dict[str, Any]:
    """The same as `drill/1`; moments are seconds on the servers' clock, which begins with the drill."""
    return {
        "schema": SCHEMA,
        "is_well": drilled.is_well,
        "wanted": {name: getattr(drilled.wanted, name) for name in _SAID},
        "rounds": [_document(one) for one in drilled.rounds],
        "catalogue": list(drilled.catalogue),
    }


def _document(found: Found) -> dict[str, Any]:
    judged = found.judgements
    gap = found.smallest_gap()
    return {
        "sites": len(judged),
        "complete": len(judged) - len(found.passed.open),
        "seconds": round(found.passed.seconds, 1),
        "requests": found.passed.requests,
        "kills": _kills(found),
        "kills_planned": found.passed.planned,
        "speeches": sum(len(site.texts) for site in found.served),
        "lost": sum(len(one.lost) for one in judged),
        "held_twice": sum(len(one.held_twice) for one in judged),
        "asked_twice": sum(len(one.asked_twice) for one in judged),
        "asked_again": sum(len(one.asked_again) for one in judged),
        "too_soon": sum(len(one.too_soon) for one in judged),
        "smallest_gap": None if gap is None else round(gap, 4),
        "proved": sum(not one.problems for one in judged),
        "crawled_once": sum(times == 1 for times in found.crawled.values()) if found.crawled else None,
        "problems": list(found.problems()),
    }


def _kills(found: Found) -> list[dict[str, Any]]:
    return [_kill(kill, found) for kill in found.passed.kills]


def _kill(kill: Killed, found: Found) -> dict[str, Any]:
    taken = taken_over(kill, found.served, found.passed.kills)
    sites = {one.site for one in taken}
    return {
        "killed": kill.what,
        "at": round(kill.at, 1),
        "under_way": len(taken),
        "taken_over_after": [round(seconds, 1) for seconds in sorted(one.after for one in taken)],
        "asked_again": sum(again.kill == kill for one in found.judgements for again in one.asked_again),
        "lost": sum(len(one.lost) for one in found.judgements if one.site in sites),
    }


def _span(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    return f"{seconds[0]:.1f} s" if len(seconds) == 1 else f"{seconds[0]:.1f} to {seconds[-1]:.1f} s"
