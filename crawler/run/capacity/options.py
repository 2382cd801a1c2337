"""The arguments of `scrapy fleet simulate`, and the simulation that they ask for."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime

from crawler.run.arguments import WrongUse
from crawler.run.capacity.assumed import Assumed, Cluster, Costs
from crawler.run.capacity.figures import bound, capacity
from crawler.run.capacity.made_sites import made_sites
from crawler.run.capacity.simulation import simulate
from crawler.run.capacity.told import as_json, told
from crawler.run.fleet.deployment import Deployment
from crawler.sites.schedule import Hours, Schedule

_BEGINS = datetime(2026, 1, 4, 16, tzinfo=UTC)
"""A Monday's midnight in Shanghai: no run depends on the day on which it is made."""
_USUAL = Assumed()
_WORKERS, _MANY = "1,3", "50"
_MOST = {"--sites": 20_000, "--pages": 100_000, "--workers": 1_000, "--jobs": 1_000}
"""What is simulated in minutes; `jobs` as in fleet.toml."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those that no other subcommand of `scrapy fleet` has."""
    add = parser.add_argument
    add("--pages", metavar="N", help=f"simulate: requests of a site's first crawl, in the mean ({_USUAL.pages})")
    add("--workers", metavar="N,…", help=f"simulate: processes, a core each ({_WORKERS}); drill: a number (3)")
    add(
        "--jobs",
        metavar="N,…",
        help="simulate: sites that each crawls at once (`jobs` of fleet.toml, and 50); drill: a number (8)",
    )
    add("--seed", type=int, default=1, metavar="N", help="simulate, drill: another draws other faults (1)")


def simulated(deployment: Deployment | None, opts: argparse.Namespace) -> str:
    """What is to be printed; pace and jobs are the deployment's where there is one.

    Raises:
        WrongUse: an argument is no such number.
    """
    cluster = _cluster(deployment)
    assumed = replace(
        _USUAL,
        sites=_number("--sites", opts.sites[-1] if opts.sites else _USUAL.sites),
        pages=_number("--pages", opts.pages or _USUAL.pages),
    )
    jobs = opts.jobs or ",".join(dict.fromkeys((str(cluster.jobs), _MANY)))
    clusters = [
        replace(cluster, workers=workers, jobs=each)
        for workers in _numbers("--workers", opts.workers or _WORKERS)
        for each in _numbers("--jobs", jobs)
    ]
    costs = Costs()
    made = made_sites(assumed, opts.seed)
    rows = [capacity(simulate(made, one, assumed, costs, opts.seed, _BEGINS), one, costs) for one in clusters]
    least = bound(made, cluster, costs)
    if opts.json:
        return json.dumps(as_json(assumed, costs, cluster, opts.seed, least, rows), ensure_ascii=False)
    return told(assumed, cluster, opts.seed, least, rows)


def _cluster(deployment: Deployment | None) -> Cluster:
    if deployment is None:
        return Cluster()
    return Cluster(
        jobs=deployment.jobs,
        delay=deployment.delay,
        hours=Hours.parse(deployment.hours) if deployment.hours else None,
        schedule=Schedule.parse(deployment.schedule),
    )


def _numbers(option: str, given: str) -> list[int]:
    return [_number(option, one) for one in given.split(",")]


def _number(option: str, given: str | int) -> int:
    text, most = str(given).strip(), _MOST[option]
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise WrongUse(f"{option} {text}: must be a number, 1 to {most}")
    return int(text)
