"""`scrapy worker`: crawl the sites that are due, with other workers, from a queue in PostgreSQL."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.commands import show_example
from crawler.run.arguments import WrongUse
from crawler.run.cluster.command import DATABASE, extra_needed
from crawler.run.fleet.deployment import DeploymentError, deployment_of
from crawler.run.fleet.one_loop import ending_on_signals, install_log, jobs_possible, run_in_loop
from crawler.run.fleet.precedence import add_deployment, add_worker
from crawler.run.prepare import check_names
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit
from pipelines.shown import harmless
from pipelines.verbs.processes import end_at_once

if TYPE_CHECKING:
    from crawler.run.cluster.worker import ClusterWorker

_MOST_JOBS = 1_000
_SHORTEST, _LONGEST = 0.5, 86_400.0
_ENDS = {"Again", "Failed", "JobAborted", "CancelledError"}
"""How jobs end that are no errors of the program; named, since their modules need the extra `cluster`."""
_HEARTBEATS = 3
"""Signs of life that must be missing before a worker is taken for dead."""


class Command(ScrapyCommand):
    """The command `scrapy worker`."""

    requires_project = True
    # The log's handler is ours: Scrapy replaces its own at the beginning of each crawl.
    default_settings: ClassVar[dict[str, object]] = {"LOG_INSTALL_ROOT_HANDLER": False}

    def syntax(self) -> str:
        return "[--fleet FILE] --database DSN|@FILE [--jobs N] [--migrate]"

    def short_desc(self) -> str:
        return "Crawl the sites of a deployment that are due, with other workers, from a queue in PostgreSQL"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "worker --database @/etc/speech-archive/database --jobs 50")
        add = parser.add_argument
        add("--fleet", type=Path, metavar="FILE", help="the deployment's file (default: fleet.toml in this folder)")
        add("--database", metavar="DSN", help=DATABASE)
        add("--jobs", type=int, metavar="N", help="sites at once (default: as the deployment says)")
        add("--migrate", action="store_true", help="make or upgrade the database's tables first")
        paces = parser.add_argument_group("paces, in seconds")
        add = paces.add_argument
        add("--enqueue-every", type=float, metavar="S", help="between two looks for what is due (default: 300)")
        add("--heartbeat", type=float, metavar="S", help="between two signs of life (default: 10)")
        add(
            "--stalled-after",
            type=float,
            metavar="S",
            help="a silent worker's jobs are given to others (default: 45)",
        )
        add("--gone-after", type=float, metavar="S", help="what waits for its machine may go to any (default: 600)")
        add("--poll", type=float, metavar="S", help="between two looks into the queue (default: 5)")
        add("--watch-every", type=float, metavar="S", help="between two looks for stale sites (default: 3600)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # until the worker installs its own handlers
            signal.signal(number, _end_before_it_began)
        try:
            if args:
                raise UsageError(f"{args[0]}: a worker takes options only", print_help=False)
            check_names(arglist_to_dict(opts.set))
            with extra_needed():
                self._work(opts)
        except (DeploymentError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ArchiveError as error:
            self._refuse(str(error), error.exit_status)
        end_at_once()

    def _work(self, opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None  # noqa: S101 - set by scrapy.cmdline before run()
        worker, process = self._worker(opts), self.crawler_process
        print(f"scrapy worker: {harmless(str(worker))}", file=sys.stderr, flush=True)
        with ending_on_signals(worker.stop):
            run_in_loop(
                worker.run(),
                lambda: process.start(stop_after_crawl=False, install_signal_handlers=False),
                threads=opts.jobs + 10,  # a name that does not resolve holds a thread for half a minute
            )
        self.exitcode = int(worker.exit_status)

    def _worker(self, opts: argparse.Namespace) -> ClusterWorker:
        from crawler.run.cluster.schema import migrate  # noqa: PLC0415 - libraries of the extra `cluster`
        from crawler.run.cluster.tasks import Pace  # noqa: PLC0415
        from crawler.run.cluster.worker import ClusterWorker  # noqa: PLC0415
        from pipelines.catalogue.database import dsn_of  # noqa: PLC0415

        assert self.settings is not None  # noqa: S101 - as above
        deployment = deployment_of(opts.fleet)
        add_deployment(self.settings, deployment)
        add_worker(self.settings)
        wanted = deployment.jobs if opts.jobs is None else opts.jobs
        if not 1 <= wanted <= _MOST_JOBS:
            raise WrongUse(f"--jobs {wanted}: must be a number of sites at once, 1 to {_MOST_JOBS}")
        opts.jobs = jobs_possible(wanted)
        if opts.jobs < wanted:
            print(
                f"scrapy worker: {opts.jobs} sites at once, not {wanted}: raise `ulimit -n` for more", file=sys.stderr
            )
        _check_paces(opts)
        given = {
            "enqueue": opts.enqueue_every,
            "heartbeat": opts.heartbeat,
            "stalled": opts.stalled_after,
            "gone": opts.gone_after,
            "poll": opts.poll,
            "watch": opts.watch_every,
        }
        pace = Pace(**{name: value for name, value in given.items() if value is not None})
        if pace.stalled < _HEARTBEATS * pace.heartbeat:
            least = (
                f"{_HEARTBEATS} times --heartbeat {pace.heartbeat:g}, or the jobs of living workers are taken away"
            )
            raise WrongUse(f"--stalled-after {pace.stalled:g}: must be at least {least}")
        dsn = dsn_of(opts.database, os.environ)
        install_log(self.settings.get("LOG_FILE"), self.settings["LOG_LEVEL"], self.settings["LOG_FORMAT"])
        logging.getLogger("procrastinate.worker").addFilter(_is_no_end_of_a_job)
        # It warns of each attempt while the database is away.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        if opts.migrate:
            migrate(dsn)
        return ClusterWorker(deployment, self.settings, dsn, opts.jobs, pace)

    def _refuse(self, message: str, status: int) -> None:
        print(f"scrapy worker: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)


def _end_before_it_began(*_: object) -> None:
    """End at once: an exception could be lost in a callback that raises it, and the signal with it."""
    os.write(sys.stderr.fileno(), b"scrapy worker: interrupted before it took a job\n")
    os._exit(int(Exit.INTERRUPTED))


def _check_paces(opts: argparse.Namespace) -> None:
    for name in ("enqueue_every", "heartbeat", "stalled_after", "gone_after", "poll", "watch_every"):
        value = getattr(opts, name)
        if value is not None and not _SHORTEST <= value <= _LONGEST:
            option = f"--{name.replace('_', '-')}"
            raise WrongUse(f"{option} {value:g}: must be seconds, {_SHORTEST:g} to {_LONGEST:.0f}")


def _is_no_end_of_a_job(record: logging.LogRecord) -> bool:
    """Whether procrastinate tells of something else, or of an error of the program.

    How a crawl ended, its journal and the log of its run tell.
    """
    if not str(getattr(record, "action", "")).startswith(("job_error", "job_aborted")):
        return True
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and type(error).__name__ not in _ENDS
