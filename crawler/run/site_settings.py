"""Settings of our spiders, in addition to the project's: they keep to one site and write an archive.

Not in `crawler.settings`, so that `scrapy shell`, `fetch`, `view` and other people's spiders work in this project as
in any other. Each line that departs from a default of Scrapy 2.19 names the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapy.settings import BaseSettings

SITE_ONLY: dict[str, Any] = {
    "DOWNLOAD_FAIL_ON_DATALOSS": False,  # default True: servers send a wrong length; AnotherTryMiddleware decides
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # default ERROR: the run report names every failure
    "RETRY_HTTP_CODES": [],  # default [500, …]: AnotherTryMiddleware handles answers, this one exceptions
    "METAREFRESH_ENABLED": False,  # default True
    "REDIRECT_ENABLED": False,  # default True: Fetcher follows redirects of pages, the robots.txt middleware its own
    "HTTPPROXY_ENABLED": False,  # default True: the archive keeps the site's answers, not a proxy's
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # default 100
        "crawler.http.middlewares.Rfc9309RobotsMiddleware": 100,
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # default 590
        "crawler.http.middlewares.StrictCompressionMiddleware": 590,
        "crawler.http.middlewares.AnotherTryMiddleware": 545,  # above decompression (590), next to Retry (550)
        "crawler.http.breaker.BreakerMiddleware": 560,  # below Retry: it sees every try
        "crawler.http.gate.GateMiddleware": 990,  # nearest to the download, so that every request passes it
    },
    "DOWNLOADER": "crawler.http.transport.downloader.ShortDownloader",  # the same stations for less CPU
    "STATS_CLASS": "crawler.run.counts.Counts",  # default MemoryStatsCollector: as above
    # default: data, file, ftp and s3 too, and a redirect to file:// would open a file of this machine
    "DOWNLOAD_HANDLERS": {
        **dict.fromkeys(("http", "https"), "crawler.http.gate.GuardedHandler"),
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    # default on: it drops addresses above 2,083 characters, which would be neither captured nor reported
    "SPIDER_MIDDLEWARES": {"scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None},
    "EXTENSIONS": {"crawler.http.ending.Ending": 0, "crawler.http.politeness.pacing.Pacing": 0},
    "DOWNLOAD_DELAY_JITTER": 0,  # default 0.5: Pacing keeps requests apart, from the end of one to the next
}
"""A spider that keeps to the hosts of one site (`crawler.http.gate.OfSite`)."""

ARCHIVING: dict[str, Any] = {
    **SITE_ONLY,
    "DOWNLOAD_HANDLERS": {
        **SITE_ONLY["DOWNLOAD_HANDLERS"],
        **dict.fromkeys(("http", "https"), "crawler.http.capture.CapturingHandler"),
    },
    "DOWNLOADER_MIDDLEWARES": {
        **SITE_ONLY["DOWNLOADER_MIDDLEWARES"],
        "crawler.replay.left.AnswersLeftMiddleware": 995,  # in place of the download, behind the gate
    },
    # Stages in the order of processing.
    "ITEM_PIPELINES": {
        "pipelines.stages.Normalise": 100,
        "pipelines.stages.Keep": 300,
        "pipelines.stages.Feed": 900,  # after all stages that a project adds
    },
    "EXTENSIONS": {
        **SITE_ONLY["EXTENSIONS"],
        "crawler.run.witness.ClockWitness": 0,
        "crawler.run.meanwhile.Meanwhile": 0,
        "crawler.run.scraping.ShortScraping": 0,
        "crawler.crawl.ahead.reading.ReadingAhead": 0,
        "crawler.run.progress.ProgressBar": 500,
    },
}
"""A spider with a prepared job: captures and items go into its archive."""

_COMPONENTS = ("DOWNLOADER_MIDDLEWARES", "DOWNLOAD_HANDLERS", "SPIDER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES")


def add_to(settings: BaseSettings, ours: Mapping[str, Any]) -> None:
    """Set `ours` with a spider's priority.

    Components go into the `…_BASE` settings: a user's `-s DOWNLOADER_MIDDLEWARES=…` then adds to ours, where it would
    replace them, and Crawl-delay, retries and the archive with them.
    """
    for name, value in ours.items():
        if name in _COMPONENTS:
            base = f"{name}_BASE"
            settings.set(base, {**settings.getdict(base), **value}, priority="spider")
        else:
            settings.set(name, value, priority="spider")
