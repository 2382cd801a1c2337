"""Finds a section by its name, from any page of its site."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin

from crawler.crawl.instead import what_came
from crawler.crawl.reading_time import reading_time
from crawler.crawl.walk import ListReport, ListTask, is_same_list
from crawler.http.fetch import Fetched, Fetcher, unread
from crawler.pages import SectionLink, lists
from crawler.pages.families.questions import own_links_of, section_of
from crawler.pages.page import Page, PageTimeError, squeeze
from pipelines.exits import Exit
from pipelines.health import RunReport
from pipelines.reasons import Reason


@dataclass(slots=True)
class SectionSearch:
    """Looks for sections on the pages of a site, each of which it requests once.

    Args:
        task: the site; of its archive only whether it has speeches.
        fetcher: fetches pages.
    """

    task: ListTask
    fetcher: Fetcher
    pages: dict[str, Fetched] = field(default_factory=dict)

    async def find(
        self, names: Sequence[str], report: ListReport, start: str | None = None, *, is_one: bool = True
    ) -> SectionLink | None:
        """The section by one of its names; None when it was not found, with a refusal in `report`.

        Searches the page `start`, if given, then the start page and the root of the site. Unless `is_one`, a page
        that does not name the section is its list only where it is `start`: it may be another section's.
        """
        given = (start,) if start else ()
        urls = tuple(dict.fromkeys((*given, self.task.start_url, urljoin(self.task.start_url, "/"))))
        tried: list[tuple[Fetched, str]] = []
        for url in urls:
            fetched = await self._get(url)
            tried.append((fetched, url))
            if fetched.page is None:
                if url == urls[0]:
                    _refuse_start(self.task, report, url, fetched)
                    return None
                break
            try:
                section = self._on(fetched.page, names, is_chosen=is_one or url == start)
            except PageTimeError as error:
                _refuse_start(self.task, report, url, unread(fetched.response, error))
                return None
            if section is not None:
                return section
        came = (what_came(fetched, url) for fetched, url in tried)
        _refuse_no_section(self.task, report, names, urls[0], next(filter(None, came), None))
        return None

    def seen(self, names: Sequence[str]) -> Iterator[SectionLink]:
        """Where the pages requested so far lead by each of the names, if they do."""
        for name in names:
            for page in [fetched.page for fetched in self.pages.values() if fetched.page is not None]:
                with suppress(PageTimeError):
                    if (found := self._on(page, (name,), is_chosen=False)) is not None:
                        yield found
                        break

    async def _get(self, url: str) -> Fetched:
        if url not in self.pages:
            self.pages[url] = await self.fetcher.get(url)
        return self.pages[url]

    def _on(self, page: Page, names: Sequence[str], *, is_chosen: bool) -> SectionLink | None:
        with reading_time(page.url):
            self.fetcher.hosts.learn(own_links_of(self.fetcher.family, page))
            found = section_of(self.fetcher.family, page, names)
            if found is None or is_chosen or found.url != page.url:
                return found
            return found if any(lists.says_section(page, name) for name in names) else None


async def find_section(task: ListTask, report: RunReport, fetcher: Fetcher) -> SectionLink | None:
    """The one section of a site; None when it was not found, with a refusal or gap in the report.

    Where the page leads to several of its names, the others are gaps: their speeches are not read.
    """
    search = SectionSearch(task, fetcher)
    section = await search.find(task.profile.section, report)
    if section is None:
        return None
    report.found_section(section.name, fetcher.hosts.local(section.url) or section.url)
    others = [name for name in task.profile.section if squeeze(name) != squeeze(section.name)]
    for other in search.seen(others):
        if fetcher.hosts.local(other.url) and not is_same_list(fetcher.family, other.url, section.url):
            both = ", ".join(f"{{name = {json.dumps(one.name, ensure_ascii=False)}}}" for one in (section, other))
            detail = (
                f"{other.name} is a column beside {section.name} and is not read: `section` names one column; "
                f"to read both, write sections = [{both}]"
            )
            report.add_gap("list", other.url, Reason.OTHER_SECTION, detail)
    return section


def _refuse_start(task: ListTask, report: ListReport, url: str, fetched: Fetched) -> None:
    reason = fetched.reason or Reason.UNREADABLE
    report.add_gap("list", url, reason, fetched.detail)
    if reason is Reason.CHALLENGE:
        message = f"{url} answers with a browser challenge; nothing is marked gone. Try again later"
        report.refuse(Exit.REFUSED, message)
    elif reason is Reason.RATE_LIMITED:
        message = f"{url} answers that the site is requested too often ({fetched.detail}). Try again later"
        report.refuse(Exit.GAPS, message)
    elif reason is Reason.ROBOTS:
        report.refuse(Exit.REFUSED, f"{url}: {fetched.detail}; nothing was read, nothing is marked gone")
    elif reason is Reason.NOT_FOUND:
        status = Exit.REFUSED if task.known else Exit.WRONG_USE
        report.refuse(status, f"{url}: not found on this site; give another start_url")
    else:
        is_silent = reason in {Reason.NETWORK, Reason.HTTP_ERROR, Reason.BAD_URL}
        remedy = (
            "Check the address and whether the site is up"
            if is_silent
            else "Open it in a browser, or try again later"
        )
        message = f"{url} could not be read: {fetched.detail}. {remedy}"
        report.refuse(Exit.GAPS, message)


def _refuse_no_section(
    task: ListTask, report: ListReport, names: Sequence[str], url: str, came: tuple[str, str] | None
) -> None:
    if came is not None:
        status = Exit.REFUSED if task.known else Exit.GAPS
        report.refuse(status, f"{came[0]}; nothing is marked gone: {came[1]}")
        return
    is_one, profile = not task.profile.sections, task.profile
    key = "section" if is_one else "sections"
    message = (
        f"{url}: no link to a {profile.cms} list page is named {' or '.join(names)}; give the list page itself as "
        f"start_url, or correct `{key}` or `cms` in the profile of {profile.site}"
    )
    has_history = bool(task.known)
    if has_history and is_one:
        both = json.dumps(["NEW NAME", *names], ensure_ascii=False)
        message += f". If the site has renamed the section, name both: section = {both}"
    elif has_history:
        message += ". If the site has renamed it, its new name alone is right: what is archived keeps the old one"
    report.refuse(Exit.REFUSED if has_history else Exit.WRONG_USE, message)
