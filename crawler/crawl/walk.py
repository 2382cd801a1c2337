"""Follows the pagination of the lists of a section."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from crawler.crawl.instead import what_came
from crawler.crawl.listing import ListState, Trouble
from crawler.crawl.reading_time import reading_time
from crawler.crawl.remembering.seen_before import RowsSeen
from crawler.crawl.renumbered import renumbered
from crawler.http.capture import capture
from crawler.http.fetch import Fetched, Fetcher, unread
from crawler.pages import Ask, Family, ListedRow, ListPage, SectionLink, lists
from crawler.pages.families.questions import article_of, list_of, own_links_of
from crawler.pages.page import Page, PageError, PageTimeError, squeeze, words
from crawler.pages.shown import are_unlike, is_one_of, shown
from crawler.sites.profile import SiteProfile
from pipelines.archive.read.state import SpeechState
from pipelines.exits import Exit
from pipelines.health import Gaps
from pipelines.reasons import Reason
from pipelines.record import Capture
from pipelines.text.compact import TextSet
from pipelines.values import frozen

_MOST_WALKS = 3
_MOST_FURTHER = 100
_FEW_ROWS, _FEWEST_SENTENCES, _CERTAIN_BODY = 3, 3, 0.9
"""A page with few rows may be an article with links to its neighbours; with more, its body must be certain, since
abstracts of rows are shorter than a text. A page with fewer sentences must be headed by a known title."""
_SHORTEST_TITLE = 4
"""Characters of a row's title that may head a list page: numbers of pages have fewer."""
_Look = tuple[Fetched, ListPage | None, Trouble | None]


