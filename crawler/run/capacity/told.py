"""What `scrapy fleet simulate` prints: the assumptions, and a line for each number of workers and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from crawler.run.capacity.assumed import Assumed, Cluster, Costs
from crawler.run.capacity.figures import Bound, Capacity
from pipelines.shown import aligned, counted

_NONE = "-"


def told(assumed: Assumed, cluster: Cluster, seed: int, least: Bound, rows: Sequence[Capacity]) -> str:
    """As text; `cluster`: one of those that were simulated."""
    when = f"in {cluster.hours}" if cluster.hours else "at any hour"
    lines = [
        f"{counted(assumed.sites, 'sites')} of {assumed.pages} requests in the mean, {cluster.schedule.text}, "
        f"{when}; delay {cluster.delay:g} s, answers {assumed.seconds:g} s, seed {seed}",
        f"first crawl: {least.requests} requests, {least.speeches} speeches, {least.gb_disk:.0f} GB; "
        f"{_slowest(least)} {_shown(least.hours)} h, which no worker shortens",
        "",
        aligned([_HEAD, *map(_row, rows)]),
        "",
        "Assumed, not measured (--json has all of it):",
        f"  {_percent(assumed.on_platforms)} of the sites lie {assumed.a_platform} to a host, and are crawled one "
        "at a time;",
        f"  {_percent(assumed.dead)} never answer, {_percent(assumed.fails)} of the crawls break off, "
        f"{_percent(assumed.slow)} of the sites take {assumed.slow_seconds:g} s an answer;",
        f"  {_percent(assumed.limiting)} answer 429 after {assumed.limit} requests; a worker is lost every "
        f"{assumed.days_between_losses:g} days.",
    ]
    return "\n".join(lines)


def as_json(
    assumed: Assumed, costs: Costs, cluster: Cluster, seed: int, least: Bound, rows: Sequence[Capacity]
) -> dict[str, object]:
    """As plain values."""
    return {
        "seed": seed,
        "delay": cluster.delay,
        "hours": str(cluster.hours) if cluster.hours else None,
        "schedule": cluster.schedule.text,
        "assumed": asdict(assumed),
        "costs": asdict(costs),
        "bound": asdict(least),
        "rows": [asdict(one) for one in rows],
    }


_HEAD = (
    "workers", "jobs", "first crawl h", "95 % h", "CPU", "a day's requests", "wait min", "crawl min", "store",
    "database/s", "missed", "lost", "GB memory",
)  # fmt: skip


def _row(one: Capacity) -> tuple[str, ...]:
    return (
        str(one.workers),
        str(one.jobs),
        _shown(one.fill_hours),
        _shown(one.most_hours),
        _NONE if one.cpu_share is None else _percent(one.cpu_share),
        _NONE if one.day_requests is None else str(one.day_requests),
        _shown(one.day_late_minutes),
        _shown(one.day_longest_minutes),
        _NONE if one.day_store is None else str(one.day_store),
        _shown(one.database_rate),
        str(one.unfinished),
        f"{one.losses} ({counted(one.broken_off, 'crawls')})",
        f"{one.gb_memory:.1f}",
    )


def _slowest(least: Bound) -> str:
    return f"the slowest host, {least.host}" + (f" with {least.sites} sites, takes" if least.sites > 1 else ", takes")


def _shown(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
