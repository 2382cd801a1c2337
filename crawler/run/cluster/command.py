"""What `scrapy fleet` and `scrapy worker` say of a cluster: options, and verbs that need its libraries only then."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crawler.run.arguments import WrongUse
from crawler.run.fleet.deployment import Deployment
from crawler.run.fleet.planning import candidates, chosen

_OF_EXTRA = frozenset({"psycopg", "psycopg_pool", "procrastinate"})
VARIABLE = "SPEECH_ARCHIVE_DATABASE"
DATABASE = f"PostgreSQL's connection string, or @FILE that holds it (default: ${VARIABLE})"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of `scrapy fleet queue --database` and `scrapy fleet database`."""
    add = parser.add_argument_group("queue, database").add_argument
    add("--cancel", metavar="SITE", help="take a site from the queue, or end its crawl, until its next slot")
    add("--now", metavar="SITE", help="put a site first into the queue, due or not, also one that was cancelled")
    add("--moved", action="store_true", help="the archives have moved, or the database is new; no worker runs")


@contextmanager
def extra_needed() -> Iterator[None]:
    """`WrongUse` where the libraries of a cluster are missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _OF_EXTRA:
            raise
        raise WrongUse(f"{error.name} is missing: pip install 'CHECKOUT-OR-WHEEL[cluster]'") from error


def database_told(opts: argparse.Namespace) -> str:
    """Make or upgrade the tables of a database; what was done."""
    with extra_needed():
        from crawler.run.cluster.schema import forget_place, migrate  # noqa: PLC0415 - of the extra
        from pipelines.catalogue.database import dsn_of, shown  # noqa: PLC0415

        dsn = dsn_of(opts.database, os.environ)
        done = migrate(dsn)
        if opts.moved:
            forget_place(dsn)
    lines = [f"{shown(dsn)}: {', '.join(done.done) or 'up to date'}"]
    if done.waiting:
        lines.append(f"to be run again when no worker of an older version is left: {', '.join(done.waiting)}")
    if opts.moved:
        lines.append("the next worker says where the archives are")
    return "\n".join(lines)


def is_meant(opts: argparse.Namespace) -> bool:
    """Whether `scrapy fleet queue` is that of a cluster: a database is given, here or by the environment."""
    return bool(opts.database or opts.cancel or opts.now or os.environ.get(VARIABLE))


def queue_told(deployment: Deployment, root: Path, opts: argparse.Namespace) -> str:
    """What runs, waits and failed of the sites that are asked for; or what became of the one that is ordered."""
    if opts.cancel and opts.now:
        raise WrongUse("--cancel, --now: give one of them")
    with extra_needed():
        from crawler.run.cluster.queue import orders, shown  # noqa: PLC0415 - of the extra
        from pipelines.catalogue.database import connected, dsn_of  # noqa: PLC0415

        dsn, now = dsn_of(opts.database, os.environ), datetime.now(UTC)
        with connected(dsn) as connection:
            others = shown.lines_of_others(connection, deployment.store, root)
            everything = list(candidates(deployment, root, now, others))
            if opts.cancel is not None:
                return orders.cancel(connection, orders.one_of(everything, "--cancel", opts.cancel), now)
            if opts.now is not None:
                return orders.crawl_now(connection, orders.one_of(everything, "--now", opts.now), now)
            rows = shown.cluster_rows(connection, chosen(everything, opts.sites), now)
    return json.dumps(rows, ensure_ascii=False) if opts.json else shown.cluster_table(rows)
