"""The title of an article: the visible line that its page's `<title>`, its meta tags or its list row name.

`<title>` is the title and, behind a separator, names of column and site; which one, only the visible line shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from crawler.pages.body.kinds import DAY, Kind, is_subtitle
from crawler.pages.body.known import Line
from crawler.pages.page import ends_sentence, named, squeeze, tidy

_SEPARATORS = "-_—–―－|｜丨·•>»«<~～:：/【】[]()（）"
_CUT = re.compile(
    r"(?<!\s)\s*(?:[_|｜>»«]|--+|—+|–|\s[-·•]\s|-(?=[^-]*(?:网|站|政协|政府|在线|频道|门户)[^-]*$)|\s(?=\S*(?:网|网站|门户)$))\s*"
)
_DOTS = re.compile(r"(?:(?<!\.)\.{2,}|(?<!…)…+)$")
_SITE = re.compile(
    "(?:网|网站|门户|首页|主页|频道)$|^.{0,16}(?:委员会|人民政府|[协学]会|联合会|博客|论坛|在线|[日晚]报|电视台)$"
)
_LABEL = re.compile(r"(?:(?:文章|信息|文件)?标\s*题|题\s*目|信息名称|名\s*称)\s*[:：]\s*(?=.)")
_MAY_BE_LABELLED = re.compile("[:：]")
_LABEL_CELL = re.compile(r"标\s*题\s*[:：]?")
_SORT = re.compile(r"[\[【［][^\]】］]{1,6}[\]】］]")
_SORT_BEGINS = ("[", "【", "［")
_NUMBER = re.compile(r"[〔\[（(]\d{4}[〕\]）)].{0,8}号$")
# How to reach the site: a column of such lines stands before the text on small sites.
_CONTACT = re.compile(r"^(?:联系)?(?:地\s*址|电\s*话|手\s*机|传\s*真|邮\s*[箱编]|网\s*址|联系人)\s*[:：]")
# Where the page stands in its site.
_TRAIL = re.compile(
    r"^(?:您|你)?(?:现在|当前|目前)?的?(?:所在)?(?:的)?位置\s*[:：]|^(?:网站)?(?:首页|主页)\s*[>»›＞→-]"
)
# A salutation, or the heading of a part.
_SPOKEN = re.compile(
    "^(?:尊敬的|敬爱的|各位|同志们|女士们|先生们|朋友们|委员们)|^[（(]?[一二三四五六七八九十]{1,3}(?:[)）]|、)"
)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
_TAGS = {"h1": 4, "h2": 3, "h3": 2, "h4": 1}
_NAMED = re.compile(r"tit|biaoti|headline|subject|heading", re.IGNORECASE)
_MUCH, _LITTLE_PROSE = 200, 20
"""Characters of prose of a page whose titles stand before all but a twentieth of it."""
_LOOKED_BEHIND, _MOST_LINKS, _LONGEST_LABEL, _LONGEST_COLUMN = 10, 80, 6, 6
"""Lines near a title; of a column of links between title and body; characters of 原创 and the like, of 领导讲话."""
_SHORTEST_HEADED, _SHORTEST, _SHORTEST_INSIDE, _SHORTEST_LINKED, _LONGEST_TITLE, _LONGEST = 2, 4, 8, 10, 60, 120
"""Characters: 讲话 is a title in a heading alone; menus and columns have short names; longer lines are paragraphs."""


@dataclass(frozen=True, slots=True)
class Heading:
    """`text` as the page prints it without the page's number, its lines, and the number as printed: `(2)`."""

    text: str
    first: int
    end: int
    number: str = ""


def find_heading(
    lines: Sequence[Line],
    worths: Sequence[int],
    claims: Sequence[str],
    names: Iterable[str],
    part: int | None = None,
) -> Heading | None:
    """The line (or two, as `<br>` breaks it) that the first of the claims names.

    Args:
        lines: the page's lines; worths: what each is worth.
        claims: in order of trust: list row, meta tag, `<title>`.
        names: of site and section, which are never the title.
        part: number of the page in its article, which some CMS append as `(2)`; None for an article of one page.
    """
    number = re.compile(rf"[(（]{part}[)）]$") if part else None
    claims = [number.sub("", claim) for claim in claims] if number else claims
    known = {squeeze(name) for name in names}
    edged = [_edges(claim) for claim in claims]
    candidates = _candidates([_bare(line, number) for line in lines], "\n".join(whole for whole, _ in edged))
    last = _last_place(worths)
    for claim, (whole, edges) in zip(claims, edged, strict=True):
        for begins in (True, False):
            found = [
                (first, end, text)
                for first, end, text in candidates
                if _names(whole, edges, text, begins=begins) and _is_title(text, lines[first], known) and end <= last
            ]
            if found:
                first, end, text = max(found, key=lambda one: _rank(lines, worths, *one))
                if begins and len(text) <= _LONGEST_COLUMN and _has_headed(candidates, lines, whole, edges):
                    continue
                printed = number.search(lines[end - 1].text) if number else None
                title = _printed(lines[first], number)
                shown = title if squeeze(title) == text else _cut(claim, text)
                return Heading(shown, first, end, printed.group() if printed else "")
    return next(filter(None, (_begun(lines, worths, titled(claim, names)) for claim in claims)), None)


