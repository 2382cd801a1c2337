"""Where an article goes on: at an address its pager says or a rule gives, or somewhere that cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from crawler.pages.attachments import frames
from crawler.pages.body.find import Body
from crawler.pages.body.held import held_back
from crawler.pages.body.judging import Judged
from crawler.pages.body.kinds import Kind
from crawler.pages.hidden import is_hidden
from crawler.pages.lists.controls import MORE, NEXT, PAGES, is_dead, turns, turns_pages
from crawler.pages.lists.counts import printed_pages
from crawler.pages.lists.page_scripts import COUNT, CREATED, made_by
from crawler.pages.lists.pagination import next_part
from crawler.pages.page import Page, named, squeeze, squeezed, words
from pipelines.text.placeholders import is_loading

# Pagers stand within three blocks around a body, among the first six behind it, in blocks of few characters.
_MOST_LEVELS, _MOST_SIBLINGS, _LONGEST_PAGER = 3, 6, 200
_LINES_BEHIND = 4  # lines: further behind a body stand lists of other articles
_LITTLE = 80  # characters: a body of fewer beside a frame is its introduction
# Characters of a control, and of a sentence that asks to log in or to wait.
_LONGEST_CONTROL, _LONGEST_CALL = 16, 40
_SHORTEST_REST, _SHORTEST_PART = 4, 20  # characters: 全文 alone may be a tab's name; a part has a sentence
_LONGEST_DETAIL = 300  # characters of a report's detail
_MOST_HIDDEN = 200  # hidden blocks: a page of thousands is no article in parts
_PART = re.compile(r"[_-]\d{1,3}\.\w+$|[?&]p(?:age)?=\d{1,3}$", re.IGNORECASE)
_FOLDED_PART = re.compile(r"/\d{1,3}\.\w+$")
_ENDING = re.compile(r"\.\w+$")
_CURRENT = re.compile(r"\bcurrentPage\s*=\s*(\d{1,4})\b")
_REST = re.compile(
    r"[\[【(（.…]*(?:点击|继续|展开){0,2}(?:阅读|查看|浏览|显示)?(?:余下|剩余|其余)?(?:的)?(?:全文|内容|部分)(?:阅读)?(?:[（(]\d+%[)）])?[>›»\]】)）.…]*"
)
_SAYS_REST = re.compile("余下|剩余|其余|全文")
_UNFOLDS = re.compile("展开|收起")
_ASKED = "登[录陆]|注册|扫码|扫描|扫一扫|下载|关注|购买|订阅|付费|开通|会员|APP|客户端"
_ALL = "全文|全部内容|完整内容|完整版|余下|剩余"
_WITHHELD = re.compile(f"(?:{_ASKED}).{{0,16}}(?:{_ALL})|(?:{_ALL}).{{0,16}}(?:{_ASKED})", re.IGNORECASE)
_MAY_BE_WITHHELD = re.compile("全文|全部内容|完整|余下|剩余")
_ERROR = re.compile(
    r"Microsoft (?:OLE DB|VBScript|JET|JScript)|ODBC.{0,30}(?:Driver|错误)|ADODB\.|(?:error|错误) '8\w{7}'"
    r"|Server Error in '|(?:Fatal|Parse) error:|Warning: \w+\(\)|SQLException|ORA-\d{5}"
    r"|\bat (?:org|com|javax?)\.[\w.]+\(|(?:javax?|org)\.[\w.]+Exception|(?:脚本|查询|连接|执行)超时|超时已过期"
)
# Three Latin letters, 错误 or 超时 are in each of these; most lines of a text have none of them.
_MAY_BE_ERROR = re.compile("[A-Za-z错超](?:[A-Za-z]{2}|误|时)")
_CALL = re.compile(r"javascript:\s*(?!void|;|$)\w[\w.]*\s*\(", re.IGNORECASE)
_PARTS = frozenset({"div", "section", "article", "p"})
_CONTROLS = ("a", "span", "li", "b", "i", "em", "button", "input", "strong", "div")
_LEADING_ON, _COUNTING = frozenset({"a", "span", "div", "button"}), frozenset("div span p a button option".split())
_ASKED_OF = frozenset({*_CONTROLS, *_COUNTING, "script"})
_NUMBERS = re.compile(r"\d+")
_COUNTS = re.compile(r"[（(]?(?:第?\d{1,3}页?[/,，]?共\d{1,3}页|\d{1,3}/\d{1,3}页?)[)）]?")
_SENTENCE = re.compile("[。！？]")
_DOCUMENT = re.compile(r"\.(?:s?html?|aspx?|php|jsp)$", re.IGNORECASE)
# Players, maps, counters and the like stand in frames of healthy articles.
_NO_TEXT = re.compile("player|video|audio|media|map|share|count|click|comment|login|weather|stat|vote", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GoesOn:
    """`url` of the next part; `missing`: what of this part, or behind it, cannot be read. Both None at its end."""

    url: str | None = None
    missing: str | None = None


def hidden_parts(hideable: Iterable[etree._Element]) -> list[etree._Element]:
    """The parts of an article that a script switches between.

    A part is a hidden block with sentences beside one of its kind that is seen, and a number or a word near them
    turns them.
    """
    hidden = (node for node in hideable if node.tag in _PARTS and is_hidden(node, is_block=True))
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
    this = _Part(page, judged, body, part)
    if is_turned:
        return GoesOn(missing=this.unread())
    near = list(_near(body.node))
    if url := this.linked(near) or this.created(near):
        return GoesOn(url, this.unread())
    missing = this.rest(near)
    if not is_joined:
        missing = missing or this.unread_turn(near) or this.counted(near) or _hidden_twin(body.node)
    missing = missing or this.withheld()
    return GoesOn(missing=missing) if missing else this.framed()


def error_shown(judged: Judged, body: Body) -> str | None:
    """A message of the server's software in a text: what should follow it may be missing."""
    texts = (judged.lines[i].text for i in body.keeps)
    return next(
        (text[:_LONGEST_DETAIL] for text in texts if _MAY_BE_ERROR.search(text) and _ERROR.search(text)), None
    )


