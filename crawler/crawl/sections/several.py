"""Walks the lists of every section of a site, one after the other: each to its own end, each speech once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from crawler.crawl.sections.find import SectionSearch, find_section
from crawler.crawl.sections.section_report import SectionReport
from crawler.crawl.walk import ListTask, ListWalk, is_same_list
from crawler.http.fetch import Fetcher
from crawler.pages import ListedRow, SectionLink
from crawler.pages.page import squeeze
from pipelines.archive.read.state import SpeechState
from pipelines.exits import Exit
from pipelines.health import RunReport
from pipelines.reasons import Reason
from pipelines.record import Capture
from pipelines.text.compact import TextSet
from pipelines.values import frozen

_GRAVEST = (Exit.REFUSED, Exit.GAPS, Exit.WRONG_USE)


@frozen
class Standing:
    """A row of a section's list, with the capture of its page; `is_again`: another section's list had it before."""

    row: ListedRow
    section: SectionLink
    page: Capture | None
    is_again: bool = False

    @property
    def key(self) -> str:
        """What identifies the row's article."""
        return self.row.native_id or self.row.url


class SectionsWalk:
    """Finds and walks the one section of a site, or its several.

    With several, a speech that stands on two lists is of the section that the archive has it in, else of the first.
    Rows that only their article can assign wait for the end of all lists. A section that is missing or refused is a
    gap of the run as long as another one is read.

    Args:
        task: the site; its known speeches are all of the archive's.
        report: that of the whole run.
        fetcher: fetches pages.
    """

    def __init__(self, task: ListTask, report: RunReport, fetcher: Fetcher) -> None:
        self.task, self.report, self.fetcher = task, report, fetcher
        self.seen = TextSet()
        self._one: SectionLink | None = None
        self._sections: list[SectionReport] = []
        self._ahead: list[SectionReport] = []
        self._taken: dict[str, str] = {}
        self._held: dict[str, tuple[SectionReport, Standing]] = {}

    async def find(self) -> bool:
        """Whether there is a section to walk; if not, the report has a refusal."""
        if not self.task.profile.sections:
            self._one = await find_section(self.task, self.report, self.fetcher)
            return self._one is not None
        only, search = self.report.only_section, SectionSearch(self.task, self.fetcher)
        self._sections = [
            SectionReport(self.report, one.name, is_asked=only in {None, one.name})
            for one in self.task.profile.sections
        ]
        self.report.sections = self._sections
        for report, one in zip(self._sections, self.task.profile.sections, strict=True):
            if report.is_asked:
                hosts = self.fetcher.hosts
                start = one.start_url and (hosts.local(one.start_url) or hosts.here(one.start_url))
                self._place(report, await search.find((one.name,), report, start, is_one=False))
        for report in self._sections:
            if not report.is_asked:
                self._place(report, next(search.seen((report.name,)), None))
        self._ahead = [report for report in self._sections if report.is_asked and report.link is not None]
        if not self._ahead:
            self.end(is_whole=False)
        return bool(self._ahead)

    def _place(self, report: SectionReport, link: SectionLink | None) -> None:
        """Note where a section is, unless another one has the same list."""
        if link is None:
            return
        url = self.fetcher.hosts.local(link.url)
        places = ((one, one.link.url) for one in self._sections if one.link is not None)
        same = next((one for one, place in places if url and is_same_list(self.fetcher.family, place, url)), None)
        if url is None:
            report.refuse(Exit.GAPS, f"it leads to another host: {link.url}")
        elif same is not None:
            remedy = "give the list of each as its start_url, or leave one out of `sections`"
            report.refuse(Exit.WRONG_USE, f"{url} is the list of {same.name}, too: {remedy}")
        else:
            report.link = SectionLink(url, link.name)
            if squeeze(link.name) != squeeze(report.name):
                self.report.add_notes({f"the site calls the section {report.name} {link.name}": 1})
            if report.is_asked and self.report.section is None:
                self.report.found_section(link.name, url)

    @property
    def known(self) -> int:
        """The number of present speeches that the lists of this run should show."""
        asked = [report for report in self._sections if report.is_asked]
        is_every = self.report.only_section is None
        present = (one for one in self.task.known.values() if one.is_present)
        return sum(is_every or any(_is_in(one, report) for report in asked) for one in present)

    async def rows(self) -> AsyncIterator[Standing]:
        """The rows of every list, each section's in their order."""
        if self._one is not None:
            walk = ListWalk(self.task, self.fetcher, self._one)
            self.seen = walk.seen
            async for row in walk.rows():
                yield Standing(row, self._one, walk.capture)
            return
        while self._ahead:
            async for standing in self._of(self._ahead.pop(0)):
                yield standing
        for report, standing in self._held.values():
            if standing.key not in self._taken:
                yield self._take(report, standing)

    def end(self, *, is_whole: bool) -> None:
        """Judge the sections together; not `is_whole`: the walk ended before the lists did."""
        asked = [report for report in self._sections if report.is_asked]
        if not asked:
            return
        self._tell_refusals(asked)
        for report in asked if is_whole else ():
            if not (report.is_complete or report.failed or report.refusal):
                remedy = "`rows` in the profile names its container"
                self.report.add_notes({f"no row certainly belongs to the list of {report.name}: {remedy}": 1})
        totals = [report.printed_total for report in asked]
        self.report.note_total(sum(filter(None, totals)) if all(totals) else None)
        is_every = self.report.only_section is None and all(report.is_complete for report in asked)
        self.report.end_list(is_complete=is_whole and is_every)

    def _tell_refusals(self, asked: list[SectionReport]) -> None:
        """Refuse the run when all its sections are; else each refused one is a gap that names it."""
        refused = [(report, report.refusal) for report in asked if report.refusal is not None]
        if len(refused) == len(asked):
            status = min((refusal[0] for _, refusal in refused), key=_GRAVEST.index)
            self.report.refuse(status, "; ".join(dict.fromkeys(message for _, (_, message) in refused)))
        for report, (_, message) in refused if len(refused) < len(asked) else ():
            # A section that was not found has an address of its own: a decision about it is about no other.
            url = report.link.url if report.link else f"{self.task.start_url}#{report.name}"
            report.add_gap("list", url, Reason.UNREADABLE, f"section {report.name}: {message}")

    def section_of(self, known: SpeechState) -> SectionLink:
        """The section of an archived speech that no list shows; its address is empty where that is not known."""
        links = [self._one] if self._one else [self._link(report) for report in self._sections]
        own = (link for link in links if squeeze(link.name) == squeeze(known.section))
        return next(own, SectionLink("", known.section, () if self._one else self._beside(None)))

    async def _of(self, report: SectionReport) -> AsyncIterator[Standing]:
        """The rows of one section, without those that wait for the end of all lists."""
        own = {key: one for key, one in self.task.known.items() if _is_in(one, report)}
        walk = ListWalk(
            replace(self.task, known=own, report=report, taken=self._taken.keys()), self.fetcher, self._link(report)
        )
        async for row in walk.rows():
            standing = Standing(row, walk.section, walk.capture)
            home = self._home(standing.key)
            if (first := self._taken.get(standing.key)) is not None:
                report.listed += 1
                self.report.add_notes({f"listed in {first} and in {report.name}, taken once": 1})
                yield replace(standing, is_again=True)
            elif row.is_doubtful or home in self._ahead:
                self._held.setdefault(standing.key, (report, standing))
            else:
                yield self._take(report, standing)
        self.seen.update(walk.seen)

    def _take(self, report: SectionReport, standing: Standing) -> Standing:
        """The row as one of the section; of that in which the archive has it, unless its list is known to lack it."""
        report.listed += 1
        self._taken[standing.key] = report.name
        home = self._home(standing.key)
        is_moved = home is not None and home.is_complete and not standing.row.is_doubtful
        return standing if home is None or is_moved else replace(standing, section=self._link(home))

    def _home(self, key: str) -> SectionReport | None:
        """The section in which the archive has a speech."""
        known = self.task.known.get(key)
        return next((report for report in self._sections if known and _is_in(known, report)), None)

    def _link(self, report: SectionReport) -> SectionLink:
        return replace(report.link or SectionLink("", report.name), beside=self._beside(report))

    def _beside(self, own: SectionReport | None) -> tuple[SectionLink, ...]:
        return tuple(one.link or SectionLink("", one.name) for one in self._sections if one is not own)


def _is_in(known: SpeechState, report: SectionReport) -> bool:
    names = {report.name, report.link.name} if report.link else {report.name}
    return squeeze(known.section) in set(map(squeeze, names))