def _rank(lines: Sequence[Line], worths: Sequence[int], first: int, end: int, text: str) -> tuple[int, ...]:
    is_plain = lines[first].linked * 2 < lines[first].size
    return len(text), is_plain, _prose_behind(worths, end) > 0, -first, end


def _has_headed(
    candidates: Iterable[tuple[int, int, str]], lines: Sequence[Line], whole: str, edges: set[int]
) -> bool:
    """True when a heading of the page stands in the claim behind its first words, which then are a column's name."""
    return any(
        lines[first].block.tag in _TAGS and _names(whole, edges, text, begins=False) and not _SITE.search(text)
        for first, _, text in candidates
    )


def _begun(lines: Sequence[Line], worths: Sequence[int], title: str) -> Heading | None:
    """The line that begins with a claimed title: it says more where the claim is cut, else a label such as 原创."""
    begins = squeeze(_DOTS.sub("", title))
    if len(begins) < _SHORTEST_INSIDE:
        return None
    is_cut = _DOTS.search(title) is not None
    for index, line in enumerate(lines):
        text = squeeze(line.text)
        most = _LONGEST_TITLE if is_cut else _LONGEST_LABEL
        is_near = text.startswith(begins) and len(text) - len(begins) <= most and not ends_sentence(text)
        if is_near and line.linked < line.size and _prose_behind(worths, index + 1) > 0:
            return Heading(line.text if is_cut else title, index, index + 1)
    return None


def _is_title(text: str, line: Line, known: set[str]) -> bool:
    """True for what may be a title: no menu entry, no name of site or section."""
    is_headed = line.block.tag in _TAGS
    if len(text) < (_SHORTEST_HEADED if is_headed else _SHORTEST) or text in known or _SITE.search(text):
        return False
    return len(text) >= _SHORTEST_LINKED or line.linked < line.size or is_headed


def _cut(claim: str, text: str) -> str:
    """The words of a claim that say the text: a `<br>` in the heading hides whether a blank stands there."""
    claim = tidy(claim)
    begin = next((at for at in range(len(claim)) if squeeze(claim[at:]).startswith(text)), 0)
    ends = range(begin + len(text), len(claim) + 1)
    return next((claim[begin:end].strip() for end in ends if squeeze(claim[begin:end]) == text), text)


def nearest_heading(lines: Sequence[Line], kinds: Sequence[Kind], start: int, names: Iterable[str]) -> Heading | None:
    """The line before the body that looks most like a title, for pages whose `<title>` does not say it.

    Where none does, or only the site's name or a slogan, the body's own first line, when it stands out.
    """
    known = {squeeze(name) for name in names}
    first = max(0, start - _MOST_LINKS)
    for index in range(first, start - 1):
        if _LABEL_CELL.fullmatch(lines[index].text) and _SHORTEST < lines[index + 1].size <= _LONGEST:
            return Heading(lines[index + 1].text, index + 1, index + 2)
    before = [index for index in range(first, start) if kinds[index] is not Kind.LINKS]
    inside = _first_inside(lines, kinds, start, known)
    looks = [
        (
            not _SITE.search(line.text),
            not is_subtitle(line.text),
            2 * _TAGS.get(str(line.block.tag), 0)
            + _named(line)
            + 3 * (kinds[index + 1 : index + 2] in ([Kind.INFO], [Kind.DAY])),
            index,
        )
        for index in before[-_LOOKED_BEHIND:]
        if _may_be_title(line := lines[index], kinds[index]) and line.bare not in known
    ]
    if looks:
        is_no_site, _, score, index = max(looks)
        if inside is None or (is_no_site and score):
            return Heading(_unlabelled(lines[index].text), index, index + 1)
    return inside


