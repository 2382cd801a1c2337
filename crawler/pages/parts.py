"""Where an article goes on: at an address its pager says or a rule gives, or somewhere that cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import etree

from crawler.pages.attachments import frames
from crawler.pages.body.find import Body
from crawler.pages.body.held import held_back
from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind
from crawler.pages.hidden import hides
from crawler.pages.lists.controls import MORE, is_dead, turns_pages
from crawler.pages.lists.counts import printed_pages
from crawler.pages.lists.page_scripts import made_by
from crawler.pages.lists.pagination import next_part
from crawler.pages.page import Page, squeeze, strings, words
from pipelines.text.placeholders import is_loading

_BEHIND, _MOST_LEVELS, _MOST_SIBLINGS, _LONGEST_PAGER = 4, 3, 6, 200
_LITTLE, _LONGEST_CONTROL, _SHORTEST_REST, _SHORTEST_PART, _LONGEST_TOLD = 80, 16, 4, 20, 300
# A page of thousands of hidden blocks is no article in parts.
_MOST_HIDDEN = 200
_PART = re.compile(r"[_-]\d{1,3}\.\w+$|[?&]p(?:age)?=\d{1,3}$", re.IGNORECASE)
_FOLDED_PART = re.compile(r"/\d{1,3}\.\w+$")
_ENDING = re.compile(r"\.\w+$")
_CREATED = re.compile(
    r"createPageHTML\w{0,20}\(\s*(?:['\"][^'\"]*['\"]\s*,\s*)?(\d{1,4})\s*,\s*(\d{1,4})\s*,\s*['\"]([\w./-]+)['\"]\s*,\s*['\"](\w+)['\"]"
)
_COUNTED = re.compile(r"\bcountPage\s*=\s*(\d{1,4})\b")
_CURRENT = re.compile(r"\bcurrentPage\s*=\s*(\d{1,4})\b")
_NEXT = re.compile(r"(?:下一?页|后一?页|下一頁|下一节|next)[>›»]*", re.IGNORECASE)
_REST = re.compile(
    r"[\[【(（.…]*(?:点击|继续|展开){0,2}(?:阅读|查看|浏览|显示)?(?:余下|剩余|其余)?(?:的)?(?:全文|内容|部分)(?:阅读)?(?:[（(]\d+%[)）])?[>›»\]】)）.…]*"
)
_ASKED = "登[录陆]|注册|扫码|扫描|扫一扫|下载|关注|购买|订阅|付费|开通|会员|APP|客户端"
_ALL = "全文|全部内容|完整内容|完整版|余下|剩余"
_WITHHELD = re.compile(f"(?:{_ASKED}).{{0,16}}(?:{_ALL})|(?:{_ALL}).{{0,16}}(?:{_ASKED})", re.IGNORECASE)
_LONGEST_CALL = 40
_ERROR = re.compile(
    r"Microsoft (?:OLE DB|VBScript|JET|JScript)|ODBC.{0,30}(?:Driver|错误)|ADODB\.|(?:error|错误) '8\w{7}'"
    r"|Server Error in '|(?:Fatal|Parse) error:|Warning: \w+\(\)|SQLException|ORA-\d{5}"
    r"|\bat (?:org|com|javax?)\.[\w.]+\(|(?:javax?|org)\.[\w.]+Exception|(?:脚本|查询|连接|执行)超时|超时已过期"
)
_SAYS_REST = re.compile("余下|剩余|其余|全文")
_UNFOLDS = re.compile("展开|收起")
_PAGER_NAME = re.compile(r"page|pager|pagin|fenye|(?:^|[\W_])(?:fy|pg)(?:$|[\W_])", re.IGNORECASE)
_CALL = re.compile(r"javascript:\s*(?!void|;|$)\w[\w.]*\s*\(", re.IGNORECASE)
_CONTROLS = ("a", "span", "li", "b", "i", "em", "button", "input", "strong", "div")
_NUMBERS = re.compile(r"\d+")
_COUNTS = re.compile(r"[（(]?(?:第?\d{1,3}页?[/,，]?共\d{1,3}页|\d{1,3}/\d{1,3}页?)[)）]?")
_SENTENCE = re.compile("[。！？]")
_DOCUMENT = re.compile(r"\.(?:s?html?|aspx?|php|jsp)$", re.IGNORECASE)
# Players, maps, counters and the like stand in frames of healthy articles.
_NO_TEXT = re.compile("player|video|audio|media|map|share|count|click|comment|login|weather|stat|vote", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GoesOn:
    """`url` of the next part; `told`: what of this part, or behind it, cannot be read. Both None at its end."""

    url: str | None = None
    told: str | None = None


def hidden_parts(root: etree._Element) -> list[etree._Element]:
    """The parts of an article that a script switches between.

    A part is a hidden block with sentences beside one of its kind that is seen, and a number or a word near them
    turns them.
    """
    hidden = (node for node in root.iter("div", "section", "article", "p") if _is_hidden(node))
    return [node for node in islice(hidden, _MOST_HIDDEN) if _is_hidden_part(node) and _has_switch(node)]


def goes_on(page: Page, judged: Judged, body: Body, part: int, *, is_joined: bool, is_turned: bool) -> GoesOn:
    """How an article goes on behind this part of it, or within it.

    Args:
        page: the page.
        judged: its lines.
        body: the article's block.
        part: the number of this part, from 1.
        is_joined: the page's own switch turns parts that are all on it.
        is_turned: its family reads the pager; only what is missing within the part is looked for.
    """
    if is_turned:
        return GoesOn(told=_unread(page, judged, body, part))
    near = [*_near(body.node)]
    if url := _linked(page, judged, body, near, part) or _created(page, near, part):
        return GoesOn(url, _unread(page, judged, body, part))
    if told := _rest(page, near) or (
        None if is_joined else _unread_turn(page, near, part) or _counted(page, near, part)
    ):
        return GoesOn(told=told)
    if not is_joined and (told := _hidden_twin(body.node)):
        return GoesOn(told=told)
    if told := _within(page, judged, body, part):
        return GoesOn(told=told)
    return _framed(page, judged, body, part)


def _within(page: Page, judged: Judged, body: Body, part: int) -> str | None:
    """What the part itself does not show: a block folded, framed, loaded by a script, or for those who log in."""
    told = _folded(body.node) or _awaited(judged, body) or _withheld(judged, body) or _held_back(body.node)
    return told or _framed(page, judged, body, part).told


def _unread(page: Page, judged: Judged, body: Body, part: int) -> str | None:
    """What a part does not show whose next part is the pager's, so that a frame with its text is not followed."""
    if told := _within(page, judged, body, part):
        return told
    url = _framed(page, judged, body, part).url
    return f"in a frame: {url}" if url else None