@dataclass(frozen=True, slots=True)
class _Part:
    page: Page
    judged: Judged
    body: Body
    number: int
    _controls: dict[etree._Element, list[tuple[etree._Element, str]]] = field(default_factory=dict)

    def controls(self, block: etree._Element) -> list[tuple[etree._Element, str]]:
        """Elements of a block that may be controls, each with its few words, and its scripts: several questions are
        asked of them.
        """
        if block not in self._controls:
            found = ((node, "" if node.tag == "script" else _said(node)) for node in block.iter(*_ASKED_OF))
            self._controls[block] = [(node, said) for node, said in found if said or node.tag == "script"]
        return self._controls[block]

    def linked(self, near: list[etree._Element]) -> str | None:
        """The next part by a pager in or just behind the body that leads to a file or query beside its own."""
        lines, kinds = self.judged.lines, self.judged.kinds
        pagers = [lines[i] for i in range(self.body.start, self._end()) if kinds[i] is Kind.PAGER]
        around = (
            a for line in pagers for node, _ in line.pieces for a in (node, *node.iterancestors()) if a.tag == "a"
        )
        # A pager of one number a line is longer than the few lines looked at.
        links = dict.fromkeys((*around, *(a for node in near if node is not self.body.node for a in node.iter("a"))))
        url = next_part(self.page, links, self.number)
        if url and self._is_next(url):
            return url
        options = [option for node in near for option in node.iter("option")]
        wanted = [one for one in options if _NUMBERS.findall(squeezed(one))[:1] == [str(self.number + 1)]]
        urls = (self.page.resolve(option.get("value") or "") for option in wanted)
        return next((url for url in urls if url and self._is_next(url)), None)

    def created(self, near: list[etree._Element]) -> str | None:
        """By TRS WCM's `createPageHTML(3, 0, "t2", "html")`: three parts, counted from 0, `t2_1.html` the next.

        Its older templates write the links themselves: `var currentPage = 0; var countPage = 3`.
        """
        here = self.page.url
        for source in (script.text or "" for node in near for script in node.iter("script")):
            if match := CREATED.search(source):
                following = int(match["current"]) + 1
                url = self.page.resolve(f"{match['stem']}_{following}.{match['ext']}")
                if url and following < int(match["pages"]) and self._is_next(url):
                    return url
            elif (
                (count := COUNT.search(source)) and (at := _CURRENT.search(source)) and int(at[1]) + 1 < int(count[1])
            ):
                extension = _ENDING.search(here)
                stem = _ENDING.sub("", _PART.sub("", here))
                return f"{stem}_{int(at[1]) + 1}{extension[0] if extension else ''}"
        return None

    def _is_next(self, url: str) -> bool:
        """True for an address that is this part's own but for the number of a part."""
        here = self.page.url
        own = _ENDING.sub("", here)
        if _PART.sub("", url) in {own, _PART.sub("", here)} or _FOLDED_PART.sub("", url) == own:
            return True
        mine, other = urlsplit(here), urlsplit(url)
        if mine[:3] != other[:3]:
            return False
        before, after = set(parse_qsl(mine.query)), set(parse_qsl(other.query))
        added, removed = after - before, {key for key, _ in before - after}
        return [value for _, value in added] == [str(self.number + 1)] and removed <= {key for key, _ in added}

    def rest(self, near: list[etree._Element]) -> str | None:
        """Words that lead to the rest, or to the whole: which of the two, they do not say."""
        for control, text in (one for block in near for one in self.controls(block)):
            if control.tag not in _LEADING_ON or not _SAYS_REST.search(text):
                continue
            if not _REST.fullmatch(text) or is_dead(control):
                continue
            url = self.page.href(control) if control.tag == "a" else None
            # A script may wait for the click on a control that names nothing.
            is_within = len(href := (control.get("href") or "").strip()) > 1 and href.startswith("#")
            if url != self.page.url and not is_within and (url or _acts(control) or len(text) >= _SHORTEST_REST):
                return f"{text}: {url or control.get('onclick') or control.get('href') or 'a script'}"
        return None

    def unread_turn(self, near: list[etree._Element]) -> str | None:
        """A control of a pager that only a script understands, or one whose address is none of the article's."""
        for block in near:
            controls = [(node, said) for node, said in self.controls(block) if node.tag in _CONTROLS]
            is_numbered = str(self.number) in {said for _, said in controls}
            for node, said in controls:
                is_next = is_numbered and said == str(self.number + 1) and self._is_dead_control(node)
                if is_next or (NEXT.fullmatch(said) and _acts(node)):
                    call = node.get("onclick") or node.get("href") or ""
                    return f"a control that only a script follows: {said} {call}"[:_LONGEST_DETAIL].strip()
        return None

    def turned_within(self) -> str | None:
        """A control of a pager within the text that has no link: the pager that is followed is another one."""
        body = self.body.node
        for node in body.iter(*_CONTROLS):
            if not _acts(node) or not turns(_said(node)):
                continue
            around = [one for one in node.iterancestors() if body in one.iterancestors()]
            box = next((one for one in reversed(around) if len(squeezed(one)) <= _LONGEST_PAGER), body)
            if not any(turns(_said(link)) and self.page.href(link) for link in box.iter("a")):
                return self.unread_turn([box])
        return None

    def _is_dead_control(self, node: etree._Element) -> bool:
        if _acts(node) or node.tag in {"button", "input"}:
            return True
        if node.find("a") is not None or (node.tag == "a" and self.page.href(node) is not None):
            return False
        return PAGES.search(named(node, *islice(node.iterancestors(), 2))) is not None

    def counted(self, near: list[etree._Element]) -> str | None:
        """What counts further parts and leads to none: `1/3`, a box of pages, a script's pager, a button for more."""
        for node, said in (one for block in near for one in self.controls(block)):
            if node.tag == "script":
                made = made_by(self.page, node)
                if made and (made.pages or 0) != 1 and (made.unfollowed or (made.pages or 0) > self.number):
                    return "a pager that a script makes"
            elif node.tag in _COUNTING and self._counts_on(node, said) and not is_dead(node):
                return f"a control that only a script follows: {said}"
        return None

    def _counts_on(self, node: etree._Element, text: str) -> bool:
        if len(node.text or "") > _LONGEST_CONTROL:
            return False
        if node.tag == "option":
            return text == f"第{self.number + 1}页" and turns_pages(node, text)
        if _COUNTS.fullmatch(text):
            return (printed_pages(text) or 0) > self.number
        # 查看更多 alone shows more articles.
        return MORE.fullmatch(text) is not None and "内容" in text and self.page.href(node) is None

    def unread(self) -> str | None:
        """What a part does not show whose next part is the pager's, so that a frame with its text is not followed."""
        framed = self.framed()
        missing = self.withheld() or self.turned_within() or framed.missing
        return missing or (f"in a frame: {framed.url}" if framed.url else None)

    def withheld(self) -> str | None:
        """What the part itself does not show: a block folded, loaded by a script, or for those who log in."""
        lines = self.judged.lines
        kept = [lines[i] for i in self.body.keeps]
        if folded := _folded(self.body.node):
            return folded
        short = (line.text for line in kept if line.size <= _LONGEST_CALL)
        if loading := next(filter(is_loading, short), None):
            return f"a part that a script loads: {loading}"
        for line in (*kept, *lines[self.body.stop : self._end()]):
            is_short = len(line.text) <= _LONGEST_CALL
            if is_short and _MAY_BE_WITHHELD.search(line.text) and _WITHHELD.search(line.text):
                return f"the rest is not shown: {line.text}"
        held = held_back(self.body.node)
        return f"a text that a script shows: {held[:60]}" if held else None

    def framed(self) -> GoesOn:
        """The frame that holds the text of a body without: followed on the page's own host, else reported.

        Beside a text only a document of the own host is reported: players and maps of others are no part of it.
        """
        size = sum(self.judged.lines[i].size for i in self.body.keeps)
        own = urlsplit(self.page.url).netloc
        shown = frames(self.page, self.body.node)
        if size >= _LITTLE or self.number > 1:
            shown = tuple(url for url in shown if urlsplit(url).netloc == own and self._is_document(url))
        if not shown:
            return GoesOn()
        if not size and self.number == 1 and len(shown) == 1 and urlsplit(shown[0]).netloc == own:
            return GoesOn(shown[0])
        return GoesOn(missing=f"in a frame: {' '.join(shown)}"[:_LONGEST_DETAIL])

    def _is_document(self, url: str) -> bool:
        path = urlsplit(url).path
        return url != self.page.url and bool(_DOCUMENT.search(path)) and not _NO_TEXT.search(path)

    def _end(self) -> int:
        return min(len(self.judged.lines), self.body.stop + _LINES_BEHIND)


