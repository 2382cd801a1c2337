"""What our spiders set beside the project's settings: they keep to one site, and an archive stands behind them.

Not in `crawler.settings`, so that `scrapy shell`, `fetch`, `view` and other people's spiders work in this project as
in any other. Each line that departs from a default of Scrapy 2.19 says from what.
"""

from __future__ import annotations

from typing import Any

SITE_ONLY: dict[str, Any] = {
    "DOWNLOAD_FAIL_ON_DATALOSS": False,  # default True: servers name a wrong length; AnotherTryMiddleware judges
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # default ERROR: the run report names what could not be had
    "RETRY_HTTP_CODES": [],  # default [500, …]: AnotherTryMiddleware judges answers, this one exceptions
    "METAREFRESH_ENABLED": False,  # default True
    "REDIRECT_ENABLED": False,  # default True: Fetcher follows those of pages, robots.txt's own middleware its own
    "HTTPPROXY_ENABLED": False,  # default True: the archive says what the site answered, not a proxy
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # default 100
        "crawler.http.middlewares.Rfc9309RobotsMiddleware": 100,
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # default 590
        "crawler.http.middlewares.StrictCompressionMiddleware": 590,
        "crawler.http.middlewares.AnotherTryMiddleware": 545,  # above the decompression (590), beside Retry (550)
        "crawler.http.breaker.BreakerMiddleware": 560,  # below Retry: it sees every try
        "crawler.http.gate.GateMiddleware": 990,  # nearest to the download: nothing gets past it
    },
    # default: data, file, ftp and s3 too, and a redirect to file:// would open a file of this machine
    "DOWNLOAD_HANDLERS": {
        **dict.fromkeys(("http", "https"), "crawler.http.gate.GuardedHandler"),
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    # default on: it drops addresses above 2,083 characters, which are neither captured nor told then
    "SPIDER_MIDDLEWARES": {"scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None},
    "EXTENSIONS": {"crawler.http.ending.Ending": 0},
}
"""A spider that keeps to the hosts of one site (`crawler.http.gate.OfSite`)."""

ARCHIVING: dict[str, Any] = {
    **SITE_ONLY,
    "DOWNLOAD_HANDLERS": {
        **SITE_ONLY["DOWNLOAD_HANDLERS"],
        **dict.fromkeys(("http", "https"), "crawler.http.capture.CapturingHandler"),
    },
    # Stages in the order of processing.
    "ITEM_PIPELINES": {
        "pipelines.stages.Normalise": 100,
        "pipelines.stages.Keep": 300,
        "pipelines.stages.Feed": 900,  # behind whatever else a project adds
    },
    "EXTENSIONS": {
        **SITE_ONLY["EXTENSIONS"],
        "crawler.run.witness.ClockWitness": 0,
        "crawler.run.progress.Progress": 500,
    },
}
"""A spider with a prepared job: what comes over the wire and out of the pages goes into its archive."""
