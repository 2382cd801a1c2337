"""`scrapy crawl speeches`: Scrapy's command with the verdict as exit status. Other spiders are run by Scrapy's own.

That one returns 0 for a crawl that captured nothing; here the run gets its verdict and is sealed after it ended
(docs/operations.md lists the exit statuses).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

from scrapy.commands import crawl
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.utils.conf import arglist_to_dict

from crawler.commands import show_example
from crawler.replay.occasion import REPROCESS
from crawler.run.arguments import ARGUMENTS, LATEST, Arguments, WrongUse
from crawler.run.attempt import attempting, enter_broken_profile, verdict_on
from crawler.run.fleet.deployment import DeploymentError
from crawler.run.fleet.precedence import arguments_here
from crawler.run.job import CrawlJob
from crawler.run.prepare import check_names, prepare
from crawler.sites.profile import ProfileError
from pipelines.archive.errors import ArchiveError
from pipelines.display.terminal import print_summary
from pipelines.exits import Exit, needs_person
from pipelines.shown import harmless
from pipelines.verbs.processes import end_at_once

if TYPE_CHECKING:
    from crawler.run.ending.outcome import Outcome

_SPIDER = "speeches"


class Command(crawl.Command):
    """The command `scrapy crawl`."""

    def syntax(self) -> str:
        return f"speeches -a site=NAME {' '.join(f'[-a {name}=…]' for name in ARGUMENTS if name != 'site')}"

    def short_desc(self) -> str:
        return "Crawl the leader speeches of a site into its archive"

    def long_desc(self) -> str:
        arguments = "\n".join(f"  -a {name}=…  {meaning}" for name, meaning in ARGUMENTS.items())
        return f"{self.short_desc()}.\n\n{arguments}\n"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "crawl gszx -s ARCHIVE_CONTACT=you@example.org")
        add_quiet(parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        keep_quiet(self.settings, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self._is_quiet = opts.quiet
        if args != [_SPIDER]:
            self._check_spider(args)
            super().run(args, opts)
            return
        # Until the crawl installs its own handlers, both signals end it here, and nothing is lost.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._crawl(opts)
        except KeyboardInterrupt:
            self._refuse("interrupted before the crawl began; run the same command again", Exit.INTERRUPTED)
        end_at_once()

    def _check_spider(self, args: list[str]) -> None:
        assert self.crawler_process is not None  # noqa: S101 - set by scrapy.cmdline before run()
        spiders = self.crawler_process.spider_loader.list()
        if len(args) != 1 or args[0] not in spiders:
            known = ", ".join(sorted(spiders))
            raise UsageError(f"name one spider of {known}: scrapy crawl {self.syntax()}", print_help=False)

    def _crawl(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        try:
            check_names(arglist_to_dict(opts.set))
            _check_feeds(opts)
            arguments = self._arguments(opts)
            with attempting(arguments, self.settings) as attempt:
                job = prepare(arguments, self.settings)
                outcome = self._reread(job) if job.occasion.kind == REPROCESS else self._crawled(job)
                attempt.end(outcome)
        except (ProfileError, WrongUse, DeploymentError) as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ArchiveError as error:
            self._refuse(str(error), error.exit_status, verdict_on(error).name)
        else:
            self._end(outcome)

    def _arguments(self, opts: argparse.Namespace) -> Arguments:
        assert self.settings is not None  # noqa: S101 - as in _crawl()
        try:
            return arguments_here(opts.spargs, self.settings)
        except ProfileError as error:
            enter_broken_profile(str(opts.spargs.get("site", "")), self.settings, error)
            raise

    def _crawled(self, job: CrawlJob) -> Outcome:
        assert self.crawler_process is not None  # noqa: S101 - set by scrapy.cmdline before run()
        crawler = self._create_crawler(_SPIDER)
        self.crawler_process.crawl(crawler, job=job)
        self.crawler_process.start()
        _ignore_signals()
        if self.crawler_process.bootstrap_failed:
            job.report.refuse(Exit.INTERNAL_ERROR, "the crawl could not start; the log says why")
        from crawler.run.ending.outcome import seal  # noqa: PLC0415 - `Meanwhile` has imported it

        return seal(crawler, job)

    def _reread(self, job: CrawlJob) -> Outcome:
        """Without an engine: the archive is read, the site is not."""
        from crawler.replay.reread import reread  # noqa: PLC0415 - a crawl begins without
        from crawler.run.ending.outcome import finish  # noqa: PLC0415 - as above

        ended: str | None = "finished"
        try:
            asyncio.run(reread(job, may_start=True))
        except KeyboardInterrupt:
            ended = None
        _ignore_signals()
        return finish(job, ended, {}, {})

    def _end(self, outcome: Outcome) -> None:
        assert self.settings is not None  # noqa: S101 - as in _crawl()
        self.exitcode = int(outcome.exit_status)
        if self._is_quiet and not needs_person(outcome.exit_status, outcome.verdict.name):
            return
        has_data = "stdout:" in self.settings.getdict("FEEDS")
        try:
            print_summary(outcome.summary, sys.stderr if has_data else sys.stdout)
        except BrokenPipeError:
            # The reader of our output closed the pipe; the run is sealed, and the interpreter must not flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _refuse(self, message: str, status: int, verdict: str = "") -> None:
        if not self._is_quiet or needs_person(status, verdict):
            print(f"scrapy crawl: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that cron runs: it mails what they print."""
    parser.add_argument("--quiet", action="store_true", help="print only what needs a person: for cron")


def keep_quiet(settings: BaseSettings | None, opts: argparse.Namespace) -> None:
    """With `--quiet` warnings are only in the log of the crawl."""
    if settings is not None and opts.quiet and not opts.loglevel:
        settings.set("LOG_LEVEL", "ERROR", priority="cmdline")


def _check_feeds(opts: argparse.Namespace) -> None:
    if opts.spargs.get("replay") == LATEST and (opts.output or opts.overwrite_output):
        raise WrongUse(f"-o and -O cannot be combined with -a replay={LATEST}, which crawls nothing")


def _ignore_signals() -> None:
    """Ignore signals from here on: a second Ctrl-C must not interrupt the seal, and the process ends by itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
