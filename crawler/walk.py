"""From any page of a site to the rows of its section: find the section by its name, then follow the pager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urljoin

from crawler.fetch import Fetched, Fetcher
from crawler.instead import what_came
from crawler.job import CrawlJob
from crawler.pages import Ask, ListedRow, ListPage, SectionLink
from crawler.pages.page import Page
from crawler.renumbered import renumbered
from crawler.wire import capture
from pipelines.health import Exit
from pipelines.reasons import Reason
from pipelines.record import Capture

_MOST_PAGES = 10_000
_MOST_BARREN = 2


async def find_section(job: CrawlJob, fetcher: Fetcher) -> SectionLink | None:
    """The section of the site, or None with the refusal or gap in the report.

    Looks at the start page, then at the site's root.
    """
    names = job.profile.section
    root = urljoin(job.start_url, "/")
    came: tuple[str, str] | None = None
    for url in dict.fromkeys((job.start_url, root)):
        fetched = await fetcher.get(url)
        came = came or what_came(fetched, url)
        if fetched.page is None:
            if url == job.start_url:
                _refuse_start(job, url, fetched)
                return None
            break
        job.hosts.learn(job.family.own_links(fetched.page))
        section = job.family.find_section(fetched.page, names)
        if section is not None:
            job.report.section = {"name": section.name, "url": job.hosts.local(section.url) or section.url}
            return section
    _refuse_no_section(job, came)
    return None


def _refuse_start(job: CrawlJob, url: str, fetched: Fetched) -> None:
    reason = fetched.reason or Reason.UNREADABLE
    job.report.add_gap("list", url, reason, fetched.detail)
    if reason is Reason.CHALLENGE:
        message = f"{url} answers with a challenge, not with its page; nothing is marked gone. Try again later"
        job.report.refuse(Exit.REFUSED, message)
    elif reason is Reason.ROBOTS:
        job.report.refuse(Exit.REFUSED, f"{url}: {fetched.detail}; nothing was looked at, nothing is marked gone")
    elif reason is Reason.NOT_FOUND:
        status = Exit.REFUSED if job.archive.known else Exit.WRONG_USE
        job.report.refuse(status, f"{url}: not found on this site; give another start_url")
    else:
        message = f"{url} could not be read: {fetched.detail}. Is it the right address and is the site up?"
        job.report.refuse(Exit.GAPS, message)


def _refuse_no_section(job: CrawlJob, came: tuple[str, str] | None) -> None:
    if came is not None:
        status = Exit.REFUSED if job.archive.known else Exit.GAPS
        job.report.refuse(status, f"{came[0]}; nothing is marked gone: {came[1]}")
        return
    names = " or ".join(job.profile.section)
    message = (
        f"{job.start_url}: no {job.profile.cms} list page is linked there by the name {names}; give the list page "
        f"itself as start_url, or mend `section` or `cms` in the profile of {job.profile.site}"
    )
    has_history = bool(job.archive.known)
    job.report.refuse(Exit.REFUSED if has_history else Exit.WRONG_USE, message)


class ListWalk:
    """Walks the list pages of a section by their pager: never past its end, every speech once.

    Args:
        job: the crawl; its report is told of pages, totals and gaps.
        fetcher: fetches pages.
        section: where the list begins.
    """

    def __init__(self, job: CrawlJob, fetcher: Fetcher, section: SectionLink) -> None:
        self.job, self.fetcher, self.section = job, fetcher, section
        self.seen: set[str] = set()
        self.capture: Capture | None = None
        self._linked: dict[int, str | Ask] = {}
        self._barren = 0
        self._pages = 0
        self._certain = 0
        self._is_complete = True

    async def rows(self) -> AsyncIterator[ListedRow]:
        """Rows in the order of the list; `capture` is of the page they stood on.

        `report.listing_complete` is set when every page could be read.
        """
        number, ask = 1, self._local(self.section.url)
        while ask is not None and number <= _MOST_PAGES:
            url = ask.url
            fetched = await self.fetcher.get(ask)
            listing = self._read(fetched.page) if fetched.page is not None else None
            if listing is None:
                self._tell_gap(number, url, fetched)
            elif not listing.rows and self._promised(number):
                self._tell_gap(number, url, replace(fetched, reason=Reason.UNREADABLE, detail="it has no rows"))
            if listing is not None and fetched.response is not None:
                self.capture = await capture("list", number, fetched.response)
            fresh = self._fresh(listing) if listing else []
            if number == 1 and (said := renumbered(self.job.archive.known, fresh)):
                self.job.report.refuse(Exit.REFUSED, said)
                return
            for row in fresh:
                yield row
            ask = self._following(listing, number)
            number += 1
        if self._pages >= number and self._is_complete:
            self._tell_gap(
                number, self.section.url, Fetched(None, None, Reason.UNREADABLE, "the pager ended before it")
            )
        if not self.seen and self._is_complete:
            await self._refuse_empty()
        self.job.report.listing_complete = self._is_complete and self._certain > 0

    def _promised(self, number: int) -> bool:
        """True when the site itself says that this page has rows: a pager led here, or a total is printed."""
        return number > 1 or bool(self.job.report.printed_total)

    def _read(self, page: Page) -> ListPage:
        self.job.hosts.learn(self.job.family.own_links(page))
        listing = self.job.family.read_list(page)
        self.job.report.list_pages += 1
        self.job.report.printed_total = listing.total or self.job.report.printed_total
        self._linked.update(listing.linked)
        self._pages = max(self._pages, listing.pages or 0)
        return listing

    def _fresh(self, listing: ListPage) -> list[ListedRow]:
        """Rows not seen before; the number in a foreign address is no id of this site."""
        rows = [row if self.job.hosts.local(row.url) else replace(row, native_id=None) for row in listing.rows]
        fresh = [row for row in rows if (row.native_id or row.url) not in self.seen]
        self.seen.update(row.native_id or row.url for row in fresh)
        self._certain += sum(not row.is_doubtful for row in fresh)
        self._barren = 0 if fresh else self._barren + 1
        return fresh

    def _following(self, listing: ListPage | None, number: int) -> Ask | None:
        """The next page by the pager; none when pages bring nothing new any more (a pager that never ends)."""
        if self._barren >= _MOST_BARREN or (self._pages and number >= self._pages):
            return None
        following = (listing.next_url if listing else None) or self._linked.get(number + 1)
        return self._local(following) if following else None

    def _local(self, page: str | Ask) -> Ask | None:
        """A list page as it is asked for on the site's own host; None when it is on a foreign one."""
        ask = Ask(page) if isinstance(page, str) else page
        local = self.job.hosts.local(ask.url)
        return replace(ask, url=local) if local else None

    def _tell_gap(self, number: int, url: str, fetched: Fetched) -> None:
        self._is_complete = False
        reason = fetched.reason or Reason.UNREADABLE
        self.job.report.add_gap("list", url, reason, f"list page {number}: {fetched.detail}")
        if not self.seen and (reason is Reason.CHALLENGE or reason.is_the_sites_word):
            message = (
                f"the section's list {url} cannot be read ({reason.value}: {fetched.detail}); nothing is marked gone"
            )
            self.job.report.refuse(Exit.REFUSED, message)

    async def _refuse_empty(self) -> None:
        came = what_came(await self.fetcher.get(self.section.url), self.section.url)
        name = f"the section {self.section.name}"
        if came is not None:
            message = f"{name}: {came[0]}; nothing is marked gone: {came[1]}"
        else:
            remedy = "if it has speeches in a browser, `rows` in the profile names their container"
            message = f"{name} ({self.section.url}) lists no speech; nothing is marked gone; {remedy}"
        self.job.report.refuse(Exit.REFUSED, message)
