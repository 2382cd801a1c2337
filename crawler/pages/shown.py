"""What a page shows outside its links: whether it names a speech, and whether it is a notice in the place of one.

A list, a front page and a neighbouring article name a speech too, but only in links.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from lxml import etree

from crawler.pages.page import Page, squeeze, tidy
from pipelines.reasons import Reason

_SKIPPED = frozenset({"script", "style", "noscript", "template", "select", "option", "head"})
_INLINE = frozenset({"font", "b", "strong", "span", "i", "em", "u"})
_NO_WORD = re.compile(r"\W+")
# Characters of a title that says what it is about; share of character pairs in a title and its rewording.
_SHORTEST_TITLE, _ALIKE = 8, 0.3
_SHORTEST_NAME = 4  # characters: a shorter title (讲话) stands on every page of the section
_LONGEST_NOTICE = 150  # characters of a whole text: notices seen have 8 to 120, short speeches begin at about 200
_LONGEST_SENTENCE, _LONGEST_HEADING = 60, 12  # characters of a sentence of a notice, and of its heading
_TO_READER = re.compile("[您你]|对不起|抱歉|遗憾|敬请|请(?:稍|先|登)|^(?:该|此|本)|40[34]|50\\d|error", re.IGNORECASE)
_THING = "(?:信息|文章|内容|页面|网页|新闻|稿件|资讯|文件|资源|链接|记录|数据)"
_READ = "(?:查看|阅读|浏览|访问)"
_TAKEN_AWAY = "(?:删除|撤下|下线|撤销|撤稿|屏蔽|关闭)"
_OURS, _AILING = "(?:系统|网站|服务器?|站点|平台|本站|页面)", "(?:维护|升级|繁忙|故障|异常|出错|错误|关闭|改版|建设)"
_WORDS: tuple[tuple[str, Reason], ...] = (
    (f"{_THING}.{{0,6}}(?:未通过审核|没有通过审核|正在审核)", Reason.NOT_APPROVED),
    (f"{_THING}.{{0,10}}已(?:经)?(?:被)?(?:管理员)?{_TAKEN_AWAY}", Reason.DELETED),
    (f"{_THING}.{{0,8}}(?:不存在|未找到|没有找到|找不到)", Reason.NOT_FOUND),
    (f"(?:找不到|未找到|没有找到|不存在).{{0,12}}{_THING}", Reason.NOT_FOUND),
    (f"(?:请先?|[您你]还没有|尚未)登[录陆].{{0,20}}{_READ}|登[录陆]后(?:才能|方可|可以?)", Reason.LOGIN),
    (f"(?:没有|无)(?:权限?)?{_READ}.{{0,8}}权限", Reason.NO_PERMISSION),
    ("数据库.{0,6}(?:出错|错误|失败|异常)|OLE DB Provider|SQL Server|MySQL|ORA-\\d|SQLException", Reason.DB_DOWN),
    ("防火墙|拦截|安全(?:验证|检查|检测|狗)|人机验证|不合法参数|恶意(?:请求|访问|字符)", Reason.GUARD),
    ("请求.{0,6}(?:过于频繁|被拒绝|非法)", Reason.GUARD),
    ("验证码|滑动.{0,6}验证|访问(?:过于频繁|受限|被拒绝|被阻断)|access denied|forbidden", Reason.CHALLENGE),
    (f"{_OURS}.{{0,10}}{_AILING}|维护中|建设中|暂停(?:访问|服务)", Reason.NO_ARTICLE),
    ("(?:请?稍[后候等]|正在|数据|内容)再?(?:试|访问|加载)|加载(?:中|失败)|请稍[候等]|loading", Reason.NO_ARTICLE),
    ("not found|(?:server|application|runtime) error|service unavailable|bad gateway|time-?out", Reason.NO_ARTICLE),
    ("域名.{0,10}(?:出售|转让|过期|到期|购买)|domain.{0,20}(?:sale|parked|expired)", Reason.NO_ARTICLE),
)
_SAID = tuple((re.compile(words, re.IGNORECASE), reason) for words, reason in _WORDS)


@dataclass(frozen=True)
class Shown:
    """The `<title>` of a page, and its text outside links by element, squeezed; each made when it is asked for."""

    _page: Page = field(repr=False)

    @cached_property
    def title(self) -> str:
        """The text of every `<title>`."""
        return squeeze("".join(map(_whole, self._page.root.iter("title"))))

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The text by element."""
        return tuple(filter(None, map(squeeze, _pieces(self._page.root))))

    def names(self, title: str | None) -> bool:
        """True when the page itself bears a title, which a list may have cut with dots."""
        sought = key(title)
        if len(sought) < _SHORTEST_NAME:
            return False
        # Most articles' titles stand in the first `<title>`: what follows it in the page is then not looked at.
        return (
            sought in key(first_title(self._page)) or sought in key(self.title) or sought in key("".join(self.pieces))
        )

    def notice(self) -> tuple[Reason, str] | None:
        """What a sentence to the reader says instead of an article, with its words.

        Ask it only of a page that names no speech: headlines and footers hold such words too.
        """
        sentences = [piece for piece in (self.title, *self.pieces) if 0 < len(piece) <= _LONGEST_SENTENCE]
        to_reader = [text for text in sentences if len(text) <= _LONGEST_HEADING or _TO_READER.search(text)]
        return next((said for text in to_reader if (said := _said(text))), None)


