"""Something to click that turns list pages: its words, its picture, whether it is switched off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree

from crawler.pages.hidden import hides
from crawler.pages.page import Page, named, squeeze, squeezed, strings, words

NEXT = re.compile(r"(?:向后|向?后一?[页頁]|下一?[页頁节]|下翻|后翻|next(?:page)?)[>›»→]*", re.IGNORECASE)
_PREVIOUS = re.compile(r"[<‹«←]*(?:向?前一?[页頁]|上一?[页頁]|prev(?:ious)?(?:page)?)", re.IGNORECASE)
_LAST = re.compile(r"(?:末[页頁]|尾[页頁]|最后(?:一?页)?|最末页|last(?:page)?)[>›»|]*", re.IGNORECASE)
ARROW = re.compile(r"(?:[>›»→▶]|&gt;){1,2}")
MORE = re.compile(
    r"[+↓v]?(?:(?:点击|点我|加载|显示|展开|继续|获取)++(?:查看)?更多.{0,6}|查看更多|(?:上拉|下拉|滑动).{0,4}加载.{0,4}"
    r"|更多(?:内容|信息|文章)?加载|(?:load|show|view)more.{0,8})[+↓.…]*",
    re.IGNORECASE,
)
NUMBER = re.compile(r"[\[(（【第]?(\d{1,4})[\])）】页]?")
WINDOW = re.compile(r"\.{2,}|…+|···|>>|[下后](?:[二三四五六七八九十]|[2-9]|[1-9]\d)页")
_CONTROLS = "//a|//button|//input[@type='button']|//input[@type='submit']|//input[@type='image']"
_CALLED_BY, _CALLED = frozenset({"onclick", "data-page"}), "//*[@onclick]|//*[@data-page]"
EDGE_MARKS = "[]【】()（）| "
_NAMES_NEXT = re.compile(r"(?:^|[\W_])(?:next|nxt|nextpage|page-?next|xia(?:yi)?ye|pgdn)(?:$|[\W_])", re.IGNORECASE)
_DEAD = re.compile(
    r"(?:^|[\s_-])(?:dis(?:abled?)?\w*|no(?:link|next|page)?|gr[ae]y|unable|off|end|current|cur)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOWHERE = ("#", "javascript:;", "javascript:void")
_PICTURE = re.compile(r"/([\w.-]+)\.(?:gif|png|jpe?g|svg|webp)", re.IGNORECASE)
PAGES = re.compile(r"page|pagin|fenye|fanye|(?<![a-z])(?:pn|pg|fy)(?![a-z])", re.IGNORECASE)
"""What code and elements are called that turn pages."""
_PAGER = re.compile(r"(?:^|[\W_])(?:pag(?:e|ing|ination)|fenye|fanye|turn)", re.IGNORECASE)
_CAROUSEL = re.compile("focus|slid|swip|banner|carousel|flash|lunbo|player", re.IGNORECASE)
_SYMBOLS = re.compile("dings|marlett", re.IGNORECASE)
_WEBDINGS = {"3": "上一页", "4": "下一页", "7": "上一页", "8": "下一页", "9": "首页", ":": "末页"}
# The numbers of pages from the first, and words or arrows around them: of at most ten numbers in a row.
_COUNTING = re.compile(r"[«<‹|首上前一页]{0,10}1(?:23?|23456?7?8?9?(?:10)?)[.…]{0,3}\d{0,4}[»>›|尾末下后一页]{0,10}")
_NUMBER = re.compile("[0-9]+")
_LEADS_ON = re.compile("[»>›]|下一?页|后一?页")
_JUMPS = re.compile("[转跳到第].{0,4}页")
_LONGEST_LABEL = 16  # characters; 点击加载更多精彩内容 has 10, titles begin at about as many
_LONGEST_COUNTING, _LONGEST_JUMP = 36, 400  # characters: a row of ten numbers with words; a pager with a select box


@dataclass(frozen=True, slots=True)
class Control:
    """Something to click that turns pages: what it says, where it leads, whether a click runs anything."""

    node: etree._Element
    label: str
    url: str | None
    is_handled: bool

    @property
    def number(self) -> int:
        """The number of the page it says; 0 for none."""
        match = NUMBER.fullmatch(self.label)
        return int(match[1]) if match else 0

    @property
    def is_next(self) -> bool:
        return NEXT.fullmatch(self.label) is not None

    @property
    def is_arrow(self) -> bool:
        return ARROW.fullmatch(self.label) is not None

    @property
    def is_more(self) -> bool:
        return MORE.fullmatch(self.label) is not None

    @property
    def is_worded(self) -> bool:
        return any(pattern.fullmatch(self.label) for pattern in (NEXT, _LAST, _PREVIOUS))

    def __str__(self) -> str:
        """Its words and what a click would run."""
        code = next(filter(None, map(self.node.get, ("onclick", "href", "id", "class"))), "a script")
        return f"{self.label} ({code.strip()[:80]})"


def clickable(page: Page) -> list[etree._Element]:
    """The elements of a page that may be controls, in order."""
    return page.all(_CONTROLS if page.attributes.isdisjoint(_CALLED_BY) else f"{_CONTROLS}|{_CALLED}")


def turns(label: str) -> bool:
    """True for words that turn pages."""
    return len(label) <= _LONGEST_LABEL and _turns(label)


@lru_cache(2_048)
def _turns(label: str) -> bool:
    return any(pattern.fullmatch(label) for pattern in (NEXT, _PREVIOUS, ARROW, _LAST, MORE, NUMBER, WINDOW))


def label_of(node: etree._Element) -> str:
    """What a control says: its words, else a title of it or its picture, else what class and picture are named."""
    said = squeezed(node).strip(EDGE_MARKS)
    if any(_SYMBOLS.search(font.get("face") or "") for font in node.iter("font")):
        return _WEBDINGS.get(said, "")
    if said and not ARROW.fullmatch(said):
        return said
    titles = (squeeze(title).strip(EDGE_MARKS) for title in _titles(node))
    if title := next(filter(turns, titles), said):
        return title
    number = node.get("data-page") or ""
    if number.isdigit():
        return number
    pictures = (match[1] for image in node.iter("img") if (match := _PICTURE.search(f"/{image.get('src') or ''}")))
    return "next" if _NAMES_NEXT.search(" ".join((named(node), node.get("rel") or "", number, *pictures))) else ""


def _titles(node: etree._Element) -> list[str]:
    """What a control says besides its words."""
    own = (node.get(name) for name in ("value", "title", "aria-label"))
    return [*filter(None, (*own, *(image.get(name) for image in node.iter("img") for name in ("alt", "title"))))]


def is_certain(node: etree._Element, *, runs: bool) -> bool:
    """False for a control that only its class or its picture's file names, as carousels have, outside a pager."""
    if words(node) or _titles(node):
        return True
    return runs and (runs_pages(node) or any(_PAGER.search(named(one)) for one in islice(node.iterancestors(), 3)))


