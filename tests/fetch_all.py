"""Fetches addresses through the capturing handler as a crawl does: `python -m tests.fetch_all FOLDER URL…`.

Prints a JSON line for each: url, status (null on an error), error, and where it was kept; then the counts. With
`--no-client` first, what our client leans on is gone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.http.capture import capture
from crawler.http.fetch import FAILURES
from crawler.run.site_settings import SITE_ONLY
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.payloads import KeptPayloads
from pipelines.archive.write.captures import CaptureFiles
from pipelines.health import RunReport

SETTINGS = {
    "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.http.capture.CapturingHandler"),
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
        "crawler.http.middlewares.StrictCompressionMiddleware": 590,
    },
    "COOKIES_ENABLED": False, "RETRY_ENABLED": False, "REDIRECT_ENABLED": False, "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False, "LOG_LEVEL": "ERROR",
    "DOWNLOAD_FAIL_ON_DATALOSS": SITE_ONLY["DOWNLOAD_FAIL_ON_DATALOSS"],
    "DOWNLOAD_TIMEOUT": 1.5, "RETRY_TIMES": 0, "DOWNLOAD_MAXSIZE": 32 << 20,
    "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "gzip, deflate", "X-oDd": "Yes"},
}  # fmt: skip


class FetchAll(Spider):
    """Fetches its addresses one after the other."""

    name = "fetch-all"

    def __init__(self, captures: CaptureFiles, report: RunReport, urls: list[str]) -> None:
        super().__init__()
        self.captures, self.report, self.urls = captures, report, urls

    def now(self) -> str:
        return "2026-01-01T00:00:00Z"

    def stop(self, error: ArchiveError) -> None:
        raise error

    async def start(self) -> AsyncIterator[Any]:
        for url in self.urls:
            print(json.dumps(await self._fetch(url)), flush=True)
        return
        yield

    async def _fetch(self, url: str) -> dict[str, Any]:
        body = b"a=1&b=2" if url.endswith("?post") else b""
        meta = {"handle_httpstatus_all": True}
        request = Request(url, NO_CALLBACK, meta=meta, method="POST" if body else "GET", body=body, dont_filter=True)
        engine = self.crawler.engine
        assert engine is not None
        try:
            response: Response = await engine.download_async(request)
        except FAILURES as error:
            kept = await request.meta["arrival"].kept
            return {"url": url, "status": None, "error": type(error).__name__, "kept": kept and kept._asdict()}
        found = await capture("article", 1, response)
        return {"url": url, "status": response.status, "error": None, "kept": asdict(found)}


def main() -> None:
    """Fetch and write."""
    arguments = sys.argv[1:]
    if arguments[0] == "--no-client":
        sys.modules["crawler.http.transport.client"] = None  # type: ignore[assignment]
        arguments = arguments[1:]
    folder = Path(arguments[0])
    files = CaptureFiles(
        folder, folder, lambda n: f"{n:05d}.warc.gz", {"software": "test"}, KeptPayloads(), 2_000_000
    )
    report = RunReport(site="raw", run="r", mode="full", start_url="", started_at="")
    process = CrawlerProcess(SETTINGS)
    process.crawl(FetchAll, captures=files, report=report, urls=arguments[1:])
    process.start()
    files.close()
    print(json.dumps({"fallback": report.capture_fallback, **files.counts}))


if __name__ == "__main__":
    main()
