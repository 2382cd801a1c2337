"""Names and paces that all workers of a cluster share."""

from __future__ import annotations

from pipelines.values import frozen

CRAWL = "crawl"
"""The task, and the queue for any worker."""
FLEET_QUEUE = "fleet"
"""The queue of what keeps the others in order: it must not wait behind long crawls."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@frozen(kw_only=True)
class Pace:
    """How often what is done, in seconds.

    Args:
        enqueue: between two looks for sites that are due; with 3,200 of them a look takes 8 s of one worker's core.
        heartbeat: between two signs of life of a worker.
        stalled: without a sign of life, after which its jobs are given to others.
        gone: without a worker at a place, after which jobs whose staging lies there are given to any.
        poll: between two looks into the queue, for what its notifications have missed.
        watch: between two looks for sites that nobody has crawled for too long, and of each worker at all sites.
    """

    enqueue: float = 300.0
    heartbeat: float = 10.0
    stalled: float = 45.0
    gone: float = 600.0
    poll: float = 5.0
    watch: float = 3_600.0


def at_place(place: str) -> str:
    """The queue of jobs whose staging lies at a place."""
    return f"{CRAWL}@{place}"


def cron_of(seconds: float) -> str:
    """The cron line, whose last field are seconds, of what is done about every so many seconds; at least daily."""
    if seconds < _MINUTE:
        return f"* * * * * */{max(1, round(seconds))}"
    if seconds < _HOUR:
        return f"*/{round(seconds / _MINUTE)} * * * *"
    return "0 * * * *" if seconds < _DAY else "0 4 * * *"
