"""Days, author, source and views of an article: read from the lines around its title and body, never from the page.

Side bars, related articles and footers have dates and sources of their own, so only lines between title and body
count freely; lines just above the title and just behind the body count when they carry a label or are a day alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind, is_own_day, is_subtitle
from crawler.pages.body.known import Line
from crawler.pages.head.heading import Heading
from crawler.pages.head.labels import (
    AUTHOR,
    COUNT_BEFORE,
    INPUTTER,
    OTHER_DAYS,
    PUBLISHED,
    SEEN,
    SOURCE,
    UPDATE_LABEL,
    UPDATED,
    VIEWS,
    WRITTEN,
    InfoLine,
    Value,
    info_lines,
    labelled,
    with_cells_joined,
)
from crawler.pages.page import ends_sentence, squeeze
from pipelines.record import Witness
from pipelines.text.dates import find_dates, leading_date
from pipelines.text.placeholders import says_nothing
from pipelines.text.views import view_count

_ABOVE, _BEHIND, _WITHOUT_HEADING, _MOST_LINKS, _MOST_BETWEEN, _SIGNATURE, _FIRST = 4, 4, 8, 80, 24, 3, 3
"""Lines that may belong to an article: farther off stand side bars, related articles and the next entry."""
_CJK, _SHORTEST_TITLE = re.compile(r"[\u4e00-\u9fff]"), 8
"""Chinese characters of a title; the name of a source has fewer."""
_MOST_BESIDE, _LONGEST_BEHIND, _LONGEST_DATED, _LONGEST_SPLIT = 12, 40, 60, 12
"""Characters beside a day alone, of a line of labels behind a body, of a dated line, of a day in pieces: a sentence
has more."""
_CLOCK = re.compile(r"\d\s?[:：时點点]\s?\d")
_YEARLESS = re.compile(r"(?<![\d/.-])\d{1,2}[-/月]\d{1,2}日?\s+\d{1,2}[:：]\d{2}(?:[:：]\d{2})?")
_TODAY = re.compile("今天|今日|现在|当前|欢迎|您好|北京时间")
_UPDATE = re.compile(rf"{UPDATE_LABEL}$")
_YEAR_FIRST, _NUMBERS = re.compile(r"\d{4}\D"), re.compile(r"\d+")
# Words that may be a date or stand for one; `时间：周三、周四` in a sentence is none.
_TELLS = re.compile(r"[\d年月前今昨刚{$\[]|^[-—]+$|NaN|null|undefined|Invalid", re.IGNORECASE)
_FOOTER = re.compile("©|版权|[Cc]opyright|备案|[上下]一[篇页条]")
_BARE_VIEWS = re.compile(
    rf"{SEEN}(?:次数|量|数|率)?\s?[\])】）]?\s?([(（\[]?\s?[\d０-９][^\s\])）】]{{0,12}})|{COUNT_BEFORE}"
)
_OF_OTHER_THINGS = frozenset({*OTHER_DAYS, *UPDATED, *WRITTEN})
_OF_ANY_DAY = _OF_OTHER_THINGS.union(PUBLISHED)


@dataclass(frozen=True, slots=True)
class Found:
    """Words as the page prints them, and where: title, heading, meta, or a place that a date may stand in."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Info:
    """What the lines around an article say of it; `dates` is every day they say, the rest None where they do not."""

    dates: tuple[Witness, ...]
    author: Found | None
    source: Found | None
    views: Found | None


Values = dict[str, dict[str, Value]]
Zones = dict[str, list[Line]]
"""Lines between title and body (`info`), in the head of the body's element (`head`), behind the body (`tail`), above
the title (`above`); of the text itself the last ones (`signature`) and the first (`body`)."""


