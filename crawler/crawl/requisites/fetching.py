"""Fetches what the pages of a crawl need to look as they did: at its end, once for ever, and never at its cost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from crawler.crawl.requisites.named import Requisites, of_page, of_sheet
from crawler.http.decode import as_text
from crawler.http.ending import Stopping
from crawler.http.fetch import Fetcher, failed, recognised_file
from crawler.http.middlewares import Undecodable
from crawler.http.redirects import is_redirect, redirect_of
from crawler.pages.page import Page
from crawler.replay.answers import stored_answer
from crawler.run.job import CrawlJob
from crawler.sites.profile import USUAL_MB
from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.payloads import Kept
from pipelines.reasons import Reason
from pipelines.stored.distant import OutOfReach
from pipelines.warc.records import WarcDamaged

MOST_A_RUN = 200
"""Requests of one run: many times what a template has; over three minutes at the usual delay."""
_MOST_NOTED = 20_000  # addresses held in memory; pages of a hostile site may name any number


class PageRequisites:
    """Collects the requisites of a crawl's pages, and requests those that the archive has no answer of.

    They are requested when the crawl has nothing else to do, so that no speech waits for one, and sheets before the
    rest. A failure is a note in the run report.
    """

    def __init__(self, crawler: Crawler, job: CrawlJob, fetcher: Fetcher) -> None:
        self.crawler, self.job, self.fetcher = crawler, job, fetcher
        self.largest = (job.profile.attachment_mb or USUAL_MB) << 20
        self._sheets: dict[str, Request] = {}
        self._files: dict[str, Request] = {}
        self._seen: set[str] = set()
        self._asked = 0
        self._layout = Layout(job.folder, elsewhere=job.elsewhere)
        self._reading: asyncio.Future[None] | None = None
        # What no WARC file keeps is not worth a request.
        self.is_on = job.profile.page_requisites and job.captures and not job.arguments.plan_only
        if self.is_on:
            crawler.signals.connect(self.idle, signals.spider_idle)

    def of(self, page: Page | None) -> Requisites:
        """What a page names, to be asked before the page is read: readers may take elements out of its tree."""
        return of_page(page) if self.is_on and page is not None else Requisites((), ())

    def note(self, found: Requisites, attachments: Iterable[str] = ()) -> None:
        """Take what a list or an article needs; the attachments of its speech are fetched as such, or never."""
        local = self.fetcher.hosts.local
        others = {local(url) for url in attachments}
        self._add(self._sheets, found.sheets)
        self._add(self._files, (url for url in found.files if local(url) not in others))

    def _add(self, waiting: dict[str, Request], urls: Iterable[str]) -> None:
        for url in urls:
            local = self.fetcher.hosts.local(url)
            if local is None or local in self._seen or len(self._seen) >= _MOST_NOTED:
                continue
            self._seen.add(local)
            request = self.fetcher.file_request(local, self.largest)
            # An address that fails is asked again by the next run that needs it.
            request.meta["dont_retry"] = True
            waiting[request.url] = request

    def idle(self) -> None:
        """Request what is left to be requested; the crawl goes on until it has come."""
        engine = self.crawler.engine
        if self.job.report.refusal is not None or engine is None:
            return
        asked = False
        while not asked and (self._sheets or self._files):
            for request in self._due():
                engine.crawl(request)
                asked = True
        if asked or (self._reading is not None and not self._reading.done()):
            raise DontCloseSpider

    def _due(self) -> list[Request]:
        """The next requests: of sheets, and when there are none left, of what pages and sheets show."""
        is_sheets = bool(self._sheets)
        waiting = self._sheets if is_sheets else self._files
        requests = list(waiting.values())
        waiting.clear()
        due: list[Request] = []
        again: list[Kept] = []
        for request in requests:
            if self.job.archive.captures.has_stored(request.url):
                if is_sheets and (kept := self.job.archive.captures.newest(request.url)):
                    again.append(kept)
            else:
                due.append(request.replace(callback=self.sheet if is_sheets else self.file, errback=self.lost))
        if self.job.elsewhere is None:
            for kept in again:
                self._again(_stored(self._layout, kept))
        elif again:
            self._reading = asyncio.ensure_future(self._fetched_again(again))
        left = MOST_A_RUN - self._asked
        if due[left:]:
            self._tell(f"page requisites left: at most {MOST_A_RUN} are requested in a run", len(due[left:]))
        self._asked += len(due[:left])
        return due[:left]

    def sheet(self, response: Response) -> None:
        """Callback of a style sheet: what it names is requested next, but nothing that imported sheets name."""
        if self._is_file(response, self._sheets):
            self._read(response)

    def file(self, response: Response) -> None:
        """Callback of everything else."""
        self._is_file(response, self._files)

    def _is_file(self, response: Response, waiting: dict[str, Request]) -> bool:
        """Whether the file came; a redirect within the site is an address to be requested next."""
        try:
            target = redirect_of(response)
        except ValueError:
            self._failed(Reason.BAD_URL)
            return False
        if target is None:
            reason = recognised_file(response).reason
        else:
            local = self.fetcher.hosts.redirected(target)
            reason = Reason.FOREIGN_HOST if local is None else None
            self._add(waiting, (local,) if local else ())
        if reason is not None:
            self._failed(reason)
        return target is None and reason is None

    def lost(self, failure: Failure) -> None:
        """Errback: no answer came."""
        error = failure.value
        if error is not None and not isinstance(error, Stopping):
            self._failed(failed(error).reason or Reason.NETWORK)

    async def _fetched_again(self, sheets: list[Kept]) -> None:
        """Read style sheets of which the captures may lie in a store, without holding up the event loop."""
        for kept in sheets:
            try:
                self._again(await asyncio.to_thread(_stored, self._layout, kept))
            except OutOfReach:
                self._tell("page requisites not looked for: captures of style sheets are out of reach", 1)

    def _again(self, stored: Response | None) -> None:
        """A style sheet that an earlier run captured: what it names may have failed then, or have been too much."""
        if stored is not None and (is_redirect(stored) or stored.status == HTTPStatus.OK):
            self.sheet(stored)

    def _read(self, sheet: Response) -> None:
        readable = as_text(sheet)
        if readable is not None:
            found = of_sheet(readable.url, readable.text)
            self._add(self._files, (*found.sheets, *found.files))

    def _failed(self, reason: Reason) -> None:
        self._tell(f"page requisites not captured: {reason.value}", 1)

    def _tell(self, words: str, count: int) -> None:
        self.job.report.add_notes({words: count})


def _stored(layout: Layout, kept: Kept) -> TextResponse | None:
    """A style sheet as the archive has it; None when that cannot be read (`verify` tells), `OutOfReach` for now."""
    try:
        _, message, headers, _, body = stored_answer(layout, kept.file, kept.offset)
    except OutOfReach:
        raise
    except (OSError, ArchiveError, WarcDamaged, Undecodable):
        return None
    return TextResponse(kept.url, status=message.status, headers=headers, body=body)
