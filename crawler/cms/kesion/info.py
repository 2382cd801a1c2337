"""Date, author, source and views of an article page: the words between its title and its body.

Labels are the words templates put before the CMS's tags ({$GetDate}, {$GetAuthor}, {$GetOrigin}, {$GetHits}); a date
needs no label, since real 6.5 sites print `2009年08月31日  大洋网  张星星`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from crawler.page import Page, squeeze, strings, tidy

_PUBLISHED = (
    "发布时间 发布日期 发表时间 发表日期 添加时间 添加日期 录入时间 加入时间 上传时间 "
    "成文日期 信息时间 日期 时间 发布于 更新时间 更新日期"
).split()
_AUTHOR = "文章作者 信息作者 作者 撰稿人 撰稿".split()
_INPUTTER = "文章录入 信息录入 录入者 录入员 录入 发布人 发布者 上传者".split()
_SOURCE = "信息来源 文章来源 稿件来源 新闻来源 来源 出处 转自".split()
_VIEWS = (
    "浏览次数 浏览量 浏览数 浏览 点击次数 点击率 点击数 点击量 点击 阅读次数 阅读量 阅读数 阅读 访问次数 访问量 人气"
).split()
_OTHER = "责任编辑 编辑 审核 字体 字号 关键字 关键词 评论 分享到 打印 责编 校对 供稿 摄影".split()

_ALL_LABELS = sorted({*_PUBLISHED, *_AUTHOR, *_INPUTTER, *_SOURCE, *_VIEWS, *_OTHER}, key=len, reverse=True)
_LABEL = re.compile("(" + "|".join(r"[\s\u3000]*".join(label) for label in _ALL_LABELS) + r")[\s\u3000]*[:：]")
_VALUE_END = re.compile(r"[\u00a0\u3000 ]{2,}|[|｜【\[]|\n")
_DATE = re.compile(
    r"(?<!\d)(?:\d{4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}日?|\d{1,2}/\d{1,2}/\d{4}|[一二〇○零０-９]{4}年.{1,3}月.{1,4}日)"
    r"(?:[\sT\u3000\u00a0]*(?:上午|下午)?\s*\d{1,2}[:：时]\d{1,2}(?:[:：分]\d{1,2}秒?|分)?(?:\s?[AP]M)?)?"
    r"|(?<!\d)\d{1,2}[-/月]\d{1,2}日?(?:[\s\u00a0]+\d{1,2}:\d{2})?(?!\d)"
)
_FULL_YEAR = re.compile(r"\d{4}|[一二〇○零０-９]{4}年")
_NUMBER = re.compile(r"[\d０-９][\d０-９,，.．]*\s*[万亿]?")
_BLOCK_END = frozenset({"br", "p", "div", "td", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "hr", "center"})
_AFTER_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Info:
    """The strings exactly as found; None where the page has none."""

    published: str | None
    views: str | None
    author: str | None
    source: str | None


def read_info(page: Page, body: etree._Element, heading: str) -> Info:
    """Read the info line of an article: behind its heading, else anywhere before the body, else just behind it."""
    before = _lines(page.root, stop=body)
    start = next((i for i, line in enumerate(before) if squeeze(heading) in squeeze(line)), None)
    zones = [before[start:], before] if start is not None else [before]
    if start is not None:
        first = zones[0][0]
        zones[0] = [first.partition(heading)[2] if heading in first else first, *zones[0][1:]]
    published = next((found for zone in zones if (found := _published(zone))), None)
    zones.append(_behind(body))
    labelled = [_labelled(zone) for zone in zones]
    return Info(
        published=published or _published_by_label(labelled[-1]),
        views=_number(_first(labelled, _VIEWS)),
        author=_first(labelled, _AUTHOR) or _first(labelled, _INPUTTER),
        source=_first(labelled, _SOURCE),
    )


def _lines(root: etree._Element, stop: etree._Element) -> list[str]:
    """Text before `stop`, one string a block, NBSP and U+3000 kept, scripts and styles left out."""
    pieces: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if node is stop:
            break
        if event == "start" and node.tag in _BLOCK_END:
            pieces.append("\n")
        if event == "start" and node.tag not in {"script", "style", "title", "option"}:
            pieces.append(_one_line(node.text))
        if event != "start":
            pieces.extend(["\n"] if event == "end" and node.tag in _BLOCK_END else [])
            pieces.append(_one_line(node.tail))
    return [line for line in "".join(pieces).split("\n") if line.strip()]


def _behind(body: etree._Element) -> list[str]:
    """The first words behind the body: some templates print 录入 and 来源 there."""
    texts: list[str] = []
    node: etree._Element | None = body
    while node is not None and len("".join(texts)) < _AFTER_LIMIT:
        texts.append(_one_line(node.tail))
        for sibling in node.itersiblings(etree.Element):
            texts.extend(["\n", _one_line("".join(strings(sibling))), _one_line(sibling.tail)])
        node = node.getparent()
    return "".join(texts)[:_AFTER_LIMIT].partition("上一篇")[0].split("\n")


def _one_line(text: str | None) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


def _labelled(lines: list[str]) -> dict[str, str]:
    """Label → the text behind it, up to the next label, a wide gap or a bracket; the first of each label counts."""
    values: dict[str, str] = {}
    for line in lines:
        marks = list(_LABEL.finditer(line))
        for mark, following in zip(marks, [*marks[1:], None], strict=False):
            text = line[mark.end() : following.start() if following else len(line)].strip(" \u00a0\u3000")
            end = _VALUE_END.search(text)
            values.setdefault(squeeze(mark[1]), tidy(text[: end.start()] if end else text))
    return values


def _first(zones: list[dict[str, str]], labels: list[str]) -> str | None:
    return next((zone[label] for zone in zones for label in labels if zone.get(label)), None)


def _number(value: str | None) -> str | None:
    match = _NUMBER.match(value or "")
    return match[0].strip() if match else None


def _published(lines: list[str]) -> str | None:
    """A labelled date, else the first full date of the zone."""
    by_label = _published_by_label(_labelled(lines))
    if by_label:
        return by_label
    return next((m[0] for line in lines for m in _DATE.finditer(line) if _FULL_YEAR.search(m[0])), None)


def _published_by_label(values: dict[str, str]) -> str | None:
    for label in _PUBLISHED:
        if value := values.get(label):
            match = _DATE.search(value)
            return tidy(match[0]) if match else value
    return None
