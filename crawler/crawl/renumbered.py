"""Detects known speeches under other ids in a list; as new speeches they would be archived twice."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from crawler.crawl.remembering.seen_before import IdsOf
from crawler.pages import ListedRow
from crawler.pages.page import squeeze
from pipelines.archive.read.state import SpeechState
from pipelines.health import Gaps
from pipelines.reasons import Reason

_FEWEST = 2
WAY_OUT = (
    "run once with -a accept=new-cms, which archives them under the new ids and calls nothing gone, then `rekey`"
)


class Twins:
    """Finds present speeches by title and day, as their rows or their articles have them."""

    def __init__(self, known: Mapping[str, SpeechState]) -> None:
        self._known = known
        self._by_title, self._by_day = IdsOf(), IdsOf()
        for native_id, state in known.items():
            if not state.is_present:
                continue
            named = {(squeeze(title), date) for title, date in _named(state) if title}
            for title in {title for title, _ in named}:
                self._by_title.note(title, native_id)
            for title, date in named:
                if date:
                    self._by_day.note(_on_day(title, date), native_id)

    def of(self, title: str | None, date: str | None) -> set[str]:
        """Native ids of the speeches with this title on this day; none without a day."""
        return self._by_day.of(_on_day(squeeze(title), date)) if title and date else set()

    def of_row(self, row: ListedRow, *, by_title: bool) -> set[str]:
        """Native ids of other speeches than the row's own that have its title, and its day unless `by_title`."""
        if row.native_id is None or not row.title:
            return set()
        if self.knows(row) and is_of(row.title, self._known[row.native_id]):
            return set()
        found = self._by_title.of(squeeze(row.title)) if by_title else self.of(row.title, row.date)
        return found - {row.native_id}

    def knows(self, row: ListedRow) -> bool:
        """Whether the row has an id of the archive that no other has succeeded."""
        state = self._known.get(row.native_id or "")
        return state is not None and state.succeeded_by is None


def _on_day(title: str, date: str) -> str:
    return f"{date}\n{title}"


def is_of(title: str, state: SpeechState) -> bool:
    """Whether the title is that of a speech, or of its row: titles of different speeches are often much alike."""
    return squeeze(title) in {squeeze(known) for known, _ in _named(state) if known}


def _named(state: SpeechState) -> tuple[tuple[str | None, str | None], ...]:
    row = (state.listed.title, state.listed.date) if state.listed else (None, None)
    return row, (state.title, state.published_on)


def tell_old_ids(known: Mapping[str, SpeechState], seen: Container[str], gaps: Gaps) -> None:
    """Report listed speeches whose id a person has succeeded by one that is not listed."""
    for native_id, state in known.items():
        new = (state.succeeded_by or "").partition(":")[2]
        if new and native_id in seen and new not in seen:
            way = f"`rekey --pair {new}={native_id}` records that"
            detail = f"listed under its old id again, not under {new}: {way}"
            gaps.add_gap("speech", state.url, Reason.DOUBTFUL, detail, native_id, state.title)


def renumbered(known: Mapping[str, SpeechState], rows: Sequence[ListedRow]) -> str | None:
    """A message when half of the rows of the first list page are known speeches under other ids; else null.

    Where some rows have known ids, title and day must be those of a speech that is not on the page under its own.

    Args:
        known: the archive's speeches by native id.
        rows: the rows of the first list page.
    """
    twins, ids = Twins(known), {row.native_id for row in rows}
    has_known = any(twins.knows(row) for row in rows)
    same = {squeeze(row.title or "") for row in rows if twins.of_row(row, by_title=not has_known) - ids}
    if len(same) < _FEWEST or 2 * len(same) < len(rows):
        return None
    return (
        f"this looks like a new CMS: {len(same)} of {len(rows)} rows have titles of known speeches under other ids. "
        "Ids change with the site's addresses, with `cms` or `static_article` in the profile, or in a newer version "
        "of this program (CHANGELOG.md); nothing was read, nothing is marked gone. Correct the profile so that ids "
        f"stay the same; if the site itself has new ids, {WAY_OUT}"
    )
