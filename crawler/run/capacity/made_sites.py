"""The sites of a simulation, drawn by a seed: how large, on which host, how fast, and which never answer. Pure."""

from __future__ import annotations

import math
from random import Random

from crawler.run.capacity.assumed import Assumed
from pipelines.values import frozen

_FEWEST = 10
"""Requests of the smallest site: its section, a list and some speeches."""


@frozen(kw_only=True)
class MadeSite:
    """A site: its name, its host, the requests of its first crawl, the seconds that an answer takes, its faults."""

    site: str
    host: str
    pages: int
    seconds: float
    is_dead: bool = False
    is_limiting: bool = False


def drawing(seed: int, *of_what: str | int) -> Random:
    """What is drawn for one thing of a simulation: the same whatever else is drawn."""
    return Random("/".join(map(str, (seed, *of_what))))  # noqa: S311 - no secret


def made_sites(assumed: Assumed, seed: int) -> list[MadeSite]:
    """All sites. Each is drawn by itself, so that it stays the same in a fleet of more sites."""
    alone = assumed.sites - round(assumed.sites * assumed.on_platforms)
    return [_made(number, alone, assumed, drawing(seed, "site", number)) for number in range(assumed.sites)]


def _made(number: int, alone: int, assumed: Assumed, chance: Random) -> MadeSite:
    size = math.exp(chance.gauss(0.0, assumed.spread) - assumed.spread**2 / 2) if assumed.spread else 1.0
    site = f"site-{number:05d}"
    return MadeSite(
        site=site,
        host=site if number < alone else f"platform-{(number - alone) // assumed.a_platform}",
        pages=max(_FEWEST, round(assumed.pages * size)),
        seconds=assumed.slow_seconds if chance.random() < assumed.slow else assumed.seconds,
        is_dead=chance.random() < assumed.dead,
        is_limiting=chance.random() < assumed.limiting,
    )
