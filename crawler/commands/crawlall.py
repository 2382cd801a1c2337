"""`scrapy crawlall`: crawl many sites of a deployment in one process, those that are due or all."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.commands import show_example
from crawler.commands.crawl import add_quiet, keep_quiet
from crawler.run.arguments import WrongUse
from crawler.run.attempt import verdict_on
from crawler.run.fleet.crawl_all import NothingMeant, Wanted, crawl_all, plan
from crawler.run.fleet.deployment import Deployment, DeploymentError, deployment_of
from crawler.run.fleet.one_loop import install_log, jobs_possible
from crawler.run.fleet.precedence import add_deployment
from crawler.run.fleet.told import end_table, plan_table, quiet_table
from crawler.run.prepare import check_names
from crawler.sites.profile import ProfileError
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit, needs_person
from pipelines.shown import harmless
from pipelines.verbs.processes import end_at_once

_MOST_JOBS = 1_000


class Command(ScrapyCommand):
    """The command `scrapy crawlall`."""

    requires_project = True
    # The log's handler is ours: Scrapy replaces its own at the beginning of each crawl.
    default_settings: ClassVar[dict[str, object]] = {"LOG_INSTALL_ROOT_HANDLER": False}

    def syntax(self) -> str:
        return "[--fleet FILE] [--sites GLOB|tag:NAME] [--due] [--jobs N] [--max-hours H] [--plan] [--quiet]"

    def short_desc(self) -> str:
        return "Crawl the sites of a deployment, many at once, each into its own archive"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "crawlall --due --jobs 20")
        add = parser.add_argument
        add("--fleet", type=Path, metavar="FILE", help="the deployment's file (default: fleet.toml in this folder)")
        add("--sites", action="append", default=[], metavar="GLOB", help="only these: names, globs, tag:NAME")
        add("--due", action="store_true", help="only sites that are due by their schedule")
        add("--jobs", type=int, metavar="N", help="sites at once (default: as the deployment says)")
        add("--max-hours", type=float, metavar="H", help="stop after so many hours; the next run goes on")
        add("--plan", action="store_true", help="show what would be crawled, when and why; crawl nothing")
        add_quiet(parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        keep_quiet(self.settings, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        # Until the run installs its own handlers, both signals end it here, and nothing is lost.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if args:
                raise UsageError(f"give sites as --sites {args[0]}", print_help=False)
            check_names(arglist_to_dict(opts.set))
            self._crawl(opts)
        except KeyboardInterrupt:
            self._refuse("interrupted before a crawl began; run the same command again", Exit.INTERRUPTED)
        except (DeploymentError, NothingMeant, ProfileError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ArchiveError as error:
            is_told = not opts.quiet or needs_person(error.exit_status, verdict_on(error).name)
            self._refuse(str(error), error.exit_status, is_told=is_told)
        end_at_once()

    def _crawl(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        assert self.crawler_process is not None  # noqa: S101 - as above
        deployment = deployment_of(opts.fleet)
        add_deployment(self.settings, deployment)
        wanted = _wanted(opts, deployment)
        if opts.plan:
            self._show_plan(deployment, wanted)
            return
        if deployment.store:
            remedy = (
                "run `speech-archive worker` (one site now: `speech-archive fleet queue --database DSN --now SITE`), "
            )
            remedy += "or leave `store` out and copy them by `speech-archive sync push`"
            raise WrongUse(f"{deployment.file}: store: crawlall copies no archives from there or to it: {remedy}")
        install_log(self.settings.get("LOG_FILE"), self.settings["LOG_LEVEL"], self.settings["LOG_FORMAT"])
        process = self.crawler_process
        root = Path(self.settings["ARCHIVE_ROOT"]).expanduser().absolute()
        done, ended = crawl_all(
            deployment,
            self.settings,
            wanted,
            lambda: process.start(stop_after_crawl=False, install_signal_handlers=False),
            lambda: datetime.now(UTC),
        )
        self.exitcode = int(done.exit_status)
        if told := quiet_table(done, ended, root) if opts.quiet else end_table(done):
            try:
                print(told, flush=True)
            except BrokenPipeError:
                # The reader of our output closed the pipe; the interpreter must not flush again.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _show_plan(self, deployment: Deployment, wanted: Wanted) -> None:
        assert self.settings is not None  # noqa: S101 - as in _crawl()
        root = Path(self.settings["ARCHIVE_ROOT"]).expanduser().absolute()
        planned = plan(deployment, root, wanted, datetime.now(UTC))
        print(plan_table(planned.meant, {one.site for one in (*planned.now, *planned.broken)}))
        self.exitcode = int(Exit.WRONG_USE if planned.broken else Exit.COMPLETE)

    def _refuse(self, message: str, status: int, *, is_told: bool = True) -> None:
        if is_told:
            print(f"scrapy crawlall: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)


def _wanted(opts: argparse.Namespace, deployment: Deployment) -> Wanted:
    jobs = deployment.jobs if opts.jobs is None else opts.jobs
    if not 1 <= jobs <= _MOST_JOBS:
        raise WrongUse(f"--jobs {jobs}: must be a number of sites at once, 1 to {_MOST_JOBS}")
    if opts.max_hours is not None and not opts.max_hours > 0:
        raise WrongUse(f"--max-hours {opts.max_hours:g}: must be a number of hours above 0")
    possible = jobs if opts.plan else jobs_possible(jobs)
    if possible < jobs:
        print(f"scrapy crawlall: {possible} sites at once, not {jobs}: raise `ulimit -n` for more", file=sys.stderr)
    sites = tuple(one for given in opts.sites for one in given.split(",") if one)
    if opts.sites and not sites:  # a variable that is not set must not mean all of them
        raise WrongUse(f"--sites {','.join(opts.sites)!r}: names no site, glob or tag:NAME")
    return Wanted(sites=sites, due=opts.due, jobs=possible, max_hours=opts.max_hours)
