"""Checks whether the text at a speech's address is that of the speech, before it is archived.

Servers answer 200 with another article, a notice or half a template. A new text of a known speech needs evidence that
it is the same speech; a new speech needs evidence that it belongs to its row. Without it, the article is requested
again at the end of the run.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping

from crawler.crawl.doubts import Doubt
from crawler.crawl.observed import OnList
from crawler.crawl.reading_time import reading_time
from crawler.crawl.remembering.seen_before import Bearers, TextsSeen, Unreported
from crawler.crawl.renumbered import WAY_OUT, Twins, is_of
from crawler.pages import ListedRow
from crawler.pages.shown import Shown, are_unlike, key, notice_in, pairs_in_common
from crawler.replay.past import PastReader
from pipelines.archive.read.state import SpeechState, text_digest
from pipelines.gates.tally import Texts
from pipelines.health import Gaps
from pipelines.normalise import Normaliser
from pipelines.reasons import Reason
from pipelines.record import Compared, RawSpeech, Speech
from pipelines.text.compact import TextSet
from pipelines.text.placeholders import is_loading
from pipelines.values import frozen

_SENTENCE_END = re.compile(r"[。！？；\n]+")
_KEPT = 0.5
"""An edit keeps most sentences; two speeches share hardly any (salutations, slogans)."""
_COLLAPSED, _LONG = 3, 60
"""Less than a third left of a text of more than a few lines is more often an incomplete page than an edit."""
_ALIKE = 0.4
"""Share of character pairs that two titles of one speech (list and page) have in common."""
_MANY = 3


@frozen
class _Before:
    """The earlier content of a known speech: of its newest line, or of its captures read by the current parser."""

    title: str
    body: str
    is_structural: bool


class Judge:
    """Checks the texts of one run, with what the run has seen so far.

    Args:
        site: its name.
        known: the archive's state of each speech, by native id.
        normaliser: makes records of raw speeches.
        past: reads the newest line of a known speech.
        has_lasted: whether a doubt first reported at a moment (RFC 3339) is old enough to be settled.
        texts: takes each text that is not as the archive has it.
        accepts_new_ids: known speeches may come under other ids.
    """

    def __init__(
        self,
        site: str,
        known: Mapping[str, SpeechState],
        normaliser: Normaliser,
        past: PastReader,
        has_lasted: Callable[[str], bool],
        texts: Texts,
        *,
        accepts_new_ids: bool = False,
    ) -> None:
        self.site, self.known, self.normaliser, self.texts = site, known, normaliser, texts
        self.past, self.has_lasted, self.accepts_new_ids = past, has_lasted, accepts_new_ids
        self._twins = Twins(known)
        self._noted = TextSet()
        self._titles, self._texts = Bearers(), TextsSeen()
        self._own: Counter[str] = Counter()
        self._foreign: Counter[str] = Counter()
        self._new = 0
        self._without: set[str] = set()
        self._copies: dict[str, str] = {}
        """New speeches that are kept with the same text as another, under another title, and that other."""
        self._unreported = Unreported()
        for native_id, state in known.items():
            if state.succeeded_by is not None:
                continue
            self._titles.note(key(state.title), native_id)
            self._texts.note(state.text, native_id, state.title)

    def note(self, row: ListedRow, listed: OnList) -> None:
        """Remember a row of a list page."""
        if row.native_id is None:
            return
        self._noted.add(row.native_id)
        self._titles.note(key(row.title), row.native_id)
        if row.native_id in self.known:
            self._own[_page(listed)] += 1

    async def doubt(self, raw: RawSpeech, shown: Shown, listed: OnList | None, *, again: bool) -> Doubt | None:
        """Why the text of `raw` is not accepted; None when it is. `again`: this is the second request.

        Raises:
            PageTimeError: the check takes too long.
        """
        known = self.known.get(raw.native_id)
        with reading_time(raw.url):
            speech = self.normaliser.speech(raw)
        if known is not None and (known.is_redacted or speech.content_sha256 == known.content_sha256):
            return None
        was = await self._what_was(known, raw) if known else None
        with reading_time(raw.url):
            if known is None or was is None:
                found = self._of_new(speech, shown, listed, again=again)
            else:
                found = self._of_other(known, speech) or self._of_known(known, was, speech, shown, listed)
        digest = text_digest(speech.body)
        self.texts.note(raw.native_id, digest, is_collapsed=was is not None and _is_collapsed(was.body, speech.body))
        self._texts.note(digest, raw.native_id, speech.title)
        if found is None or (again and self._is_settled(found, known)):
            return None
        return found

    def kept(self, raw: RawSpeech, gaps: Gaps) -> None:
        """Take a speech that is kept; report a new one without text and files, and two with one text.

        Of two, either may show the text of the other.
        """
        if raw.native_id in self.known:
            return
        title = raw.look.listed.title if raw.look.listed else None
        if raw.native_id in self._without:
            reason, detail = Reason.NO_ARTICLE, "kept without a text: its page has neither text nor a file"
            gaps.add_gap("speech", raw.url, reason, detail, raw.native_id, title)
            return
        other = self._copies.get(raw.native_id)
        if other is None:
            self._unreported.note(raw.native_id, raw.url, title)
            return
        self._add_copy(gaps, raw.native_id, (raw.url, title), other)
        if (first := self._unreported.take(other)) is not None:
            self._add_copy(gaps, other, first, raw.native_id)

    def _add_copy(self, gaps: Gaps, native_id: str, kept: tuple[str, str | None], other: str) -> None:
        detail = f"kept with the same text as {self.site}:{other}"
        gaps.add_gap("speech", kept[0], Reason.DOUBTFUL, detail, native_id, kept[1])

    def _is_settled(self, found: Doubt, known: SpeechState | None) -> bool:
        """Whether a second observation, in this run or long after the first, makes the text an edit by the site."""
        since = known.first_doubted_at if known and found.may_last else None
        if found.is_settled or since is None:
            return found.is_settled
        return self.has_lasted(since)

    async def _what_was(self, known: SpeechState, raw: RawSpeech) -> _Before:
        compared = await self.past.compared(raw)
        if isinstance(compared, Compared):
            old = self.normaliser.speech(compared.before)
            return _Before(old.title, old.body, _is_structural(old))
        line = await asyncio.to_thread(self.past.content, known)
        codes = {problem["code"] for problem in line["problems"]}
        return _Before(line["title"], line["body"], bool(codes & _STRUCTURAL))

    def _of_other(self, known: SpeechState, speech: Speech) -> Doubt | None:
        """The doubt about an article to which a new CMS gave the id of another one."""
        if not self.accepts_new_ids or is_of(speech.title, known):
            return None
        return Doubt(Reason.DOUBTFUL, f"the new CMS has given the id of {known.title!r} to another article")

    def _of_known(
        self, known: SpeechState, was: _Before, speech: Speech, shown: Shown, listed: OnList | None
    ) -> Doubt | None:
        if (notice := notice_in(speech.body)) and not notice_in(was.body):
            return Doubt(*notice)
        if others := self._others(speech, known):
            return Doubt(Reason.DOUBTFUL, f"the same text as {_ids(self.site, others)}")
        if _is_collapsed(was.body, speech.body):
            detail = f"{len(speech.body)} characters of text, {len(was.body)} before"
            return Doubt(Reason.DOUBTFUL, detail, may_last=True)
        if _waits(speech.body) and not _waits(was.body):
            return Doubt(Reason.DOUBTFUL, "a part of the text is still loading", may_last=True)
        if _kept(was.body, speech.body) >= _KEPT:
            return None
        titles = (known.title, was.title, listed.row.title if listed else None)
        if not any(_bears(shown, speech, title) for title in titles):
            notice = shown.notice()
            return Doubt(*notice) if notice else Doubt(Reason.DOUBTFUL, _headed(speech, known.title))
        if _is_structural(speech) and not was.is_structural:
            return Doubt(Reason.DOUBTFUL, "another text, and the container of the body is missing")
        return Doubt(Reason.DOUBTFUL, "another text", is_settled=True)

    def _of_new(self, speech: Speech, shown: Shown, listed: OnList | None, *, again: bool) -> Doubt | None:
        self._new += not again
        self._without.discard(speech.native_id)
        self._copies.pop(speech.native_id, None)
        if notice := notice_in(speech.body):
            return Doubt(*notice)
        if twins := self._off_the_list(speech, listed):
            return Doubt(Reason.DOUBTFUL, f"{_renumbered(self.site, twins)}; if its id changed, {WAY_OUT}")
        title = listed.row.title if listed else None
        is_unlike = len(key(title)) >= _MANY and not _bears(shown, speech, title)
        others = self._others(speech, None)
        if is_unlike:
            return self._unlike(speech, shown, title or "", others)
        if others and len({key(other) for other in others.values()} - {key(speech.title)}) >= _MANY - 1:
            return Doubt(Reason.DOUBTFUL, f"the same text as {_ids(self.site, others)}")
        another = next((one for one, other in others.items() if are_unlike(other, speech.title)), None)
        if another and len(speech.body) >= _LONG:
            self._copies[speech.native_id] = another
            return Doubt(Reason.DOUBTFUL, f"the same text as {_ids(self.site, others)}", is_settled=True)
        if not speech.body and not speech.attachments:
            return self._without_text(speech)
        return self._of_section(speech, listed, again=again)

    def _off_the_list(self, speech: Speech, listed: OnList | None) -> set[str]:
        """Known speeches with title and day of a new one, as row or article has them, that no list page showed."""
        if self.accepts_new_ids:
            return set()
        found = self._twins.of(speech.title, speech.published_on)
        if listed:
            found |= self._twins.of(listed.row.title, listed.row.date)
        return {native_id for native_id in found if native_id not in self._noted}

    def _unlike(self, speech: Speech, shown: Shown, title: str, others: dict[str, str]) -> Doubt:
        """The doubt about an article whose heading differs from its row."""
        has_other_bearer = self._titles.has_other(key(speech.title), speech.native_id)
        is_alike = pairs_in_common(title, speech.title) >= _ALIKE and shown.names(speech.title)
        if is_alike and not has_other_bearer and not others:
            return Doubt(Reason.DOUBTFUL, _headed(speech, title), is_settled=True)
        notice = shown.notice()
        return Doubt(*notice) if notice else Doubt(Reason.DOUBTFUL, _headed(speech, title))

    def _without_text(self, speech: Speech) -> Doubt:
        self._without.add(speech.native_id)
        is_common = len(self._without) >= _MANY and len(self._without) * 2 > self._new
        return Doubt(Reason.NO_ARTICLE, "neither a text nor a file", is_settled=not is_common)

    def _of_section(self, speech: Speech, listed: OnList | None, *, again: bool) -> Doubt | None:
        """The doubt when every new row of a list page names another column: the list is of another section."""
        page = _page(listed)
        is_foreign = any(one.field == "section" and one.code == "disagrees" for one in speech.problems)
        if not again:
            (self._foreign if is_foreign else self._own)[page] += 1
        if not is_foreign:
            return None
        has_history = bool(self.known)
        is_anothers = not self._own[page] and (has_history or self._foreign[page] >= _MANY)
        has_others = has_history or self._own.total() > 0
        detail = f"every new row of its list page has, as this one, the breadcrumb {speech.raw.breadcrumb}"
        return Doubt(Reason.DOUBTFUL, detail, is_settled=not (is_anothers and has_others))

    def _others(self, speech: Speech, known: SpeechState | None) -> dict[str, str]:
        """Other speeches with the same text and their titles, except those that had the same text before."""
        digest, was = text_digest(speech.body), known.text if known else b""
        if not speech.body or digest == was:
            return {}
        texts = self._texts.of(digest)
        same = {one for one, state in self.known.items() if was and state.text == was} if texts else set()
        return {one: title for one, title in texts.items() if one not in {speech.native_id, *same}}


_STRUCTURAL = frozenset({"unknown-container", "low-confidence"})


def _is_structural(speech: Speech) -> bool:
    return any(problem.field == "body" and problem.code in _STRUCTURAL for problem in speech.problems)


def _page(listed: OnList | None) -> str:
    """The answer that showed a row: the same address may answer with another list the next time."""
    page = listed.page if listed else None
    return f"{page.url} {page.captured_at} {page.record_id}" if page else ""


def _ids(site: str, others: dict[str, str]) -> str:
    return f"{site}:{min(others)}"


def _renumbered(site: str, twins: set[str]) -> str:
    return f"title and day of {_ids(site, dict.fromkeys(twins, ''))}, which is not listed any more"


def _headed(speech: Speech, title: str) -> str:
    return f"the page is headed {speech.title!r}, the speech {title!r}"


def _bears(shown: Shown, speech: Speech, title: str | None) -> bool:
    """Whether the page's heading is the title, or its beginning or core."""
    if title is None:
        return False
    if shown.names(title):
        return True
    heading, sought = key(speech.raw.title), key(title)
    is_short = len(sought) < _MANY + 1 and heading == sought
    return is_short or (len(heading) * 2 > len(sought) and heading in sought and shown.names(speech.raw.title))


def _is_collapsed(was: str, now: str) -> bool:
    return len(now) * _COLLAPSED < len(was) and (len(was) >= _LONG or not now)


def _waits(body: str) -> bool:
    return any(map(is_loading, body.split("\n")))


def _kept(was: str, now: str) -> float:
    """Share of the characters of a text that are in sentences of another text."""
    whole = key(now)
    sentences = [key(sentence) for sentence in _SENTENCE_END.split(was)]
    length = sum(map(len, sentences))
    return sum(len(sentence) for sentence in sentences if sentence in whole) / length if length else 0.0
