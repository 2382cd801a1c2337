"""Why a value is null or doubtful: each code with its kind, its severity and its meaning."""

from __future__ import annotations

from typing import Literal

from pipelines.reasons.meanings import Meaning
from pipelines.values import frozen

ProblemKind = Literal["site", "style", "doubt", "damage"]
Severity = Literal["info", "notice", "warning", "error"]

PROBLEM_KINDS: dict[ProblemKind, Meaning] = {
    "site": Meaning(
        "what the site itself says, leaves out or does not answer, or what was decided about it; nothing is in doubt",
        "网站自身的情况：网站如此刊载、未刊载或没有响应，或有关该站的决定；本身并无疑问",
    ),
    "style": Meaning(
        "the manner of the page or of its typing; the text is whole", "页面或录入的习惯写法；文本是完整的"
    ),
    "doubt": Meaning(
        "our reading may be wrong or incomplete: compare it with the page",
        "我们的读取可能有误或不完整：请与原网页核对",
    ),
    "damage": Meaning(
        "characters or parts of the text are lost, replaced or added",
        "文本中有字符或段落丢失、被替换或被添加",
    ),
}

SEVERITIES: dict[Severity, Meaning] = {
    "info": Meaning("usual, and nothing to act on: left out unless it is asked for", "常见，无需处理：默认不显示"),
    "notice": Meaning(
        "a value is null for a known reason, or the text is unusual; the rest can be used as it is",
        "某个值因已知原因为空，或文本写法不常见；其余内容可照常使用",
    ),
    "warning": Meaning(
        "a value or a part of the text may be wrong: look at the page before relying on it",
        "某个值或部分文本可能有误：引用前请查看原网页",
    ),
    "error": Meaning("the text, or a part of it, is missing or destroyed", "文本全部或部分缺失、损毁"),
}
"""The mildest first."""


@frozen
class ProblemMeaning(Meaning):
    """The meaning of a problem code, what it speaks of, and how much it matters to a reader of the text."""

    kind: ProblemKind
    severity: Severity


def _code(kind: ProblemKind, severity: Severity, en: str, zh: str) -> ProblemMeaning:
    return ProblemMeaning(en=en, zh=zh, kind=kind, severity=severity)


