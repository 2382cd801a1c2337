"""The labels of an info line (what templates put before {$GetDate}, {$GetAuthor}, {$GetHits}) and the values behind.

A value reaches to the next label, gap, element or button. Nothing cuts it where a pattern stops to match: `10万+` is
no count of ten, and what cannot be read is handed on as it stands, for the normaliser to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from crawler.pages.body.known import Line
from crawler.pages.page import EDGES, link_around, squeeze, tidy
from crawler.pages.written import unread_script
from pipelines.text.dates import find_dates, leading_date
from pipelines.text.placeholders import says_nothing

PUBLISHED = (
    "发布时间 发布日期 发表时间 发表日期 发文时间 发文日期 编辑日期 编辑时间 添加时间 添加日期 录入时间 录入日期 "
    "加入时间 上传时间 上传日期 上网时间 信息时间 时间 日期 发布于 发表于 发布 发表"
).split()
WRITTEN = "成文日期 成文时间 签发日期 签发时间 印发日期 印发时间 生成日期 生成时间".split()
"""When a document was made: no publication, but the day a page has where it prints no other."""
UPDATED = "最后更新时间 最后更新 更新时间 更新日期 修改时间 修改日期 更新于".split()
AUTHOR = "文章作者 信息作者 作者 撰稿人 撰稿 撰文".split()
INPUTTER = "文章录入 信息录入 录入者 录入员 录入 发布人 发布者 上传者".split()
SOURCE = "信息来源 文章来源 稿件来源 新闻来源 来源 来自 出处 转自".split()
VIEWS = (
    "文章点击数 文章浏览数 文章阅读数 被阅览数 阅览数 阅览次数 阅览量 "
    "浏览次数 浏览人数 浏览人次 浏览量 浏览数 浏览 点击次数 点击人次 点击率 点击数 点击量 点击 "
    "阅读次数 阅读人次 阅读量 阅读数 阅读 访问次数 访问人次 访问量 人气 已阅"
).split()
OTHER_DAYS = (
    "有效期限 有效期至 有效日期 有效期 截止日期 截止时间 生效日期 生效时间 实施日期 实施时间 施行日期 施行时间 "
    "失效日期 失效时间 废止日期 废止时间 到期时间 会议时间 会议日期 召开时间 活动时间 活动日期 开始时间 结束时间 "
    "报名时间 审核时间 审核日期 采访时间 拍摄时间 讲话时间"
).split()
"""Days of other things than the page, which is no one's publication."""
_OTHER = (
    "责任编辑 编辑 审核 初审 复审 终审 一审 二审 三审 审签 签发 字体大小 字体 字号 关键字 关键词 评论 分享到 打印 "
    "责编 校对 供稿 通讯员 摄影 索引号 文号 频道 发布机构 发文机关 主题词"
).split()

_LONGEST_FIRST = sorted(
    {*PUBLISHED, *WRITTEN, *UPDATED, *AUTHOR, *INPUTTER, *SOURCE, *VIEWS, *OTHER_DAYS, *_OTHER}, key=len, reverse=True
)
_B = r"\s{0,9}"
_BEGINS = "".join(sorted({label[0] for label in _LONGEST_FIRST}))
_WORDS = f"(?=[{_BEGINS}])(?:{'|'.join(_B.join(label) for label in _LONGEST_FIRST)})"
"""Any label, as a pattern; whitespace may stand between its characters. Where none begins, none of them is tried."""
_LABEL_WITH_COLON = rf"(?<!工)({_WORDS}){_B}[:：]"
"""Any label with its colon. 工作者 is no 作者."""
_BARE_LABEL = (
    rf"[【\[]{_B}({_WORDS}){_B}[】\]]|((?:发布|发表|更新|编辑|录入|添加|上传)(?:于|时间|日期))(?={_B}(?:19|20)\d\d)"
)
"""A label without a colon: in brackets of its own, or directly before a year."""
SEEN = "(?:浏览|阅读|点击|访问|查看|人气)"
COUNT_BEFORE = rf"(?:已有|共有?|被)\s?(?P<count>[\d０-９][\d０-９,，]{{0,12}})\s?(?:人次|人|次){SEEN}"
"""A count of views before its word: 已有56人阅读."""
_BARE_COUNT = rf"{SEEN}(?:次数|人数|人次|量|数|率)?\s*[（(\[]?\s*[\d０-９]|{COUNT_BEFORE}"
"""A count of views without a colon: 阅读 56, 浏览(56), 已有56人阅读."""
UPDATE_LABEL = r"(?:更新|修改)\s*+(?:于|时间|日期)?\s*+[:：]?\s*+"
"""What stands before the day of a change: it is the day of publication only where the page has no other."""
_LABEL = re.compile(f"{_LABEL_WITH_COLON}|{_BARE_LABEL}")
# A label has a colon, a bracket or a year behind it; most lines have none of these.
_MAY_BE_LABEL = re.compile(r"[:：\]】]|19|20")
_CELL = re.compile(rf"[\s【\[]*{_WORDS}[\s】\]:：]*")
_LABELLED = re.compile(rf"[\s【\[（(■]*(?:[本此原]文)?(?:{_LABEL.pattern})")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TOOL = (
    "我[要来]|打印|分享|收藏|评论|参与互动|互动|举报|字体|字号|推荐|纠错|订阅|关闭|返回|朗读|语音|播放|下载|微信|微博|点赞|关注|复制|投稿"
    r"|扫一扫|放大|缩小|[大中小](?:\s?[大中小]){0,2}(?!\S)|A[+-]"
)
_GAP = re.compile(rf"[\u00a0\u3000 ]{{2,}}|[|｜【】\[\]〓]|[\u00a0\u3000 ](?:{_TOOL}|{_BARE_COUNT})")
_BUTTON = re.compile(rf"\s*[【\[(（]?(?:{_TOOL})")
_COUNT_ENDS = re.compile(
    r"[\u00a0\u3000 ]{2,}|\s(?![\d０-９万亿wW+次人])|[|｜【】\[\]（(）)〓;；、]|(?<=[次人])(?=[^\s次])"
)
_UNIT, _DIGIT = re.compile(r"(?<!\s)\s*+(?:人次|次|人)$"), re.compile(r"[0-9０-９一二三四五六七八九十百千万]")
_OPENING, _CLOSING = "（(", "）)"
_LABEL_CELLS = frozenset({"dt", "th", "td"})
_BRACKETS = {"[": "]", "（": "）", "(": ")", "【": "】"}