def _near(body: etree._Element) -> Iterator[etree._Element]:
    """The body and the short blocks right behind it, or behind what holds it: where pagers stand."""
    yield body
    for node in islice((body, *body.iterancestors()), _MOST_LEVELS):
        if node.tag in {"body", "html"}:
            return
        for number, sibling in enumerate(node.itersiblings(etree.Element)):
            if number >= _MOST_SIBLINGS or len(squeezed(sibling)) > _LONGEST_PAGER:
                return
            yield sibling


def _acts(node: etree._Element) -> bool:
    return node.get("onclick") is not None or _CALL.match((node.get("href") or "").strip()) is not None


def _said(node: etree._Element) -> str:
    """The few words of a control; none of an element that holds more."""
    if node.tag == "input":
        return squeeze(node.get("value") or "") if node.get("type", "").lower() in {"button", "submit"} else ""
    inner = len(node)
    if inner > 1 or (inner and len(node[0])):
        return ""
    text = squeezed(node) if inner else squeeze(node.text or "")
    return text if len(text) <= _LONGEST_CONTROL else ""


def _has_sentences(node: etree._Element) -> bool:
    text = squeezed(node)
    return len(text) >= _SHORTEST_PART and _SENTENCE.search(text) is not None


def _is_hidden_part(node: etree._Element) -> bool:
    """True for a hidden block of sentences beside one of its kind that is seen and says something else."""
    if not _has_sentences(node):
        return False
    text = squeezed(node)
    seen = [squeezed(twin) for twin in _siblings(node) if not is_hidden(twin, is_block=True) and _is_like(node, twin)]
    return any(len(other) >= _SHORTEST_PART and other != text for other in seen)