def _zones(page: Judged, body: Body, heading: Heading | None) -> Zones:
    """The lines around a body, and those within its element that are no part of the text, the most telling first."""
    lines, kinds = page.lines, page.kinds
    kept = set(body.keeps)
    in_head = [i for i in range(body.start, min(body.stop, body.start + _MOST_BETWEEN)) if kinds[i] is Kind.INFO]
    if heading is not None and heading.end <= body.start:
        near = range(max(0, heading.first - _ABOVE), heading.first)
        trail = max((i for i in near if kinds[i] is Kind.LINKS), default=-1)
        above = [lines[i] for i in near if i > trail]
        between = list(range(heading.end, body.start))
    else:
        # Portals set columns of links between title and body.
        before = [i for i in range(max(0, body.start - _MOST_LINKS), body.start) if kinds[i] is not Kind.LINKS]
        above, between = [], before[-_WITHOUT_HEADING:]
    if len(between) > _MOST_BETWEEN:
        between = between[: _MOST_BETWEEN // 2] + between[-_MOST_BETWEEN // 2 :]
    is_around = heading is not None and heading.first < body.first
    inside = [i for i in between if i >= body.first] if is_around else []
    between = between[: len(between) - len(inside)]
    first = range(body.start, min(body.stop, body.start + _FIRST))
    last = range(body.stop - 1, max(body.start, body.stop - 1 - _SIGNATURE), -1)
    found = {
        "info": [lines[i] for i in between],
        "head": [lines[i] for i in (*inside, *in_head) if i not in kept],
        "tail": lines[body.stop : body.stop + _BEHIND],
        "above": above,
        "signature": [lines[i] for i in last if kinds[i] is Kind.DAY],
        "body": [lines[i] for i in first if i in kept and _may_be_info(lines[i], kinds[i])],
    }
    for where in ("info", "head", "signature", "body"):
        found[where] = [line for line in found[where] if not is_own_day(line.text)]
    return found


def _may_be_info(line: Line, what: Kind) -> bool:
    """True for a line at the beginning of a text that may be its info line: a few words with a number, or a label."""
    if what in {Kind.DAY, Kind.INFO}:
        return True
    if line.linked or line.size > _LONGEST_BEHIND or ends_sentence(line.text) or not _NUMBERS.search(line.text):
        return False
    return what is Kind.SHORT or next(InfoLine.of(line).values(), None) is not None


def read_info(page: Judged, body: Body, heading: Heading | None) -> Info:
    """Read the lines around a body that may say something of it."""
    zones = _zones(page, body, heading)
    lines = {where: info_lines(zone) for where, zone in zones.items()}
    places = ("info", "head", "tail", "above")
    values = {where: labelled(with_cells_joined(zones[where], lines[where])) for where in places}
    dates = tuple(_dates(zones, lines, values))
    # Related articles behind a body have authors and sources too, not at the beginning of a line.
    values["tail"] = labelled(line for line in lines["tail"] if line.begins_with_label)
    return Info(
        dates=dates,
        author=_first(values, AUTHOR) or _first(values, INPUTTER),
        source=_first(values, SOURCE),
        views=_views(values, lines["info"] + lines["head"]),
    )


def _dates(zones: Zones, lines: dict[str, list[InfoLine]], values: Values) -> Iterator[Witness]:
    """Every day that the lines say, with the place it has there."""
    for where in values:
        yield from _labelled_dates(where, values[where])
    for where in ("info", "head"):
        beside = zip(zones[where], lines[where], strict=True)
        yield from _unlabelled(where, [(line, words) for line, words in beside if _may_be_dated(line)])
    yield from _alone(zones["above"], lines["above"], _MOST_BESIDE)
    yield from _behind(zones["tail"], lines["tail"])
    for where in ("signature", "body"):
        plain = (text for line in lines[where] for _, text in _whole_dates(line.without(_OF_OTHER_THINGS)))
        yield from (Witness(where=where, text=text) for text in (*plain, *_split(lines[where])))


def _labelled_dates(where: str, values: dict[str, Value]) -> Iterator[Witness]:
    """The best label of publication that says something; then days of writing and of change."""
    said = [values[label] for label in PUBLISHED if label in values]
    date = next((value.date for value in said if _CLOCK.search(value.date) or leading_date(value.date)), None)
    if date is None:
        date = next((value.date for value in said if _TELLS.search(value.date)), None)
    if date is not None:
        yield Witness(where=where, text=date)
    elif script := next((value.script for value in said if value.script), None):
        yield Witness(where="script", text=script)
    for kind, labels in (("written", WRITTEN), ("updated", UPDATED)):
        if date := next((values[label].date for label in labels if label in values and values[label].date), None):
            yield Witness(where=kind, text=date)


def _may_be_dated(line: Line) -> bool:
    """True for a line that may print the article's day without a label: no row, sentence or subtitle."""
    # The link to a source is no title.
    is_titled = line.linked * 2 > line.size and len(_CJK.findall(line.text)) >= _SHORTEST_TITLE
    if line.linked and (is_titled or line.block.tag in {"li", "dd"}):
        return False
    return not is_subtitle(line.text) and not (ends_sentence(line.text) and line.size > _LONGEST_DATED)


def _unlabelled(where: str, lines: Sequence[tuple[Line, InfoLine]]) -> Iterator[Witness]:
    """Of days with a clock time the earliest, since a change comes after; else the first; else one without a year."""
    said = [words for _, words in lines]
    found = [date for line in said for date in _whole_dates(line.without(_OF_OTHER_THINGS))]
    # Layouts set day and clock apart that run into each other in the source.
    found = found or [date for line in said for date in _whole_dates(line.parts(_OF_OTHER_THINGS))]
    texts = [text for before, text in found if not _UPDATE.search(before)]
    exact = [text for text in texts if _CLOCK.search(text)]
    if len(exact) > 1 and all(_YEAR_FIRST.match(text) for text in exact):
        exact = [min(exact, key=lambda text: [int(digits) for digits in _NUMBERS.findall(text)])]
    if exact:
        yield Witness(where=where, text=exact[0])
    elif texts:
        yield Witness(where="head", text=texts[0])
    elif split := next(_split(said), None):
        yield Witness(where="head", text=split)
    else:
        plain = (match[0] for line, _ in lines if (match := _YEARLESS.search(line.text)))
        yield from (Witness(where="head", text=text) for text in list(plain)[:1])


def _whole_dates(text: str) -> Iterator[tuple[str, str]]:
    """The full dates of a line that are whole, each with the words before it."""
    for start, _, _ in find_dates(text):
        if end := leading_date(text[start:]):
            yield text[:start], text[start : start + end]


def _split(lines: Sequence[InfoLine]) -> Iterator[str]:
    """Dates whose day and month stand in elements or lines of their own: `28`, `2023-12`."""
    apart = [parts for line in lines if len(parts := line.parts()) <= _LONGEST_BEHIND]
    short = [parts for parts in apart if len(parts) <= _LONGEST_SPLIT]
    for text in (*apart, *(f"{one} {other}" for one, other in pairwise(short))):
        if leading_date(text) == len(text) > 0:
            yield text


def _alone(lines: Sequence[Line], said: Sequence[InfoLine], beside: int) -> Iterator[Witness]:
    """The first line that is a day and hardly anything else; the day of the visit is none of the article's."""
    for line, words in zip(lines, said, strict=True):
        for _, text in _whole_dates(words.without(_OF_ANY_DAY)):
            if not _TODAY.search(line.text) and line.size - len(squeeze(text)) <= beside:
                yield Witness(where="beside", text=text)
                return


def _behind(lines: Sequence[Line], said: Sequence[InfoLine]) -> Iterator[Witness]:
    """A day directly behind the body, before the first link or footer."""
    for line, words in zip(lines, said, strict=True):
        if line.linked or _FOOTER.search(line.text) or line.size > _LONGEST_BEHIND:
            return
        beside = _LONGEST_BEHIND if _CLOCK.search(line.text) else _MOST_BESIDE
        if found := next(_alone([line], [words], beside), None):
            yield found
            return


def _first(zones: Values, labels: Sequence[str]) -> Found | None:
    """The first value of these labels; one that names no one (未知) only where there is no other.

    Above the title stand side bars: a label of theirs says nothing where the info line has it too, be it empty.
    """
    known = {*zones["info"], *zones["head"]}
    found = [
        Found(values[label].name, where)
        for where, values in zones.items()
        for label in labels
        if label in values and values[label].name and (where != "above" or label not in known)
    ]
    return next((one for one in found if not says_nothing(one.text)), next(iter(found), None))


def _views(zones: Values, lines: Sequence[InfoLine]) -> Found | None:
    """The count behind a label, as it is printed; without a colon only what is certainly one."""
    for where, values in zones.items():
        for label in VIEWS:
            if label in values and (count := values[label].count):
                return Found(count, where)
    found = (match for line in lines for match in _BARE_VIEWS.finditer(line.text))
    bare = ((match[1] or match["count"]).lstrip("(（[ ") for match in found)
    return next((Found(text, "info") for text in bare if isinstance(view_count(text, source="page"), int)), None)