@dataclass(frozen=True)
class Value:
    """What stands behind a label, at `start` of its line up to the next label, at `end`."""

    label: str
    line: InfoLine
    start: int
    end: int

    @cached_property
    def rest(self) -> str:
        """All of it."""
        return self.line.text[self.start : self.end]

    @cached_property
    def name(self) -> str:
        """Its words up to a gap; those of most labels are never asked for."""
        name = self.line.name(self.start, self.end).strip(EDGES)
        gap = _GAP.search(name)
        name = _unbracketed(tidy(name[: gap.start()] if gap else name))
        if at := next((start for start, _, _ in find_dates(name) if start), 0):
            name = name[:at].rstrip(EDGES + "-·,，;；")
        return name

    @property
    def script(self) -> str | None:
        """The source of the script that writes what should stand here, where that could not be read."""
        return None if self.rest.strip(EDGES) else self.line.script(self.start)

    @property
    def date(self) -> str:
        """The date that begins here, with its clock time; else the first one within, else the words as they are."""
        start = len(self.rest) - len(self.rest.lstrip(EDGES + "[【（("))
        text = self.rest[start:]
        if end := leading_date(text):
            return text[:end]
        inner = (text[at : at + leading_date(text[at:])] for at, _, _ in find_dates(text[: len(self.name)]))
        return next(filter(None, inner), self.name)

    @property
    def count(self) -> str | None:
        """The number that begins here as printed, without its unit, or the mark in its place (`--`); else None."""
        text = self.rest.lstrip(EDGES)
        closing = _BRACKETS.get(text[:1])
        if closing:
            text = text[1:].partition(closing)[0]
        text = text[: next((start for start, _, _ in find_dates(text) if start), len(text))]
        end = None if closing else _COUNT_ENDS.search(text)
        value = _UNIT.sub("", tidy(text[: end.start()] if end else text))
        is_count = _DIGIT.search(value) is not None or (value != "" and says_nothing(value))
        return value if is_count else None


