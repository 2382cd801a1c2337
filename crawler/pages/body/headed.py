"""A body behind its title, with the lines at the title that are text of the article: subtitle, speaker, day."""

from __future__ import annotations

import re
from dataclasses import replace

from crawler.pages.body.edges import find_edges
from crawler.pages.body.find import Body
from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind, is_own_day, is_subtitle
from crawler.pages.head.heading import Heading
from crawler.pages.page import named

_MOST_SUBTITLES = 4
"""Lines behind a title: subtitle, speaker, day and one more."""
_SPEAKER = re.compile(r"[\u4e00-\u9fff·]{2,16}")
# As newspapers' templates, TRS and 大汉 name the fields 引题 and 副题, and in Chinese their sounds.
_SUBTITLE = re.compile(
    r"(?:^|[\s_-])(?:(?:sub|intro|fu|f|vice|yin|pre)[-_]?(?:title|biaoti|bt)|futi|yinti|shoulder)(?:$|[\s_-])",
    re.IGNORECASE,
)
_TEXT = (Kind.PROSE, Kind.SHORT)


def headed(page: Judged, body: Body, heading: Heading) -> Body:
    """The body behind its title; lines at the title that neither it nor the info line holds become its lead."""
    if body.start <= heading.first and heading.end < body.stop:
        edges = find_edges(page, body.first, body.end, heading)
        return replace(body, start=edges.start, stop=edges.stop, keeps=edges.keeps, cut=edges.cut)
    return with_subtitles(page, body, heading)


def with_subtitles(page: Judged, body: Body, heading: Heading) -> Body:
    """The body with the lines at the title that are the article's own words; outside of its element they lead it.

    Lines whose block cannot be taken alone are reported as cut.
    """
    own = [i for i in _at_title(page, heading, body.start) if i not in body.keeps]
    if not own:
        return body
    outside = {i: page.lines[i].block for i in own if not body.first <= i < body.end}
    blocks, around = outside.values(), {body.node, *body.node.iterancestors()}
    are_apart = all(page.spans.get(block) == (i, i + 1) and block not in around for i, block in outside.items())
    is_mixed = any((block.tail or "").strip() for block in blocks) or (blocks and (body.node.text or "").strip())
    if not are_apart or is_mixed:
        return replace(body, cut=tuple(sorted({*own, *body.cut})))
    cut = tuple(i for i in body.cut if i not in own)
    return replace(body, keeps=(*own, *body.keeps), cut=cut, lead=(*blocks, *body.lead))


def _at_title(page: Judged, heading: Heading, start: int) -> list[int]:
    """Lines before and behind the title that their block calls subtitle, or that read or stand as one."""
    last = min(start, heading.end + _MOST_SUBTITLES)
    named = [i for i in range(max(0, heading.first - 1), last) if _is_named_subtitle(page, i, heading)]
    run = heading.end
    while run < last and (run in named or _may_be_subtitle(page, run)):
        run += 1
    behind = range(heading.end, run)
    reads = any(is_subtitle(page.lines[i].text) or is_own_day(page.lines[i].text) for i in behind)
    return sorted({*named, *(behind if reads else ()), *_in_title_block(page, heading, last)})


def _is_named_subtitle(page: Judged, index: int, heading: Heading) -> bool:
    line = page.lines[index]
    if heading.first <= index < heading.end or line.linked or page.kinds[index] not in _TEXT:
        return False
    return _SUBTITLE.search(named(line.block)) is not None


def _in_title_block(page: Judged, heading: Heading, last: int) -> list[int]:
    """Prose that shares with the title a block of nothing but plain words, as in a table of title and subtitle."""
    around = page.lines[heading.first].block.iterancestors()
    spans = (page.spans.get(node, (0, 0)) for node in around)
    first, end = next((span for span in spans if span[1] > heading.end), (0, 0))
    if end > last or any(page.kinds[i] not in _TEXT or page.lines[i].linked for i in range(first, end)):
        return []
    return [i for i in range(heading.end, end) if page.kinds[i] is Kind.PROSE]


def _may_be_subtitle(page: Judged, index: int) -> bool:
    line = page.lines[index]
    is_speaker = page.kinds[index] is Kind.SHORT and _SPEAKER.fullmatch(line.bare) is not None
    return not line.linked and (is_speaker or is_subtitle(line.text) or is_own_day(line.text))