def is_dead(node: etree._Element) -> bool:
    """True for a control that is switched off, or that nobody sees."""
    around = (node, *node.iterancestors())
    if node.get("disabled") is not None or any(hides(one.get("style") or "", is_block=True) for one in around):
        return True
    parent = node.getparent()
    items = (node, parent) if parent is not None and parent.tag in {"li", "span"} else (node,)
    classes = " ".join(one.get("class") or "" for one in items)
    address = (node.get("href") or "").strip().lower()
    if (not address or address.startswith(_NOWHERE)) and _DEAD.search(classes):
        return True
    is_bare = not node.get("class") and set(node.keys()) <= {"class", "style", "title"}
    return node.tag == "a" and not address and is_bare


def bare_numbers(page: Page) -> tuple[str, ...]:
    """The words of a pager whose numbers are no links, nor run anything that the page names."""
    for node in page.root.iter("div", "td", "p", "form", "span", "ul", "table", "center", "nav"):
        text = squeezed(node)
        if len(text) > _LONGEST_COUNTING or not _COUNTING.fullmatch(text) or is_dead(node):
            continue
        numbers = _NUMBER.findall(" ".join(strings(node)))
        if len(numbers) > 1 and numbers[0] != "1":
            continue  # a total, and the only page
        around = islice((node, *node.iterancestors()), 4)
        is_pager = _PAGER.search(named(node)) or _LEADS_ON.search(text)
        if is_pager and not _CAROUSEL.search(named(*around)):
            return (f"numbers without addresses: {text}",)
    return ()


def runs_pages(node: etree._Element) -> bool:
    """True for a control whose code is called after pages: a picture alone may turn a carousel."""
    return PAGES.search(f"{node.get('onclick') or ''} {node.get('href') or ''}") is not None


def turns_pages(option: etree._Element, label: str) -> bool:
    """True for an option of a box that is called after pages, or whose options are: 第2页."""
    box = next(option.iterancestors("select"), None)
    if box is None:
        return False
    parent, change = box.getparent(), box.get("onchange") or ""
    around = " ".join(strings(parent)) if parent is not None else ""
    if not change and not (len(around) < _LONGEST_JUMP and _JUMPS.search(around)):
        return False
    if not {"1", "2"} <= {squeezed(one).strip("第页頁") for one in box.iter("option")}:
        return False  # how many rows a page shows, or a year
    called = f"{named(box)} {box.get('name') or ''} {change}"
    return label.endswith(("页", "頁")) or not change or PAGES.search(called) is not None