def error_shown(judged: Judged, body: Body) -> str | None:
    """A message of the server's software in a text: what should follow it may be missing."""
    said = (judged.lines[i].text for i in body.keeps)
    return next((text[:_LONGEST_TOLD] for text in said if _ERROR.search(text)), None)


def _near(body: etree._Element) -> Iterator[etree._Element]:
    """The body and the short blocks right behind it, or behind what holds it: where pagers stand."""
    yield body
    node = body
    for _ in range(_MOST_LEVELS):
        for number, sibling in enumerate(node.itersiblings(etree.Element)):
            text = squeeze("".join(strings(sibling)))
            if number >= _MOST_SIBLINGS or len(text) > _LONGEST_PAGER:
                return
            yield sibling
        parent = node.getparent()
        if parent is None or parent.tag in {"body", "html"}:
            return
        node = parent


def _linked(page: Page, judged: Judged, body: Body, near: list[etree._Element], part: int) -> str | None:
    """The next part by a pager in or just behind the body that leads to a file or query beside its own."""
    lines = range(body.start, min(len(judged.lines), body.stop + _BEHIND))
    pagers = [judged.lines[index] for index in lines if judged.kinds[index] is Kind.PAGER]
    links = {
        a: None for line in pagers for node, _ in line.pieces for a in (node, *node.iterancestors()) if a.tag == "a"
    }
    # A pager of one number a line is longer than the few lines looked at.
    links |= {a: None for node in near if node is not body.node for a in node.iter("a")}
    options = [option for node in near for option in node.iter("option") if option.get("value")]
    url = next_part(page, links, part)
    if url and _is_beside(page.url, url, part):
        return url
    for option in options:
        url = page.resolve(option.get("value") or "")
        numbers = _NUMBERS.findall("".join(map(str, option.itertext())))
        if url and numbers[:1] == [str(part + 1)] and _is_beside(page.url, url, part):
            return url
    return None


def _is_beside(mine: str, other: str, part: int) -> bool:
    """True for an address that is an article's own but for the number of a part."""
    own = _ENDING.sub("", mine)
    if _PART.sub("", other) in {own, _PART.sub("", mine)} or _FOLDED_PART.sub("", other) == own:
        return True
    here, there = urlsplit(mine), urlsplit(other)
    if here[:3] != there[:3]:
        return False
    added = set(parse_qsl(there.query)) - set(parse_qsl(here.query))
    removed = {key for key, _ in set(parse_qsl(here.query)) - set(parse_qsl(there.query))}
    return [value for _, value in added] == [str(part + 1)] and removed <= {key for key, _ in added}