@dataclass(slots=True, eq=False)
class InfoLine:
    """One line: its words, where the element of each piece of them begins, and its labels."""

    text: str
    pieces: tuple[tuple[int, etree._Element, bool], ...]
    marks: list[re.Match[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.marks = _marks(self.text)

    @classmethod
    def of(cls, line: Line) -> InfoLine:
        text, pieces = "", []
        for node, is_tail in line.pieces:
            pieces.append((len(text), node, is_tail))
            text += _BLANKS.sub(" ", (node.tail if is_tail else node.text) or "")
        return cls(text, tuple(pieces))

    def values(self) -> Iterator[Value]:
        """The labels of the line with what stands behind each, in order."""
        if not self.marks:
            return
        for mark, following in zip(self.marks, [*self.marks[1:], None], strict=False):
            end = following.start() if following else len(self.text)
            yield Value(_label(mark), self, mark.end(), end)

    @property
    def begins_with_label(self) -> bool:
        """True for a line whose first words are a label."""
        return _LABELLED.match(self.text) is not None

    def without(self, labels: Collection[str]) -> str:
        """The line's words without these labels and the dates behind them."""
        return _without(self.text, self.marks, labels)

    def parts(self, labels: Collection[str] = ()) -> str:
        """The pieces of the line with a blank between, without these labels and their dates.

        Layouts print day and month, or day and clock, in elements of their own.
        """
        starts = [start for start, _, _ in self.pieces]
        pieces = (self.text[a:b] for a, b in zip(starts, [*starts[1:], len(self.text)], strict=True))
        text = tidy(" ".join(pieces))
        return _without(text, _marks(text), labels) if labels else text

    def name(self, start: int, end: int) -> str:
        """The words behind a label that ends at `start`.

        They end with their element, before a button and before a second link.
        """
        own = next(_container(node, is_tail) for at, node, is_tail in reversed(self.pieces) if at < start)
        first: etree._Element | None = None
        said = ""
        for holder, text in self._runs(start, end):
            if first is not None and (_BUTTON.match(text) or _is_apart(own, first, holder)):
                break
            if first is None and text.strip(EDGES):
                first = holder
            said += text
        return said

    def _runs(self, start: int, end: int) -> Iterator[tuple[etree._Element, str]]:
        """The pieces of a stretch of the line, each with the element it stands in."""
        stops = [*(at for at, _, _ in self.pieces[1:]), len(self.text)]
        for (at, node, is_tail), stop in zip(self.pieces, stops, strict=True):
            if max(at, start) < min(stop, end):
                yield _container(node, is_tail), self.text[max(at, start) : min(stop, end)]

    def script(self, at: int) -> str | None:
        """The script that writes what stands behind a place, where that could not be read."""
        _, node, is_tail = next(piece for piece in reversed(self.pieces) if piece[0] < at)
        return unread_script(node, is_tail=is_tail)


def _without(text: str, marks: Iterable[re.Match[str]], labels: Collection[str]) -> str:
    kept = text
    for mark in marks:
        if _label(mark) in labels:
            behind = text[mark.end() :]
            blanks = len(behind) - len(behind.lstrip(EDGES))
            end = mark.end() + blanks + leading_date(behind[blanks:])
            kept = kept[: mark.start()] + "\x1f" * (end - mark.start()) + kept[end:]
    return kept


def info_lines(lines: Iterable[Line]) -> list[InfoLine]:
    """Lines with the elements of their words."""
    return [InfoLine.of(line) for line in lines]


def with_cells_joined(lines: Iterable[Line], said: Iterable[InfoLine]) -> list[InfoLine]:
    """Lines as `info_lines` gave them, but a cell that is a label and the cell behind it are one line."""
    found: list[InfoLine] = []
    label: Line | None = None
    for line, words in zip(lines, said, strict=True):
        if label is not None and label.block.getnext() is line.block and not _CELL.fullmatch(line.text):
            found[-1] = _behind_label(found[-1], words)
        else:
            found.append(words)
        label = line if line.block.tag in _LABEL_CELLS and _CELL.fullmatch(line.text) else None
    return found


def _behind_label(label: InfoLine, value: InfoLine) -> InfoLine:
    text = label.text.rstrip(EDGES + ":：") + "："
    pieces = (*label.pieces, *((at + len(text), node, is_tail) for at, node, is_tail in value.pieces))
    return InfoLine(text + value.text, pieces)


def labelled(lines: Iterable[InfoLine]) -> dict[str, Value]:
    """Label → what stands behind it; of each label the first that says something, else the first."""
    values: dict[str, Value] = {}
    for line in lines:
        for value in line.values():
            known = values.get(value.label)
            if known is None or not (known.name or known.script):
                values[value.label] = value
    return values


def _marks(text: str) -> list[re.Match[str]]:
    """The labels of a text."""
    return list(_LABEL.finditer(text)) if _MAY_BE_LABEL.search(text) else []


def _label(mark: re.Match[str]) -> str:
    return squeeze(mark[1] or mark[2] or mark[3])


def _container(node: etree._Element, is_tail: bool) -> etree._Element:
    parent = node.getparent() if is_tail else node
    return node if parent is None else parent


def _is_apart(own: etree._Element, first: etree._Element, holder: etree._Element) -> bool:
    """True when words stand outside the element of a value: its label's, or its own; or in another link."""
    around = own if own in (first, *first.iterancestors()) else first
    link, other = link_around(first), link_around(holder)
    is_outside = around not in (holder, *holder.iterancestors())
    return is_outside or (link is not None and other is not None and link is not other)


def _unbracketed(value: str) -> str:
    """A value without the bracket its label stands in, or the one that opens the next label's."""
    for index, character in enumerate(value):
        opening = _OPENING[_CLOSING.index(character)] if character in _CLOSING else ""
        if opening and value.count(opening, 0, index) <= value.count(character, 0, index):
            value = value[:index]
            break
    return value.rstrip(_OPENING + EDGES + "-·,，;；").strip()
