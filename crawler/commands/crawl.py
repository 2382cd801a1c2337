"""`scrapy crawl speeches`: Scrapy's command with an honest exit status.

Scrapy's own returns 0 for a crawl that got nothing; here the run is judged and sealed after it ended, and the verdict
is the exit status (docs/operations.md has the list).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from scrapy.commands import BaseRunSpiderCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import default_settings
from scrapy.utils.conf import arglist_to_dict

from crawler import settings as crawler_settings
from crawler.agent import user_agent
from crawler.arguments import ARGUMENTS, Arguments, WrongUse
from crawler.job import CrawlJob
from crawler.notes import notes
from crawler.occasion import REPROCESS
from crawler.profile import ProfileError
from crawler.reread import reread
from crawler.run import finish, prepare
from crawler.summary import summary
from pipelines.archive.errors import ArchiveError
from pipelines.archive.write.writer import Sealed
from pipelines.health import Exit, Verdict
from pipelines.verbs.output import harmless

_SPIDER = "speeches"


class Command(BaseRunSpiderCommand):
    """The command `scrapy crawl`."""

    requires_project = True

    def syntax(self) -> str:
        return f"speeches -a site=NAME {' '.join(f'[-a {name}=…]' for name in ARGUMENTS if name != 'site')}"

    def short_desc(self) -> str:
        return "Crawl the leader speeches of a site into its archive"

    def long_desc(self) -> str:
        arguments = "\n".join(f"  -a {name}=…  {meaning}" for name, meaning in ARGUMENTS.items())
        return f"{self.short_desc()}.\n\n{arguments}\n"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args != [_SPIDER]:
            raise UsageError(f"the one spider is {_SPIDER!r}: scrapy crawl {self.syntax()}", print_help=False)
        if opts.output or opts.overwrite_output:
            raise UsageError("-o and -O are not for archives: every crawl writes its own", print_help=False)
        # Until the crawl installs handlers of its own, both signals end it here and nothing is lost.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._crawl(opts)
        except KeyboardInterrupt:
            self._refuse("interrupted before the crawl began; run the same command again", Exit.INTERRUPTED)

    def _crawl(self, opts: argparse.Namespace) -> None:
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        assert self.crawler_process is not None  # noqa: S101 - likewise
        try:
            _check_names(arglist_to_dict(opts.set))
            job = prepare(Arguments.parse(opts.spargs), self.settings)
        except (ProfileError, WrongUse) as error:
            self._refuse(str(error), Exit.WRONG_USE)
            return
        except ArchiveError as error:
            self._refuse(str(error), error.exit_status)
            return
        if job.occasion.kind == REPROCESS:
            self._end(job, *self._reread(job))
            return
        # They advise to keep broken answers, and say at each page what the summary says once.
        logging.getLogger("scrapy.core.downloader.handlers.http11").setLevel(logging.ERROR)
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        logging.getLogger("scrapy.core.downloader.tls").setLevel(logging.ERROR)
        recorded = job.occasion.recorded
        own = recorded.settings() if recorded else {"USER_AGENT": user_agent(self.settings, job.hosts, "crawl")}
        self.settings.setdict(own, priority="cmdline")
        crawler = self._create_crawler(_SPIDER)
        self.crawler_process.crawl(crawler, job=job)
        self.crawler_process.start()
        ended = crawler.stats.get_value("finish_reason") if crawler.stats else None
        if self.crawler_process.bootstrap_failed:
            job.report.refuse(Exit.INTERNAL_ERROR, "the crawl could not start; the log says why")
        job.report.notes.update(notes(crawler))
        self._end(job, *finish(job, ended, *_figures(crawler)))

    def _reread(self, job: CrawlJob) -> tuple[Verdict, Sealed | None]:
        """Without an engine: the archive is read, the site is not."""
        ended: str | None = "finished"
        try:
            asyncio.run(reread(job))
        except KeyboardInterrupt:
            ended = None
        return finish(job, ended, {}, {})

    def _end(self, job: CrawlJob, judged: Verdict, sealed: Sealed | None) -> None:
        self.exitcode = int(judged.exit_status)
        try:
            print(summary(job, judged, sealed), flush=True)
        except BrokenPipeError:
            # Whoever read our output has seen enough; the run is sealed, and the interpreter must not flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _refuse(self, message: str, status: int) -> None:
        print(f"scrapy crawl: {harmless(message)}", file=sys.stderr)
        self.exitcode = int(status)


def _check_names(given: Mapping[str, str]) -> None:
    """Refuse a setting that nobody reads: a misspelt DOWNLOAD_DELAY would be no delay at all."""
    known = {name for module in (default_settings, crawler_settings) for name in vars(module) if name.isupper()}
    for name in given.keys() - known:
        like = get_close_matches(name, known, 1)
        raise WrongUse(f"-s {name}=…: no such setting{f'; did you mean {like[0]}?' if like else ''}")


def _figures(crawler: Crawler) -> tuple[dict[str, Any], dict[str, Any]]:
    """Traffic and politeness of a finished crawl, for the run report."""
    stats = crawler.stats.get_stats() if crawler.stats else {}
    traffic = {key: stats[key] for key in sorted(stats) if key.startswith(("downloader/", "retry/"))}
    robots = {key: stats[key] for key in sorted(stats) if key.startswith("robotstxt/")}
    settings = crawler.settings
    politeness = {
        "user_agent": settings["USER_AGENT"],
        "obeys_robots_txt": settings.getbool("ROBOTSTXT_OBEY"),
        "robots_txt": robots,
        "delay_seconds": settings.getfloat("DOWNLOAD_DELAY"),
        "retry_times": settings.getint("RETRY_TIMES"),
        "requests_at_once": settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"),
    }
    return traffic, politeness