def _siblings(node: etree._Element) -> list[etree._Element]:
    parent = node.getparent()
    around = islice(parent, _MOST_HIDDEN) if parent is not None else ()
    return [one for one in around if one is not node and isinstance(one.tag, str)]


def _is_like(node: etree._Element, twin: etree._Element) -> bool:
    """True for two blocks of one kind: the same tag, and the same class or a name that only a number tells apart."""
    names = [_NUMBERS.sub("", one.get("id") or "") for one in (node, twin)]
    is_alike = names[0] == names[1] != "" or node.get("class", "") == twin.get("class") != ""
    return node.tag == twin.tag and is_alike


def _has_switch(node: etree._Element) -> bool:
    """True when a number or 下一页, 展开, 余下全文 stands near a hidden block, to be clicked."""
    parent, *others = [*islice(node.iterancestors(), 2), None]
    for block in (parent, *(one for one in others if one is not None and one.tag not in {"body", "html"})):
        for said in map(_said, block.iter(*_CONTROLS) if block is not None else ()):
            if said == "2" or NEXT.fullmatch(said) or _UNFOLDS.search(said) or _SAYS_REST.search(said):
                return True
    return False


def _hidden_twin(body: etree._Element) -> str | None:
    """A hidden block of the body's own kind beside it: perhaps its next part, which no switch was found for."""
    twins = (
        one
        for one in _siblings(body)
        if _is_like(one, body) and is_hidden(one, is_block=True) and _is_hidden_part(one)
    )
    return next((f"a hidden block beside the body: {words(twin)[:60]}" for twin in twins), None)


def _folded(body: etree._Element) -> str | None:
    """A hidden block of sentences in the body, beside a control that unfolds it."""
    hidden = (
        node
        for node in body.iter("div", "section", "p", "span")
        if node is not body and is_hidden(node, is_block=True)
    )
    for node in islice(hidden, _MOST_HIDDEN):
        for control in (
            (inner for one in _siblings(node) for inner in one.iter(*_CONTROLS)) if _has_sentences(node) else ()
        ):
            said = _said(control)
            if _UNFOLDS.search(said) or (_SAYS_REST.search(said) and _REST.fullmatch(said)):
                return f"a hidden block that {said} opens: {words(node)[:60]}"
    return None