def _first_inside(lines: Sequence[Line], kinds: Sequence[Kind], start: int, known: set[str]) -> Heading | None:
    """The body's own first line when it stands out, also below the name of a column."""
    if kinds[start : start + 2] == [Kind.SHORT, Kind.PROSE] and lines[start].size <= _LONGEST_LABEL:
        start += 1
    if start >= len(lines):
        return None
    line = lines[start]
    if _may_be_title(line, kinds[start]) and _stands_out(line) and line.bare not in known:
        return Heading(_unlabelled(line.text), start, start + 1)
    return None


def _may_be_title(line: Line, kind: Kind) -> bool:
    return (
        _SHORTEST < line.size <= _LONGEST_TITLE
        and kind in (Kind.SHORT, Kind.PROSE)
        and line.text[-1] not in "。：:"
        and line.block.tag != "marquee"
        and not any(pattern.search(line.text) for pattern in (DAY, _CONTACT, _NUMBER, _SPOKEN, _TRAIL))
    )


def _stands_out(line: Line) -> bool:
    """True for a line that its template sets apart: a heading, in the middle, or a block that calls itself title."""
    is_centred = line.block.get("align", "").lower() == "center" or _CENTRED.search(line.block.get("style", ""))
    return line.block.tag in _TAGS or _named(line) or bool(is_centred)


def _printed(line: Line, number: re.Pattern[str] | None) -> str:
    """The words of a line that may be a title, without label and number of the page; none of a longer one."""
    if line.size > _LONGEST:
        return ""
    return _unlabelled(number.sub("", line.text) if number else line.text)


def _bare(line: Line, number: re.Pattern[str] | None) -> str:
    if number is None and not _MAY_BE_LABELLED.search(line.text):
        return line.bare if line.size <= _LONGEST else ""
    title = _printed(line, number)
    return line.bare if title is line.text else squeeze(title)


def _unlabelled(text: str) -> str:
    label = _LABEL.match(text) if _MAY_BE_LABELLED.search(text) else None
    return text[label.end() :] if label else text


def _named(line: Line) -> bool:
    return _NAMED.search(named(line.block)) is not None


def _candidates(texts: Sequence[str], said: str) -> list[tuple[int, int, str]]:
    """Lines that stand in what is claimed, and pairs of lines that do, each with first and end."""
    found = [(index, index + 1, text) for index, text in enumerate(texts) if text and text in said]
    following = [*texts[1:], ""]
    pairs = [(first, first + 2, text + following[first]) for first, _, text in found if following[first]]
    marks = [(index, _SORT.match(text)) for index, text in enumerate(texts) if text.startswith(_SORT_BEGINS)]
    sorts = [(index, index + 1, mark.string[mark.end() :]) for index, mark in marks if mark]
    return found + [one for one in (*sorts, *pairs) if one[-1] in said]


def _last_place(worths: Sequence[int]) -> int:
    """Behind this line no title stands: nearly all prose of a page with prose is before it."""
    before = [0, *accumulate(max(0, value) for value in worths)]
    little = before[-1] // _LITTLE_PROSE if before[-1] >= _MUCH else 0
    return next((index for index, value in enumerate(before) if little and before[-1] - value < little), len(worths))


def _prose_behind(worths: Sequence[int], end: int) -> int:
    return sum(max(0, value) for value in worths[end : end + _LOOKED_BEHIND])


def _edges(claim: str) -> tuple[str, set[int]]:
    """The claim without whitespace, and the places in it where a title may begin or end."""
    whole, edges = "", {0}
    for character in tidy(claim):
        if character.isspace() or character in _SEPARATORS:
            edges.add(len(whole))
        if not character.isspace():
            whole += character
            if character in _SEPARATORS:
                edges.add(len(whole))
    return whole, edges | {len(whole)}


def _names(whole: str, edges: set[int], text: str, *, begins: bool) -> bool:
    """True when the claim begins with the text up to a separator, or holds it between two."""
    if begins:
        return whole.startswith(text) and len(text) in edges
    at = whole.find(text)
    return at > 0 and len(text) >= _SHORTEST_INSIDE and at in edges and at + len(text) in edges


def titled(claim: str, names: Iterable[str]) -> str:
    """A `<title>` without the names of site and columns behind (or before) the title."""
    known = {squeeze(name) for name in names}
    pieces = [piece for piece in _CUT.split(tidy(claim)) if squeeze(piece) and squeeze(piece) not in known]
    return pieces[0] if pieces else tidy(claim)
