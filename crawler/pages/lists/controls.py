"""Something to click that turns list pages: its words, its picture, whether it is switched off."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from crawler.pages.hidden import hides
from crawler.pages.page import Page, squeeze, strings, words

NEXT = re.compile(r"(?:向后|向?后一?[页頁]|下一?[页頁]|下翻|后翻|next(?:page)?)[>›»→]*", re.IGNORECASE)
PREVIOUS = re.compile(r"[<‹«←]*(?:向?前一?[页頁]|上一?[页頁]|prev(?:ious)?(?:page)?)", re.IGNORECASE)
ARROW = re.compile(r"(?:[>›»→▶]|&gt;){1,2}")
LAST = re.compile(r"(?:末[页頁]|尾[页頁]|最后(?:一?页)?|最末页|last(?:page)?)[>›»|]*", re.IGNORECASE)
MORE = re.compile(
    r"[+↓v]?(?:(?:点击|点我|加载|显示|展开|继续|获取)++(?:查看)?更多.{0,6}|查看更多|(?:上拉|下拉|滑动).{0,4}加载.{0,4}"
    r"|更多(?:内容|信息|文章)?加载|(?:load|show|view)more.{0,8})[+↓.…]*",
    re.IGNORECASE,
)
NUMBER = re.compile(r"[\[(（【第]?(\d{1,4})[\])）】页]?")
WINDOW = re.compile(r"\.{2,}|…+|···|>>|[下后](?:[二三四五六七八九十]|[2-9]|[1-9]\d)页")
CONTROLS = (
    "//a|//button|//input[@type='button' or @type='submit' or @type='image']"
    "|//*[@onclick][not(self::a)]|//*[@data-page]"
)
_NAMES_NEXT = re.compile(r"(?:^|[\W_])(?:next|nxt|nextpage|page-?next|xia(?:yi)?ye|pgdn)(?:$|[\W_])", re.IGNORECASE)
_DEAD = re.compile(
    r"(?:^|[\s_-])(?:dis(?:abled?)?\w*|no(?:link|next|page)?|gr[ae]y|unable|off|end|current|cur)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"/([\w.-]+)\.(?:gif|png|jpe?g|svg|webp)", re.IGNORECASE)
_CALLED_PAGER = re.compile(r"(?:^|[\W_])(?:pag(?:e|er|es|ing|ination)|fenye|fanye|turn)", re.IGNORECASE)
_SYMBOLS = re.compile("dings|marlett", re.IGNORECASE)
_WEBDINGS = {"3": "上一页", "4": "下一页", "7": "上一页", "8": "下一页", "9": "首页", ":": "末页"}
# The numbers of pages from the first, and words or arrows around them.
_COUNTING = re.compile(r"[«<‹|首上前一页]{0,10}1(?:23?|23456?7?8?9?(?:10)?)[.…]{0,3}\d{0,4}[»>›|尾末下后一页]{0,10}")
_LEADS_ON = re.compile("[»>›]|下一?页|后一?页")
_JUMPS = re.compile("[转跳到第].{0,4}页")
_CAROUSEL = re.compile("focus|slid|swip|banner|carousel|flash|lunbo|player", re.IGNORECASE)
_NAMES_PAGES = re.compile(r"page|pager|fenye|(?<![a-z])(?:pn|pg)(?![a-z])", re.IGNORECASE)
_LONGEST_COUNTING, _LONGEST_JUMP = 36, 400
EDGE_MARKS = "[]【】()（）| "


@dataclass(frozen=True, slots=True)
class Control:
    """Something to click that turns pages: what it says, where it leads, whether a click runs anything."""

    node: etree._Element
    label: str
    url: str | None
    is_handled: bool

    @property
    def number(self) -> int | None:
        match = NUMBER.fullmatch(self.label)
        return int(match[1]) if match else None

    @property
    def is_next(self) -> bool:
        return NEXT.fullmatch(self.label) is not None

    @property
    def is_arrow(self) -> bool:
        return ARROW.fullmatch(self.label) is not None

    @property
    def is_worded(self) -> bool:
        return bool(self.is_next or LAST.fullmatch(self.label) or PREVIOUS.fullmatch(self.label))


def label_of(node: etree._Element) -> str:
    """What a control says: its words, else its title, its picture's words, else what class and picture are named."""
    said = squeeze(words(node)).strip(EDGE_MARKS)
    if any(_SYMBOLS.search(font.get("face") or "") for font in node.iter("font")):
        return _WEBDINGS.get(said, "")
    if said and not ARROW.fullmatch(said):
        return said
    for name in (node.get("value"), node.get("title"), node.get("aria-label"), *_of_pictures(node)):
        if name and turns(squeeze(name).strip(EDGE_MARKS)):
            return squeeze(name).strip(EDGE_MARKS)
    pictures = [match[1] for image in node.iter("img") if (match := _PICTURE.search(f"/{image.get('src') or ''}"))]
    named = " ".join(
        (node.get("class") or "", node.get("rel") or "", node.get("id") or "", *pictures, node.get("data-page") or "")
    )
    if said:
        return said
    if (node.get("data-page") or "").isdigit():
        return str(node.get("data-page"))
    return "next" if _NAMES_NEXT.search(named) else ""


