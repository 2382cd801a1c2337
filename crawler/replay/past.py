"""Reads stored captures of a speech with the current parser, without any request to the site."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from scrapy import Request

from crawler.crawl.articles import Article, ArticleReader
from crawler.crawl.doubts import Doubt
from crawler.crawl.observed import OnList, http_facts
from crawler.crawl.unchanged import conditions
from crawler.http.fetch import Fetched, Fetcher, NotCaptured
from crawler.http.hosts import Hosts
from crawler.pages import Family, SectionLink
from crawler.pages.page import squeeze
from crawler.replay.captured import CapturedAnswers, CapturedFiles, CapturedViews, StoreAway
from crawler.sites.profile import SiteProfile
from pipelines.archive.disk.layout import Layout
from pipelines.archive.read.origins import Origin, fold_origins
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.state import SpeechState
from pipelines.archive.write.changes import is_ambiguous
from pipelines.reasons import Reason
from pipelines.record import Capture, Compared, Look, RawSpeech
from pipelines.stored.distant import Elsewhere

Line = dict[str, Any]


class PastReader:
    """Reads archived speeches again, each with the settings of the run that captured it.

    The captures of all speeches are found in one pass over the archive, made on first use.

    Args:
        folder: the archive's.
        known: the archive's state of each speech, by native id.
        profile: the site's.
        family: reads its pages.
        parser: the current one.
        elsewhere: where the captures lie that a partial copy of the archive lacks; null where none are read.
    """

    def __init__(
        self,
        folder: Path,
        known: Mapping[str, SpeechState],
        profile: SiteProfile,
        family: Family,
        parser: str,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.known, self.profile = known, profile
        self.family, self.parser = family, parser
        self._layout = Layout(folder, elsewhere=elsewhere)
        self._reports: dict[str, dict[str, Any]] = {}

    @cached_property
    def _archive(self) -> Archive:
        return Archive(self._layout.root)

    @cached_property
    def _origins(self) -> dict[str, Origin]:
        return fold_origins(self._archive.history())

    @cached_property
    def _runs(self) -> dict[str, str]:
        """The run that brought each file."""
        return {named.path: commit.run for commit in self._archive.commits() for named in commit.files}

    async def compared(self, now: RawSpeech) -> RawSpeech | Compared[RawSpeech] | Fetched:
        """A speech as its page is now, or `Compared` with the stored capture where a change must be attributed.

        Where it must, and that capture lies in a store that does not answer, why it is not: whose change it is, is
        unknown, and a guess would stand in the archive for ever. The next run asks again.
        """
        known = self.known.get(now.native_id)
        if known is None or not is_ambiguous(known, self.parser, now.look.captures):
            return now
        # The pass over a large archive is slow and must not block the event loop.
        await asyncio.to_thread(lambda: self._origins)
        try:
            before = await self.read(self.content(known))
        except StoreAway as error:
            return Fetched(None, None, Reason.NO_CAPTURE, f"changed by the site or by this parser: {error}")
        return now if isinstance(before, Fetched) else Compared(now, before)

    def content(self, known: SpeechState) -> Line:
        """The newest line with a speech's text."""
        return self._archive.line(known.content_seq, known.content_commit)

    async def files(self, known: SpeechState) -> list[tuple[str, str, dict[str, str]]]:
        """Address, digest and validators of each file of a speech that was fetched."""
        line = await asyncio.to_thread(self.content, known)
        captures = tuple(Capture(**one) for one in line["captures"] if one["role"] == "attachment")
        answers = CapturedAnswers(self._layout, captures)
        fetched = [one for one in line["attachments"] if one["sha256"] is not None]
        return [(one["url"], one["sha256"], await _validators(answers, one["url"])) for one in fetched]

    def origin(self, native_id: str) -> Origin:
        """What the history of the archive says of a speech's newest content line."""
        return self._origins[native_id]

    async def read(self, line: Line, origin: Origin | None = None) -> RawSpeech | Fetched:
        """A speech's newest content line read again, or why it cannot be, usually for lack of raw bytes.

        Without its `origin`, that is found in one pass over the archive.
        """
        origin = origin or self.origin(line["native_id"])
        captures = tuple(Capture(**one) for one in (origin.spare or line["captures"]))
        first = next((one for one in captures if one.role == "article"), None)
        if first is None or first.file is None:
            return Fetched(None, None, Reason.NO_CAPTURE, "it was read before raw bytes were kept")
        report = self._report(self._runs[first.file])
        hosts = Hosts(report["start_url"], (*self.profile.hosts, *(report.get("aliases") or ())))
        fetcher = Fetcher(CapturedAnswers(self._layout, captures), hosts, self.family)
        reader = ArticleReader(
            self.profile.site,
            fetcher,
            CapturedViews(fetcher, line, captures),
            CapturedFiles(self.profile, hosts, line, captures),
        )
        page = next((one for one in captures if one.role == "list"), None)
        section = self._section(line, report)
        article = Article(
            line["native_id"], line["url"], OnList(origin.listed, page) if origin.listed else None, section
        )
        look = Look(observed_at=first.captured_at, looked=(), listed=origin.listed)
        read = await reader.read(article, await fetcher.get(first.url, "article"), look)
        assert not isinstance(read, Doubt)  # noqa: S101 - archived texts were accepted when they came
        return read

    def _section(self, line: Line, captured: dict[str, Any]) -> SectionLink:
        """The section of a line as its run found it, else as that one did whose report is `captured`."""
        named = line["section"]
        if (found := _section_in(self._report(line["run"]), named, self.profile)) is not None:
            return found
        only = SectionLink((captured.get("section") or {}).get("url", ""), named)
        found = _section_in(captured, named, self.profile)
        return found if found is not None and (found.url or found.beside) else only

    def _report(self, run: str) -> dict[str, Any]:
        """The report of a run."""
        if run not in self._reports:
            self._reports[run] = self._archive.report(run)
        return self._reports[run]


def _section_in(report: dict[str, Any], name: str, profile: SiteProfile) -> SectionLink | None:
    """The section of a name as a run found it, without an address when it did not; None when it found none at all."""
    found = report.get("sections") or [report["section"]] if report.get("section") else []
    links: dict[str, SectionLink] = {}
    for one in found:
        if one["url"]:
            called = map(squeeze, (one.get("section", one["name"]), one["name"]))
            links |= dict.fromkeys(called, SectionLink(one["url"], one["name"]))
    if not links:
        return None
    own = links.get(squeeze(name), SectionLink("", name))
    every = (links.get(squeeze(one.name), SectionLink("", one.name)) for one in profile.sections)
    return replace(own, beside=tuple(one for one in every if squeeze(one.name) != squeeze(own.name)))


async def _validators(answers: CapturedAnswers, url: str) -> dict[str, str]:
    """Headers of a conditional request for a captured file."""
    try:
        facts = http_facts(await answers.download_async(Request(url)))
    except (NotCaptured, StoreAway):
        return {}
    return conditions(facts["etag"], facts["last_modified"])
