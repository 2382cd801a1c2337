"""What a drill does: how many of everything, and the moments of its kills, chosen by its seed. Pure."""

from __future__ import annotations

import random
from pathlib import Path

from pipelines.values import frozen

DATABASE = "PostgreSQL"
FOLDER = "folder"
"""A store of the drill's own: a folder that all workers reach."""
NO_STORE = "none"
"""Archives lie only in the archive root, which the workers then share."""
_EARLIEST, _LATEST = 0.05, 0.8
"""Shares of a round's requests between which is killed: before, nobody works; after, some are idle."""
_LONGEST_DOWN = 3.0
"""Seconds after which what was killed is started again, as a service manager would."""


@frozen(kw_only=True)
class Wanted:
    """What a drill is to be.

    Args:
        sites: replicas.
        speeches: of each.
        delay: seconds between two requests to one site.
        workers: processes.
        jobs: sites at once of each worker.
        kills: of workers.
        database_kills: of PostgreSQL.
        store_failures: share of the time, of an S3 store of the requests, that the store fails.
        heartbeat: seconds between two signs of life of a worker; the other paces of workers are in proportion.
        rounds: 1, in which everything fails, or 2, with one after it in which nothing does.
        seed: of everything that is chosen at random.
        is_one_machine: the workers share their folder of archives and their host clocks.
        store: `FOLDER`, `NO_STORE`, or the address of an object store that is empty there.
        database: an empty one, its DSN or `@FILE` that holds it; null for a PostgreSQL of one's own.
        keep: where everything is left to be looked at; null for a folder that is removed.
    """

    sites: int = 40
    speeches: int = 20
    delay: float = 0.5
    workers: int = 3
    jobs: int = 8
    kills: int = 5
    database_kills: int = 2
    store_failures: float = 0.1
    heartbeat: float = 10.0
    rounds: int = 2
    seed: int = 1
    is_one_machine: bool = False
    store: str = FOLDER
    database: str | None = None
    keep: Path | None = None


@frozen
class Kill:
    """A kill that is to come.

    Args:
        share: of the requests of the round after which it happens.
        choice: of the workers that are at work then, by its place from 0 to below 1; null for the database.
        down: seconds after which it is started again.
    """

    share: float
    choice: float | None
    down: float


def kills_of(wanted: Wanted) -> list[Kill]:
    """The kills of a round, in order."""
    chance = random.Random(wanted.seed)  # noqa: S311 - moments, no secrets
    victims = ["worker"] * wanted.kills + [DATABASE] * wanted.database_kills
    kills = [
        Kill(
            chance.uniform(_EARLIEST, _LATEST),
            None if victim == DATABASE else chance.random(),
            chance.uniform(0.0, _LONGEST_DOWN),
        )
        for victim in victims
    ]
    return sorted(kills, key=lambda kill: kill.share)