def _is_root(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.path.strip("/") and not parts.query


def _links(page: Page) -> tuple[str, ...]:
    return tuple(node.get("href", "") for node in page.all("//a[@href]"))


def is_same_list(family: Family, one: str, other: str) -> bool:
    """Whether two addresses are those of one column."""
    column = family.column_id(one)
    return one == other or (column is not None and column == family.column_id(other))


class ListReport(Gaps, Protocol):
    """Receiver of what a walk finds: the report of a run, or of one of its sections."""

    refusal: tuple[Exit, str] | None

    def note_list_page(self, *, is_read: bool) -> None: ...

    def note_total(self, printed: int | None) -> None: ...

    def end_list(self, *, is_complete: bool) -> None: ...

    def refuse(self, exit_status: Exit, message: str) -> None: ...


@frozen
class ListTask:
    """The section of a site to read.

    Args:
        profile: the site's.
        start_url: where the crawl begins.
        known: the archive's state of each of its speeches, by native id.
        report: receives the section, its pages and gaps, and refusals.
        accepts_new_ids: the list may hold known speeches under other ids.
        on_page: is called with each list page that was read.
        taken: the rows of other sections' lists.
    """

    profile: SiteProfile
    start_url: str
    known: Mapping[str, SpeechState]
    report: ListReport
    accepts_new_ids: bool = False
    on_page: Callable[[Page | None], None] = lambda _: None
    taken: Set[str] = frozenset()


class ListWalk:
    """Walks the list pages of a section and its sub-lists: never past their end, every speech once.

    A page that is empty, repeats another or leads elsewhere is requested once more; a page that still fails, or
    cannot be followed, is reported as a gap.

    Args:
        task: the site; its report receives pages, totals and gaps.
        fetcher: fetches pages.
        section: the section with its first list page.
    """

    def __init__(self, task: ListTask, fetcher: Fetcher, section: SectionLink) -> None:
        self.task, self.fetcher, self.section = task, fetcher, section
        self.seen = TextSet()
        self.capture: Capture | None = None
        self._further: dict[str, bool] = {}
        self._beside: dict[str, tuple[ListedRow, Capture | None]] = {}
        self._reported: set[str] = set()
        self._rows = RowsSeen()
        self._part = 0
        self._certain = 0
        self._is_complete = True
        self._empty: dict[str, str] = {}
        self._service: str | None = None
        self._front: tuple[tuple[str, ...], frozenset[str]] | None = None

    async def rows(self) -> AsyncIterator[ListedRow]:
        """Rows in the order of the list; `capture` is of their page.

        `report.listing_complete` is set when every page was read.
        """
        async for row in self._list(self.section.url):
            yield row
        while url := next((url for url, is_walked in self._further.items() if not is_walked), None):
            self._further[url] = True
            async for row in self._list(url):
                yield row
        for row in self._in_no_row():
            yield row
        if not self.seen and (self._is_complete or self._empty):
            await self._refuse_empty()
        elif self.task.report.refusal is None:
            for url, words in self._empty.items():
                self._add_gap(url, Reason.UNREADABLE, f"list page 1: {words}")
        self.task.report.end_list(is_complete=self._is_complete and self._certain > 0)

    def _in_no_row(self) -> Iterator[ListedRow]:
        """Articles linked outside rows, used when no page has a row that certainly belongs to the list."""
        for key, (row, shown_on) in self._beside.items() if self.task.report.refusal is None else ():
            if key not in self.seen and self.fetcher.hosts.local(row.url):
                self.seen.add(key)
                self.capture = shown_on
                yield row

    async def _list(self, start: str) -> AsyncIterator[ListedRow]:
        """One list: walked again from its first page if its counts changed meanwhile, once if rows were removed."""
        before: ListState | None = None
        for _ in range(_MOST_WALKS):
            state = ListState(self._known() if start == self.section.url else 0)
            async for row in self._pass(start, state):
                yield row
            if self.task.report.refusal is not None:
                break
            if not state.has_moved(before) and not (before is None and await self._have_rows_gone(start, state)):
                break
            before = state
        else:
            self._add_gap(start, Reason.UNREADABLE, f"the list changed on each of {_MOST_WALKS} walks through it")
        for gap in state.gaps():
            self._add_gap(start, Reason.UNREADABLE, gap)

    async def _have_rows_gone(self, start: str, state: ListState) -> bool:
        """Whether the first page of a list without a total lost rows since it was read."""
        ask = self._local(start)
        if ask is None or not state.is_uncounted:
            return False
        fetched = await self.fetcher.get(ask)
        if fetched.page is None:
            return False
        try:
            with reading_time(ask.url):
                listing = list_of(self.fetcher.family, fetched.page)
        except PageTimeError:
            return False
        return state.has_come_up(self._certain_keys(listing))

    async def _pass(self, start: str, state: ListState) -> AsyncIterator[ListedRow]:
        number, ask = 1, self._local(start)
        asked: set[tuple[str, str | None]] = set()
        while ask is not None and (key := (ask.url, ask.form)) not in asked:
            asked.add(key)
            if number > state.most_pages():
                detail = f"the pagination continues after {number - 1} pages, more than the list can have"
                self._add_gap(ask.url, Reason.UNREADABLE, detail)
                return
            fetched, listing, trouble = await self._look(ask, number, state)
            if number == 1 and trouble and trouble.kind == "empty":
                # Whether the section has no rows at all is known only at the end of the walk.
                self._empty[ask.url] = trouble.words
            elif listing is None or (trouble and trouble.kind not in {"repeat", "unturned"}):
                reason = fetched.reason or Reason.UNREADABLE
                self._add_gap(ask.url, reason, f"list page {number}: {trouble.words if trouble else fetched.detail}")
            if number == 1 and listing is not None and await self._is_another_page(start, fetched, listing):
                return
            if listing is None or (trouble and trouble.kind == "foreign"):
                state.skip(number)
            else:
                self._part += 1
                self.task.on_page(fetched.page)
                self.capture = await capture("list", self._part, fetched.response) if fetched.response else None
                for row in self._fresh(number, listing, state, trouble):
                    yield row
            following = state.following(number)
            ask = self._local(following) if following else None
            if following and ask is None:
                self._add_gap(start, Reason.BAD_URL, f"list page {number + 1}: the pagination leads to another host")
            number += 1

    async def _look(self, ask: Ask, number: int, state: ListState) -> _Look:
        """A list page and its problem, requested a second time when that may help."""
        look = await self._once(ask, number, state)
        if look[2] is not None and look[2].is_worth_asking:
            again = await self._once(ask, number, state)
            look = again if again[1] is not None else look
        self.task.report.note_list_page(is_read=look[1] is not None)
        if look[1] is not None and look[2] is None:
            self.task.report.note_answer(ask.url)
        return look

    async def _once(self, ask: Ask, number: int, state: ListState) -> _Look:
        fetched = await self.fetcher.get(ask)
        if fetched.page is None:
            return fetched, None, None
        try:
            with reading_time(ask.url):
                self.fetcher.hosts.learn(own_links_of(self.fetcher.family, fetched.page))
                listing = list_of(self.fetcher.family, fetched.page)
                article = None if ask.is_fragment else self._title_of_article(fetched.page, listing)
        except PageTimeError as error:
            return unread(fetched.response, error), None, None
        if why := await self._stands_in(ask, fetched):
            return fetched, listing, Trouble("foreign", why)
        if article:
            return fetched, listing, Trouble("foreign", f"an article instead of the list page: {article}")
        says = ask.is_fragment or lists.says_section(fetched.page, self.section.name)
        if number == 1:
            state.names_itself = says and not ask.is_fragment
        elif state.names_itself and not says:
            return fetched, listing, Trouble("foreign", "it does not name the section, as the first page does")
        listing = self._without_others(listing)
        keys = self._keys(listing)
        trouble = state.trouble(number, listing, keys)
        return fetched, listing, trouble or (None if ask.is_fragment else state.unturned(number, listing, keys))

    def _without_others(self, listing: ListPage) -> ListPage:
        """The page without its links to lists of other sections, which have walks of their own."""
        family, others = self.fetcher.family, [one.url for one in self.section.beside if one.url]

        def is_own(url: str) -> bool:
            return not any(is_same_list(family, url, other) for other in others)

        if not others:
            return listing
        further = tuple(filter(is_own, listing.further))
        return replace(listing, further=further, elsewhere=tuple(one for one in listing.elsewhere if is_own(one.url)))

    async def _stands_in(self, ask: Ask, fetched: Fetched) -> str | None:
        """A message when the answer is the site's front page instead of the list page, else None."""
        if fetched.page is None or fetched.response is None or _is_root(ask.url) or _is_root(self.section.url):
            return None
        if _is_root(fetched.response.url):
            return "it redirects to the site's front page"
        if ask.is_fragment or lists.heads_section(fetched.page, self.section.name):
            return None
        return "it is the site's front page" if await self._is_front(_links(fetched.page)) else None

    async def _is_front(self, shown: tuple[str, ...] | frozenset[str]) -> bool:
        """Whether a page's links, or its rows, are those of the site's front page, which is requested once."""
        if self._front is None:
            url = urljoin(self.task.start_url, "/")
            front = (await self.fetcher.get(url)).page
            self._front = ((), frozenset()) if front is None else (_links(front), self._listed_on(front))
        return bool(shown) and shown in self._front

    def _listed_on(self, page: Page) -> frozenset[str]:
        try:
            with reading_time(page.url):
                return self._keys(list_of(self.fetcher.family, page))
        except PageTimeError:
            return frozenset()

    def _title_of_article(self, page: Page, listing: ListPage) -> str | None:
        """The title of an article that was sent for a list page; None for a list, headed by its section or a row."""
        try:
            read = article_of(self.fetcher.family, page, 1, None)
        except PageTimeError:
            raise
        except PageError:
            return None
        body, rows = Page(page.url, read.body_html), {row.url for row in listing.rows if not row.is_doubtful}
        # A declared container, which has no confidence, is the body unless it is the list's own.
        in_body = sum(body.href(link) in rows for link in body.all("//a[@href]"))
        is_certain = in_body <= _FEW_ROWS if read.confidence is None else read.confidence >= _CERTAIN_BODY
        if len(rows) > _FEW_ROWS and not is_certain:
            return None
        title, text = squeeze(read.title), words(body.root)
        # A part of an article links the others by their numbers.
        titles = (row.title for row in listing.rows if row.title and len(squeeze(row.title)) >= _SHORTEST_TITLE)
        others = (*titles, *self.task.profile.section, self.task.profile.name)
        is_headed = not any(title in squeeze(other) or squeeze(other) in title for other in others if squeeze(other))
        sentences = text.count("。")
        # A short speech, or one part of a long one, has few; only in its own article a title stands outside links.
        is_article = sentences >= _FEWEST_SENTENCES or (
            sentences > 0 and shown(page).names(read.title) and self._is_known_title(read.title)
        )
        return read.title if is_headed and is_article else None

    def _is_known_title(self, title: str) -> bool:
        """Whether a title is that of a row of an earlier page, or of a speech of the archive."""
        titles = (*self._rows.titles(), *(one.title for one in self.task.known.values()))
        return is_one_of(title, titles)

    async def _is_another_page(self, start: str, fetched: Fetched, listing: ListPage) -> bool:
        """True, with a refusal in the report, for a wrong first page: the front page, another list."""
        if start != self.section.url or fetched.page is None or not listing.rows:
            return False
        has_new_ids = self.task.accepts_new_ids
        if not has_new_ids and (message := renumbered(self.task.known, self._local_rows(listing))):
            self._is_complete = False
            self.task.report.refuse(Exit.REFUSED, message)
            return True
        if lists.says_section(fetched.page, self.section.name):
            return False
        keys, known = self._keys(listing), {key for key, one in self.task.known.items() if one.is_present}
        if known and not keys & known and not has_new_ids:
            came = what_came(fetched, start)
            why = came[0] if came else "it names another page and lists no known speech"
        elif self.task.taken >= keys:
            why = "it has only rows of another section"
        elif urlsplit(start).path.strip("/") and await self._is_front(keys):
            why = "it has the rows of the front page"
        else:
            return False
        self._is_complete = False
        message = f"{start} does not answer with the list of {self.section.name}: {why}; nothing is marked gone"
        self.task.report.refuse(Exit.REFUSED, message)
        return True

    def _keys(self, listing: ListPage) -> frozenset[str]:
        return frozenset(row.native_id or row.url for row in self._local_rows(listing))

    def _certain_keys(self, listing: ListPage) -> tuple[str, ...]:
        rows = (row for row in self._local_rows(listing) if not row.is_doubtful)
        return tuple(dict.fromkeys(row.native_id or row.url for row in rows))

    def _local_rows(self, listing: ListPage) -> list[ListedRow]:
        """Rows on the site's own hosts: a number in a foreign address is not an id of this site."""
        return [row if self.fetcher.hosts.local(row.url) else replace(row, native_id=None) for row in listing.rows]

    def _fresh(self, number: int, listing: ListPage, state: ListState, trouble: Trouble | None) -> list[ListedRow]:
        """Rows not seen before."""
        rows = self._local_rows(listing)
        self._add_unlinked((*listing.unlinked, *self._of_another(rows)))
        fresh = [row for row in rows if (row.native_id or row.url) not in self.seen]
        self.seen.update(row.native_id or row.url for row in fresh)
        certain = self._certain_keys(listing)
        self._certain += len(certain)
        state.add(number, listing, self._keys(listing), certain, trouble)
        self.task.report.note_total(listing.total)
        self._service = self._service or listing.service
        for row in listing.beside:
            self._beside.setdefault(row.native_id or row.url, (row, self.capture))
        for url in listing.further:
            local = self.fetcher.hosts.local(url)
            if local and local != self.section.url and len(self._further) < _MOST_FURTHER:
                self._further.setdefault(local, False)
        return fresh

    def _known(self) -> int:
        return sum(one.is_present for one in self.task.known.values())

    def _local(self, page: str | Ask) -> Ask | None:
        """The request for a list page on the site's own host; None when it is on a foreign one."""
        ask = Ask(page) if isinstance(page, str) else page
        local = self.fetcher.hosts.local(ask.url)
        return replace(ask, url=local) if local else None

    def _of_another(self, rows: list[ListedRow]) -> Iterator[str]:
        """Rows that link to the article of a row of an earlier page."""
        for row in rows:
            first = self._rows.first(row)
            if not row.is_doubtful and not first.is_doubtful and are_unlike(row.title, first.title):
                yield lists.leads_to_anothers(row, first)

    def _add_unlinked(self, rows: Iterable[str]) -> None:
        for row in rows:
            if row not in self._reported:
                self._reported.add(row)
                detail = f"a row whose link has no address that can be read: {row}"
                self.task.report.add_gap("speech", self.section.url, Reason.BAD_URL, detail, None, row)

    def _add_gap(self, url: str, reason: Reason, detail: str) -> None:
        self._is_complete = False
        if f"{url} {detail}" in self._reported:
            return
        self._reported.add(f"{url} {detail}")
        self.task.report.add_gap("list", url, reason, detail)
        if not self.seen and (reason is Reason.CHALLENGE or reason.is_the_sites_word):
            message = f"the section's list {url} cannot be read ({reason.value}: {detail}); nothing is marked gone"
            self.task.report.refuse(Exit.REFUSED, message)

    async def _refuse_empty(self) -> None:
        came = what_came(await self.fetcher.get(self.section.url), self.section.url)
        name = f"the section {self.section.name}"
        if self._service is not None:
            message = (
                f"{name} ({self.section.url}) holds no row; nothing is marked gone: its script asks {self._service}"
            )
            message += " for data, and such lists are not supported"
        elif came is not None:
            message = f"{name}: {came[0]}; nothing is marked gone: {came[1]}"
        else:
            remedy = "if it shows speeches in a browser, name their container with `rows` in the profile"
            message = f"{name} ({self.section.url}) lists no speech; nothing is marked gone; {remedy}"
        self.task.report.refuse(Exit.REFUSED, message)
