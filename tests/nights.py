"""Crawls of one site on many nights of a made clock: `python -m tests.nights ROOT PROFILE URL FIRST LAST`.

Prints the number, the exit status and the summary of each as JSON lines.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from scrapy.settings import Settings

from crawler import settings as project_settings
from crawler.run.arguments import Arguments
from crawler.run.in_process import _crawl, _reactor
from crawler.run.prepare import prepare

_FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)
_LATER = (0, 40, 15)
"""Minutes after which nights begin: no schedule keeps the second."""


def moment(night: int, hours: int = 0) -> datetime:
    """When a night's crawl begins, or some hours later."""
    return _FIRST + timedelta(days=night - 1, minutes=_LATER[night % len(_LATER)], hours=hours)


def main(root: str, profile: str, url: str, first: str, last: str) -> None:
    """Crawl on each of the nights."""
    given = {"site": "gszx", "profile": profile, "start_url": url, "accept": "clock"}
    for night in range(int(first), int(last) + 1):
        settings = Settings()
        settings.setmodule(project_settings, priority="project")
        own = {"ARCHIVE_ROOT": root, "DOWNLOAD_DELAY": 0, "RETRY_TIMES": 1, "LOG_LEVEL": "ERROR"}
        settings.setdict(own, priority="cmdline")
        job = prepare(Arguments.parse(given), settings, clock=partial(moment, night))
        outcome = _crawl(_reactor(), job, settings)
        told = {"night": night, "status": int(outcome.exit_status), "summary": outcome.summary}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
