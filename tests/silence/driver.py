"""`python -m tests.silence.driver`: crawls as `scrapy crawl` does, many in one process, to save their starting.

Reads one JSON object a line ({"arguments", "settings"}), writes one ({"exit", "message"}) when that crawl has ended.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from scrapy.utils.defer import deferred_f_from_coro_f
from scrapy.utils.project import get_project_settings
from scrapy.utils.reactor import install_reactor

from crawler.arguments import Arguments
from crawler.run import finish, prepare
from crawler.spiders.speeches import SpeechesSpider
from pipelines.archive.errors import ArchiveError


async def crawl(order: dict[str, Any], base: Settings) -> dict[str, Any]:
    """One crawl, from its arguments to its sealed commit."""
    settings = base.copy()
    settings.setdict(order["settings"], priority="cmdline")
    try:
        job = prepare(Arguments.parse(order["arguments"]), settings)
    except ArchiveError as error:
        return {"exit": error.exit_status, "message": str(error)}
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(SpeechesSpider)
    await runner.crawl(crawler, job=job)
    assert crawler.stats is not None
    judged, _ = finish(job, crawler.stats.get_value("finish_reason"), {}, {})
    return {"exit": int(judged.exit_status), "message": judged.message}


async def work(_: object) -> None:
    base = get_project_settings()
    logging.disable(logging.CRITICAL)
    for line in iter(sys.stdin.readline, ""):
        print(json.dumps(await crawl(json.loads(line), base)), flush=True)


if __name__ == "__main__":
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet.task import react

    react(deferred_f_from_coro_f(work))