def is_named_only(node: etree._Element) -> bool:
    """True for a control without any word: only its class or its picture's file names what it does."""
    said = (words(node), node.get("value"), node.get("title"), node.get("aria-label"), *_of_pictures(node))
    return not any(said)


def stands_in_pager(node: etree._Element) -> bool:
    """True where the elements around a control call themselves a pager; pictures turn in carousels too."""
    return any(is_called_pager(one) for _, one in zip(range(3), node.iterancestors(), strict=False))


def is_called_pager(node: etree._Element) -> bool:
    """True for an element that class or id call a pager."""
    return _CALLED_PAGER.search(f"{node.get('class') or ''} {node.get('id') or ''}") is not None


def _of_pictures(node: etree._Element) -> list[str | None]:
    return [text for image in node.iter("img") for text in (image.get("alt"), image.get("title"))]


def turns(label: str) -> bool:
    patterns = (NEXT, PREVIOUS, ARROW, LAST, MORE, NUMBER, WINDOW)
    return len(label) <= 16 and any(pattern.fullmatch(label) for pattern in patterns)


def said_by(one: Control) -> str:
    """A control by its words and what it would run."""
    code = (
        one.node.get("onclick") or one.node.get("href") or one.node.get("id") or one.node.get("class") or "a script"
    )
    return f"{one.label} ({code.strip()[:80]})"


def is_dead(node: etree._Element) -> bool:
    """True for a control that is switched off, or that nobody sees."""
    if node.get("disabled") is not None or any(
        hides(one.get("style") or "", is_block=True) for one in (node, *node.iterancestors())
    ):
        return True
    parent = node.getparent()
    around = (parent.get("class") or "") if parent is not None and parent.tag in {"li", "span"} else ""
    named = f"{node.get('class') or ''} {around}"
    has_address = (node.get("href") or "").strip().lower()
    is_idle = not has_address or has_address.startswith(("#", "javascript:;", "javascript:void"))
    if is_idle and _DEAD.search(named):
        return True
    return (
        node.tag == "a"
        and not has_address
        and not (set(node.keys()) - {"class", "style", "title"})
        and not node.get("class")
    )


def bare_numbers(page: Page) -> tuple[str, ...]:
    """The words of a pager whose numbers are no links, nor run anything that the page names."""
    for node in page.all("//div|//td|//p|//form|//span|//ul|//table|//center|//nav"):
        text = squeeze("".join(strings(node)))
        if len(text) > _LONGEST_COUNTING or not _COUNTING.fullmatch(text) or is_dead(node):
            continue
        if _is_carousel(node):
            continue
        if is_called_pager(node) or _LEADS_ON.search(text):
            return (f"numbers without addresses: {text}",)
    return ()


def runs_pages(node: etree._Element) -> bool:
    """True for a control whose code is called after pages: a picture alone may turn a carousel."""
    return _NAMES_PAGES.search(f"{node.get('onclick') or ''} {node.get('href') or ''}") is not None


def turns_pages(option: etree._Element, label: str) -> bool:
    """True for an option of a box that is called after pages, or whose options are: 第2页."""
    box = next(option.iterancestors("select"), None)
    if box is None:
        return False
    parent = box.getparent()
    around = " ".join(strings(parent)) if parent is not None else ""
    if not box.get("onchange") and not (len(around) < _LONGEST_JUMP and _JUMPS.search(around)):
        return False
    numbers = {squeeze("".join(map(str, one.itertext()))).strip("第页頁") for one in box.iter("option")}
    if not {"1", "2"} <= numbers:
        return False  # how many rows a page shows, or a year
    named = " ".join(box.get(name) or "" for name in ("name", "id", "class", "onchange"))
    return label.endswith(("页", "頁")) or not box.get("onchange") or _NAMES_PAGES.search(named) is not None


def _is_carousel(node: etree._Element) -> bool:
    around = zip(range(4), (node, *node.iterancestors()), strict=False)
    return any(_CAROUSEL.search(f"{one.get('class') or ''} {one.get('id') or ''}") for _, one in around)
