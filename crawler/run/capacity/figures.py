"""What a simulation says of a fleet: hours of the first crawl, how a day goes, what it takes of machines. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from crawler.run.capacity.assumed import Cluster, Costs
from crawler.run.capacity.crawls import speeches_of
from crawler.run.capacity.made_sites import MadeSite
from crawler.run.capacity.simulation import Simulated
from pipelines.values import frozen

_HOUR, _DAY = 3_600.0, 86_400.0
_MOST = 0.95
_MB_IN_GB = 1_000.0
_KB_IN_GB = 1_000_000.0


@frozen(kw_only=True)
class Capacity:
    """One row of the table; seconds and hours as the names say, null where the fill did not end within a year.

    Args:
        workers, jobs: of the cluster.
        fill_hours: until the first crawl of every site that answers had everything.
        most_hours: until that of 95 % of them had.
        cpu_share: of the workers' cores, during the fill.
        day_crawls, day_requests: of the day that followed.
        day_late_minutes: the longest time that a crawl of that day waited for a worker or for its host.
        day_longest_minutes: the longest crawl of that day.
        day_store: requests to the store on that day.
        database_rate: transactions of the database a second on that day, in the mean.
        unfinished: sites that had not had their turn a day later.
        losses, broken_off: workers lost in the whole time, and crawls that it broke off.
        gb_memory: of all workers, with all jobs under way.
    """

    workers: int
    jobs: int
    fill_hours: float | None
    most_hours: float | None
    cpu_share: float | None
    day_crawls: int | None
    day_requests: int | None
    day_late_minutes: float | None
    day_longest_minutes: float | None
    day_store: int | None
    database_rate: float | None
    unfinished: int
    losses: int
    broken_off: int
    gb_memory: float


@frozen(kw_only=True)
class Bound:
    """What no number of workers changes.

    Args:
        host, sites, hours: the host whose sites take longest one after another, how many they are, and their hours.
        requests, speeches: of the first crawl.
        gb_disk: of all archives after it, captures included.
    """

    host: str
    sites: int
    hours: float
    requests: int
    speeches: int
    gb_disk: float


def capacity(found: Simulated, cluster: Cluster, costs: Costs) -> Capacity:
    """Of one simulation."""
    night = found.night
    day = [one for one in found.crawls if night is not None and night <= one.due < night + _DAY]
    filled = sorted(found.filled.values()) if night is not None else []
    memory = cluster.workers * (costs.mb_worker + cluster.jobs * costs.mb_site)
    return Capacity(
        workers=cluster.workers,
        jobs=cluster.jobs,
        fill_hours=filled[-1] / _HOUR if filled else None,
        most_hours=filled[math.ceil(len(filled) * _MOST) - 1] / _HOUR if filled else None,
        cpu_share=found.cpu / (cluster.workers * filled[-1]) if filled else None,
        day_crawls=len(day) if filled else None,
        day_requests=sum(one.asked for one in day) if filled else None,
        day_late_minutes=max((one.began - one.due for one in day), default=0.0) / 60 if filled else None,
        day_longest_minutes=max((one.ended - one.began for one in day), default=0.0) / 60 if filled else None,
        day_store=len(day) * costs.store_again if filled else None,
        database_rate=(len(day) * costs.database_crawl / _DAY + cluster.workers * costs.database_second)
        if filled
        else None,
        unfinished=found.unfinished,
        losses=found.losses,
        broken_off=found.broken_off,
        gb_memory=memory / _MB_IN_GB,
    )


def bound(sites: Sequence[MadeSite], cluster: Cluster, costs: Costs) -> Bound:
    """Of a fleet: the slowest host, and what its archives take."""
    live = [one for one in sites if not one.is_dead]
    seconds: dict[str, float] = dict.fromkeys((one.host for one in live), 0.0)
    for one in live:
        seconds[one.host] += one.pages * (cluster.delay + one.seconds)
    host = max(seconds, key=lambda host: (seconds[host], host), default="")
    requests = sum(one.pages for one in live)
    share = cluster.hours.length.total_seconds() / _DAY if cluster.hours else 1.0
    return Bound(
        host=host,
        sites=sum(one.host == host for one in live),
        hours=seconds.get(host, 0.0) / _HOUR / share,
        requests=requests,
        speeches=sum(speeches_of(one.pages, costs) for one in live),
        gb_disk=requests * costs.kb_page / _KB_IN_GB,
    )