def _created(page: Page, near: list[etree._Element], part: int) -> str | None:
    """By TRS WCM's `createPageHTML(3, 0, "t2", "html")`: three parts, counted from 0, `t2_1.html` the next.

    Its older templates write the links themselves: `var currentPage = 0; var countPage = 3`.
    """
    for source in (script.text or "" for node in near for script in node.iter("script")):
        if match := _CREATED.search(source):
            parts, current = int(match[1]), int(match[2])
            url = urljoin(page.url, f"{match[3]}_{current + 1}.{match[4]}")
            if current + 1 < parts and _is_beside(page.url, url, part):
                return url
        elif (
            (count := _COUNTED.search(source)) and (at := _CURRENT.search(source)) and int(at[1]) + 1 < int(count[1])
        ):
            stem, extension = _PART.sub("", page.url), _ENDING.search(page.url)
            return f"{_ENDING.sub('', stem)}_{int(at[1]) + 1}{extension[0] if extension else ''}"
    return None


def _rest(page: Page, near: list[etree._Element]) -> str | None:
    """Words that lead to the rest, or to the whole: which of the two, they do not say."""
    for control in (one for node in near for one in node.iter("a", "span", "div", "button")):
        text = _said(control) or ""
        if not _SAYS_REST.search(text) or not _REST.fullmatch(text) or is_dead(control):
            continue
        url = page.href(control) if control.tag == "a" else None
        # A script may wait for the click on a control that names nothing; 全文 alone may be a tab's name.
        is_within = len(href := (control.get("href") or "").strip()) > 1 and href.startswith("#")
        if url != page.url and not is_within and (url or _acts(control) or len(text) >= _SHORTEST_REST):
            return f"{text}: {url or control.get('onclick') or control.get('href') or 'a script'}"
    return None


def _acts(node: etree._Element) -> bool:
    return node.get("onclick") is not None or _CALL.match((node.get("href") or "").strip()) is not None


def _unread_turn(page: Page, near: list[etree._Element], part: int) -> str | None:
    """A control of a pager that only a script understands, or one whose address is none of the article's."""
    for block in near:
        controls = [(node, said) for node in block.iter(*_CONTROLS) if (said := _said(node))]
        shown = {said for _, said in controls}
        for node, said in controls:
            is_number = said == str(part + 1) and str(part) in shown
            if (is_number and _is_dead_control(page, node)) or (_NEXT.fullmatch(said) and _acts(node)):
                call = node.get("onclick") or node.get("href") or ""
                return f"a control that only a script follows: {said} {call}"[:_LONGEST_TOLD].strip()
    return None


def _counted(page: Page, near: list[etree._Element], part: int) -> str | None:
    """What counts further parts and leads to none: `1/3`, a box of pages, a script's pager, a button for more."""
    for node in (one for block in near for one in block.iter("div", "span", "p", "a", "button", "option", "script")):
        if node.tag == "script":
            made = made_by(page, node) if node.text else None
            if made and (made.pages or 0) != 1 and (made.unfollowed or (made.pages or 0) > part):
                return "a pager that a script makes"
        elif len(node.text or "") <= _LONGEST_CONTROL and _counts_on(page, node, part) and not is_dead(node):
            return f"a control that only a script follows: {_said(node)}"
    return None


def _counts_on(page: Page, node: etree._Element, part: int) -> bool:
    text = _said(node) or ""
    if node.tag == "option":
        return text == f"第{part + 1}页" and turns_pages(node, text)
    if _COUNTS.fullmatch(text):
        return (printed_pages(text) or 0) > part
    # 查看更多 alone shows more articles.
    return MORE.fullmatch(text) is not None and "内容" in text and page.href(node) is None


def _said(node: etree._Element) -> str | None:
    """The few words of a control; None for an element that holds more."""
    if node.tag == "input":
        return squeeze(node.get("value") or "") if node.get("type", "").lower() in {"button", "submit"} else None
    if len(node) > 1 or (len(node) == 1 and len(node[0])):
        return None
    text = squeeze("".join(map(str, node.itertext())))
    return text if 0 < len(text) <= _LONGEST_CONTROL else None


def _is_dead_control(page: Page, node: etree._Element) -> bool:
    if _acts(node) or node.tag in {"button", "input"}:
        return True
    if node.tag == "a" and page.href(node) is not None:
        return False
    if node.find("a") is not None or node.getparent() is None:
        return False
    around = [node, *list(node.iterancestors())[:2]]
    return any(_PAGER_NAME.search(f"{one.get('class', '')} {one.get('id', '')}") for one in around)


def _is_hidden(node: etree._Element) -> bool:
    return node.get("hidden") is not None or hides(node.get("style") or "", is_block=True)


def _is_hidden_part(node: etree._Element) -> bool:
    text = squeeze("".join(strings(node)))
    if len(text) < _SHORTEST_PART or not _SENTENCE.search(text):
        return False
    return any(_is_like(node, twin) and squeeze("".join(strings(twin))) != text for twin in _seen_siblings(node))


