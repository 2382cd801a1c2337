"""Which groups a speech is in, and how a long list is split into pages. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from pipelines.window.reading.summary import order_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pipelines.window.reading.summary import Edit, Summary

ROWS = 1_000
"""Rows of a page: some 400 KB of HTML, which a phone still shows at once."""
UNDATED = "undated"
"""The year of speeches without a date of publication."""
_Row = TypeVar("_Row")


class GroupKind(StrEnum):
    """By what speeches are grouped."""

    SPEAKER = "speaker"
    MEETING = "meeting"
    YEAR = "year"
    EDITED = "edited"
    """By the year in which the site was seen to have changed them."""
    SITE = "site"
    KEYWORD = "keyword"
    ALL = "all"


_LISTED = frozenset({GroupKind.SPEAKER, GroupKind.MEETING, GroupKind.YEAR})


class GroupKey(NamedTuple):
    """A group: its kind, and the name of the speaker or meeting as written, the year, the site or the word."""

    kind: GroupKind
    name: str


ALL_SPEECHES = GroupKey(GroupKind.ALL, "")


def year_of(summary: Summary) -> str:
    """The year in which the site published a speech, `undated` where it does not say."""
    return summary.published_on[:4] if summary.published_on else UNDATED


def month_of(summary: Summary) -> str:
    """The same for the month: `2024-03`."""
    return summary.published_on[:7] if summary.published_on else UNDATED


def newest_first(summaries: Iterable[Summary]) -> list[Summary]:
    """By day of publication, the newest first, those without one last; of one day those of the newest ids."""
    return sorted(summaries, key=lambda one: order_of(one.published_on, one.id), reverse=True)


def dictionary_order(name: str) -> list[tuple[bool, bytes]]:
    """The place of a name in a Chinese dictionary: GB 2312 has its 3,755 common characters by their pinyin.

    Those that it has not, some rare ones in names, come after all others.
    """
    return [_place_in_gb2312(character) for character in name]


def _place_in_gb2312(character: str) -> tuple[bool, bytes]:
    found = character.encode("gb2312", "ignore")
    return not found, found or character.encode("utf-8", "surrogatepass")


def groups_of(summary: Summary, keywords: Collection[str] = ()) -> Iterator[GroupKey]:
    """Every group that says something of a speech."""
    yield ALL_SPEECHES
    yield GroupKey(GroupKind.SITE, summary.site)
    yield from (GroupKey(GroupKind.EDITED, year) for year in sorted({edit.observed_at[:4] for edit in summary.edits}))
    yield from (GroupKey(GroupKind.KEYWORD, word) for word in keywords if word in summary.keywords)
    yield from (GroupKey(GroupKind.SPEAKER, name) for name in dict.fromkeys(summary.speakers))
    yield from (GroupKey(GroupKind.MEETING, name) for name in (summary.meeting,) if name)
    yield GroupKey(GroupKind.YEAR, year_of(summary))


@dataclass(frozen=True, slots=True)
class Touched:
    """The groups whose pages and feeds may differ: each with the summaries by which it does.

    `versions`: how many summaries each speech has: two, as it was and as it is; one that is new or went has one.
    """

    groups: Mapping[GroupKey, Sequence[Summary]]
    versions: Mapping[str, int]

    def __contains__(self, key: object) -> bool:
        return key in self.groups

    def has_kind(self, kind: GroupKind) -> bool:
        """Whether a group of this kind may differ."""
        return any(key.kind is kind for key in self.groups)

    def periods(self, key: GroupKey, period_of: Callable[[Summary], str]) -> frozenset[str] | None:
        """The periods of a group whose rows may differ; null for all: a speech came, went, moved, or has another id.

        Then the list may be divided in other pages, and old ids may be listed that were not.
        """
        found = self.groups.get(key, ())
        places = Counter((summary.id, period_of(summary)) for summary in found)
        is_in_place = all(self.versions[speech] == count == 2 for (speech, _), count in places.items())
        is_listed = all(summary.state != "succeeded" for summary in found)
        return frozenset(period for _, period in places) if is_in_place and is_listed else None


def touched_by(changed: Collection[Summary], keywords: Collection[str] = ()) -> Touched:
    """The groups whose pages and feeds may differ.

    Args:
        changed: the summaries of every speech with news, as they were before and as they are now.
        keywords: the words of keyword feeds.
    """
    groups: defaultdict[GroupKey, list[Summary]] = defaultdict(list)
    for summary in changed:
        for key in groups_of(summary, keywords):
            groups[key].append(summary)
    return Touched(groups, Counter(summary.id for summary in changed))


def members_of(summaries: Iterable[Summary], keywords: Collection[str] = ()) -> dict[GroupKey, list[Summary]]:
    """The speeches of every group, in the order of `summaries`; a word without a speech is a group, too.

    An id that another has succeeded is not listed beside the other; its edits and events are told.
    """
    found: defaultdict[GroupKey, list[Summary]] = defaultdict(list)
    found[ALL_SPEECHES] = []
    for word in keywords:
        found[GroupKey(GroupKind.KEYWORD, word)] = []
    for summary in summaries:
        for key in groups_of(summary, keywords):
            found[key].append(summary)
    return {key: _once_each(some) if key.kind in _LISTED else some for key, some in found.items()}


def _once_each(summaries: list[Summary]) -> list[Summary]:
    if all(one.state != "succeeded" for one in summaries):
        return summaries
    ids = {one.id for one in summaries}
    return [one for one in summaries if one.state != "succeeded" or _successor(one) not in ids]


def _successor(summary: Summary) -> str | None:
    return next((event.succeeded_by for event in reversed(summary.events) if event.succeeded_by), None)


class SeenEdit(NamedTuple):
    """An edit and the speech that was edited."""

    edit: Edit
    summary: Summary


def edits_of(summaries: Iterable[Summary]) -> list[SeenEdit]:
    """Every edit, the one that was seen last first."""
    found = [SeenEdit(edit, summary) for summary in summaries for edit in summary.edits]
    return sorted(found, key=lambda one: (order_of(one.edit.observed_at, one.summary.id), one.edit.seq), reverse=True)


@dataclass(frozen=True, slots=True)
class PartOfList(Generic[_Row]):
    """The rows of one page of a list. `name`: empty for a whole list, else `2024`, `2024-03` or `2024-03-p2`."""

    name: str
    rows: Sequence[_Row]


def period_in(part: str) -> str:
    """The period of a page of a list, by the page's name."""
    return part.partition("-p")[0]


def parts_of(rows: Sequence[_Row], period_of: Callable[[_Row], str]) -> tuple[PartOfList[_Row], ...]:
    """A list in pages of at most `ROWS` rows; `period_in` gives the period of a page.

    A long one is split by `period_of`, in whose order the rows are; a long period in pages that are counted from its
    end, the oldest rows, so that a new row changes one page.
    """
    most = ROWS
    if len(rows) <= most:
        return (PartOfList("", rows),)
    found: list[PartOfList[_Row]] = []
    for period, run in groupby(rows, key=period_of):
        some = list(run)
        if len(some) <= most:
            found.append(PartOfList(period, some))
            continue
        first = len(some) % most or most
        starts = [0, *range(first, len(some), most)]
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else len(some)
            found.append(PartOfList(f"{period}-p{len(starts) - number}", some[start:end]))
    return tuple(found)