PROBLEM_CODES: dict[str, ProblemMeaning] = {
    "missing": _code("site", "notice", "the page has no such value", "页面没有这个值"),
    "unreadable": _code(
        "doubt",
        "warning",
        "the page has a value in a form that is not supported",
        "页面有这个值，但写法无法识别",
    ),
    "no-year": _code("site", "notice", "a date without a year", "日期没有年份"),
    "range": _code("site", "notice", "several days where one was expected", "应为一日，页面写的是多日"),
    "two-digit-year": _code("site", "notice", "an ambiguous year of two digits", "两位数年份，无法确定是哪一年"),
    "other-calendar": _code(
        "site",
        "notice",
        "a year of 民国 or a day of the 农历, which are not converted",
        "民国纪年或农历日期，不作换算",
    ),
    "relative": _code(
        "site",
        "notice",
        "a relative date too vague to give a day: 两周前, or an hour ago near midnight",
        "相对日期过于含糊，无法定到某日：如“两周前”，或临近午夜的“一小时前”",
    ),
    "impossible": _code("site", "warning", "an impossible date or number", "不可能存在的日期或数字"),
    "future": _code("site", "warning", "a date more than a day after the capture", "日期晚于采集时间一天以上"),
    "placeholder": _code(
        "site", "info", "a number that a script has not filled in yet", "数字由脚本填写，采集时尚未填入"
    ),
    "not-answered": _code("site", "notice", "the counter gave no answer", "浏览计数器没有响应"),
    "withheld": _code(
        "site",
        "info",
        "the profile forbids requesting the counter, or does not allow a request that counts as a view",
        "站点配置禁止请求浏览计数器，或不允许会计入浏览量的请求",
    ),
    "empty": _code("doubt", "error", "the body has no visible text", "正文没有可见文字"),
    "damaged": _code(
        "damage",
        "error",
        "the text holds U+FFFD, in place of bytes that could not be decoded",
        "文本含有 U+FFFD，原处的字节无法解码",
    ),
    "private-use": _code(
        "damage",
        "warning",
        "characters of Unicode's private use areas, defined only by the page's font",
        "含有 Unicode 私用区字符，只有网页自带字体才能显示",
    ),
    "mojibake": _code(
        "damage",
        "error",
        "text decoded with a wrong encoding: 锟斤拷, 锛, Ã¥",
        "以错误编码解码的乱码：锟斤拷、锛、Ã¥",
    ),
    "control-characters": _code("damage", "warning", "control characters in the text", "文本含有控制字符"),
    "invisible-characters": _code(
        "style",
        "notice",
        "zero-width, soft-hyphen or direction characters in the text",
        "文本含有零宽字符、软连字符或方向控制字符",
    ),
    "entities-left": _code(
        "damage", "warning", "HTML entities that are not decoded", "文本含有未解码的 HTML 字符实体"
    ),
    "tags-left": _code("damage", "warning", "HTML tags in the text", "文本含有 HTML 标签"),
    "unpaired": _code("style", "notice", "an unpaired quote or bracket", "引号或括号不成对"),
    "lost-date-characters": _code(
        "damage", "error", "dates without 年, 月 or 日: 20231227日", "日期中缺少“年”“月”或“日”：20231227日"
    ),
    "lost-quotes": _code(
        "damage",
        "error",
        "set phrases that always have quotes without them, or quotes left over: ”“",
        "固定用语本应带引号而没有，或留有多余的引号：”“",
    ),
    "folded-punctuation": _code(
        "style",
        "notice",
        "ASCII commas between Chinese characters where the text should have ，",
        "汉字之间本应为“，”处使用了半角逗号",
    ),
    "page-furniture": _code(
        "damage",
        "warning",
        "boilerplate in the text: breadcrumb, navigation, counters, footer",
        "正文混入了页面的附属文字：当前位置、导航、浏览量、页脚",
    ),
    "half-paragraph": _code("doubt", "warning", "a sentence cut off by the end of its paragraph", "句子在段末中断"),
    "repeated-paragraph": _code("doubt", "warning", "a long paragraph repeated word for word", "较长的段落逐字重复"),
    "title-repeated": _code("style", "info", "the body begins with its title", "正文以标题开头"),
    "shorter-than-siblings": _code(
        "doubt",
        "warning",
        "the body is less than a twentieth of the site's usual length",
        "正文长度不到该站通常长度的二十分之一",
    ),
    "redacted": _code(
        "site",
        "error",
        "the text was removed by order; the commit named in detail says why",
        "文本已依要求移除，原因见 detail 所指的提交",
    ),
    "disagrees": _code("doubt", "warning", "two places on the site give different values", "网站两处给出的值不一致"),
    "no-end": _code(
        "style",
        "notice",
        "the page ends without its closing tag, as do other pages of the site",
        "页面没有结束标签，该站其他页面也是如此",
    ),
    "cut": _code(
        "doubt",
        "warning",
        "lines of text in the article's block were left out of the body",
        "文章区块中有若干行文字未计入正文",
    ),
    "length-disagrees": _code(
        "doubt",
        "notice",
        "fewer bytes than Content-Length, the same number twice, but the page has its end",
        "收到的字节少于 Content-Length，两次相同，但页面有结尾",
    ),
    "continued": _code(
        "doubt",
        "error",
        "the article continues on another page or behind a script control, and that was not read",
        "文章在另一页或脚本控件之后还有内容，该部分未读取",
    ),
    "error-shown": _code(
        "damage",
        "error",
        "the text holds an error message of the server; text after it may be missing",
        "文本中有服务器的错误信息，其后的文字可能缺失",
    ),
    "not-fetched": _code(
        "site",
        "notice",
        "an attachment failed, was larger than the profile allows, or one of too many",
        "附件下载失败、超过配置允许的大小，或附件数量过多",
    ),
    "low-confidence": _code(
        "doubt",
        "warning",
        "the generic reader is unsure that it read the right block of the page",
        "通用读取器不能确定所读的是否为正确的区块",
    ),
    "unknown-container": _code(
        "doubt",
        "warning",
        "none or several of the known body containers: the generic reader chose the block",
        "已知的正文容器一个也没有或有多个：区块由通用读取器选定",
    ),
    "text-behind": _code(
        "doubt",
        "warning",
        "text directly after the body: perhaps a stray end tag cut the body off",
        "正文之后紧接有文字：正文可能被多余的结束标签截断",
    ),
}