def _seen_siblings(node: etree._Element) -> Iterator[etree._Element]:
    parent = node.getparent()
    for twin in islice(parent, _MOST_HIDDEN) if parent is not None else ():
        is_seen = twin is not node and isinstance(twin.tag, str) and not _is_hidden(twin)
        if is_seen and len(squeeze("".join(strings(twin)))) >= _SHORTEST_PART:
            yield twin


def _is_like(node: etree._Element, twin: etree._Element) -> bool:
    """True for two blocks of one kind: the same tag, and the same class or a name that only a number tells apart."""
    if node.tag != twin.tag:
        return False
    names = [_NUMBERS.sub("", one.get("id") or "") for one in (node, twin)]
    return (names[0] != "" and names[0] == names[1]) or (
        bool(node.get("class")) and node.get("class") == twin.get("class")
    )


def _has_switch(node: etree._Element) -> bool:
    """True when a number or 下一页, 展开, 余下全文 stands near a hidden block, to be clicked."""
    parent = node.getparent()
    around = [parent, parent.getparent() if parent is not None else None]
    for block in around:
        if block is None or (block.tag in {"body", "html"} and block is not parent):
            continue
        for control in block.iter(*_CONTROLS):
            said = _said(control)
            if said and (said == "2" or _NEXT.fullmatch(said) or _UNFOLDS.search(said) or _SAYS_REST.search(said)):
                return True
    return False


def _hidden_twin(body: etree._Element) -> str | None:
    """A hidden block of the body's own kind beside it: perhaps its next part, which no switch was found for."""
    parent = body.getparent()
    for twin in islice(parent, _MOST_HIDDEN) if parent is not None else ():
        is_like = isinstance(twin.tag, str) and twin is not body and _is_like(twin, body)
        if is_like and _is_hidden(twin) and _is_hidden_part(twin):
            return f"a hidden block beside the body: {words(twin)[:60]}"
    return None


def _folded(body: etree._Element) -> str | None:
    """A hidden block of sentences in the body, beside a control that unfolds it."""
    hidden = (node for node in body.iter("div", "section", "p", "span") if node is not body and _is_hidden(node))
    for node in islice(hidden, _MOST_HIDDEN):
        text = squeeze("".join(strings(node)))
        if len(text) < _SHORTEST_PART or not _SENTENCE.search(text):
            continue
        if said := _unfolder(node):
            return f"a hidden block that {said} opens: {words(node)[:60]}"
    return None


def _unfolder(node: etree._Element) -> str | None:
    parent = node.getparent()
    siblings = islice(parent, _MOST_HIDDEN) if parent is not None else ()
    near = (one for one in siblings if isinstance(one.tag, str) and one is not node)
    for control in (inner for one in near for inner in one.iter(*_CONTROLS)):
        said = _said(control)
        if said and (_UNFOLDS.search(said) or (_SAYS_REST.search(said) and _REST.fullmatch(said))):
            return said
    return None


def _awaited(judged: Judged, body: Body) -> str | None:
    """A line that stands where a script has yet to load a part of the text."""
    said = next((judged.lines[i].text for i in body.keeps if is_loading(judged.lines[i].text)), None)
    return f"a part that a script loads: {said}" if said else None


def _withheld(judged: Judged, body: Body) -> str | None:
    """A short line in a text, or just behind it, that asks for something before it shows the rest."""
    for index in (*body.keeps, *range(body.stop, min(len(judged.lines), body.stop + _BEHIND))):
        text = judged.lines[index].text
        if len(text) <= _LONGEST_CALL and _WITHHELD.search(text):
            return f"the rest is not shown: {text}"
    return None


def _held_back(body: etree._Element) -> str | None:
    said = held_back(body)
    return f"a text that a script shows: {said[:60]}" if said else None


def _framed(page: Page, judged: Judged, body: Body, part: int) -> GoesOn:
    """The frame that holds the text of a body without: followed on the page's own host, else told.

    Beside a text only a document of the page's own host is told: players and maps of others are no part of it.
    """
    said = sum(judged.lines[i].size for i in body.keeps)
    shown = frames(page, body.node)
    if said >= _LITTLE or part > 1:
        shown = tuple(url for url in shown if _is_own_document(page, url))
    if not shown:
        return GoesOn()
    if not said and part == 1 and len(shown) == 1 and urlsplit(shown[0]).netloc == urlsplit(page.url).netloc:
        return GoesOn(shown[0])
    return GoesOn(told=f"in a frame: {' '.join(shown)}"[:_LONGEST_TOLD])


def _is_own_document(page: Page, url: str) -> bool:
    own, there = urlsplit(page.url), urlsplit(url)
    is_document = _DOCUMENT.search(there.path) is not None and not _NO_TEXT.search(there.path)
    return is_document and there.netloc == own.netloc and url != page.url