def shown(page: Page) -> Shown:
    """What a page shows outside its links."""
    return Shown(page)


def first_title(page: Page) -> str:
    """The text of the first `<title>`; empty when there is none."""
    return page.asked("first title", lambda: next(map(_whole, page.root.iter("title")), ""))


def notice_in(text: str) -> tuple[Reason, str] | None:
    """What a text says when it is a notice and no article: the reason and the words it was read from."""
    bare = squeeze(text)
    return _said(bare) if len(bare) <= _LONGEST_NOTICE else None


def key(title: str | None) -> str:
    """A title for comparison: its letters, digits and characters alone, without the dots a list cuts it with."""
    return _NO_WORD.sub("", tidy(title or "").rstrip(".…"))


def is_one_of(title: str, others: Iterable[str | None]) -> bool:
    """Whether a title is one of some, whatever their punctuation and spaces."""
    return key(title) in map(key, others)


def pairs_in_common(one: str | None, other: str | None) -> float:
    """Dice's coefficient of the character pairs of two titles."""
    first, second = (Counter(pairwise(text)) for text in (key(one), key(other)))
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


def are_unlike(one: str | None, other: str | None) -> bool:
    """True for two titles that cannot be one article's: a headline shortens or rewords the title it stands for."""
    short, whole = sorted((key(one), key(other)), key=len)
    return len(short) >= _SHORTEST_TITLE and short not in whole and pairs_in_common(one, other) < _ALIKE


def _whole(node: etree._Element) -> str:
    return "".join(map(str, node.itertext()))


def _said(words: str) -> tuple[Reason, str] | None:
    return next(((reason, words[:_LONGEST_SENTENCE]) for pattern, reason in _SAID if pattern.search(words)), None)


def _pieces(root: etree._Element) -> Iterator[str]:
    """Text outside links, cut where elements other than inline ones begin and end; blank texts are left out."""
    piece: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event == "start":
            tag = node.tag
            if piece and tag not in _INLINE:
                yield "".join(piece)
                piece.clear()
            if tag in _SKIPPED or (tag == "a" and node.get("href") is not None):
                walk.skip_subtree()
                continue
            text = node.text
        else:
            if piece and event == "end" and node.tag not in _INLINE:
                yield "".join(piece)
                piece.clear()
            text = node.tail
        if text and not text.isspace():
            piece.append(text)
    yield "".join(piece)
