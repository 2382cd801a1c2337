"""The genre of an article: one of a closed list (`GENRES`), or null.

A title may name a speech that the text only reports (`何庆海在全会上讲话`, then `12月27日，…`): words that only say
that somebody spoke need a salutation below them. Notices, minutes and comments on a speech have no genre.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.context.head import EDGE, Find, is_about_a_speech, is_document, undated
from pipelines.text.names import BLANKS, people, squeeze

if TYPE_CHECKING:
    from pipelines.context.head import Places

_PADDED = 6  # `讲　话`, `开 幕 词`: spaces that only widen a short heading
_NO_WORK_REPORT = "(?!.{0,20}(?:调研|考察|视察|述职|述廉|辅导|学习|评估|自查)[^，。]{0,4}报告)"
_REPORT = rf"工作报告|{_NO_WORK_REPORT}(?:提案|工作)[^，。：]{{0,20}}报告"
_ENDINGS = {
    "工作报告": _REPORT,
    "主持词": "主持[词辞]|主持讲话",
    "致辞": "致[辞词]|[贺献祝][辞词]|祝酒[辞词]|欢迎[辞词]|欢送[辞词]|答谢[辞词]|[开闭]幕[辞词]|新[年春]寄语",
    "发言": "发言",
    "讲话": "讲话|演讲",
}
_ANY_ENDING = re.compile("|".join(f"({shape})" for shape in _ENDINGS.values()))
_BEHIND = re.compile(r"(?:摘要|全文|提纲|摘登|摘编|节选|要点|稿|材料|实录|选登|[（(【][^（()）【】]*[)）】])*")
# 上的讲话, 大会发言, 新春致辞; not 到会讲话, 作大会发言, 会上讲话, which tell that somebody spoke.
_IS_CALLED = re.compile(
    rf"(?:^|的[^的，。：]{{0,6}}|(?<![到与])会|会议|[:：—{BLANKS}]"
    r"|交流|表态|总结|书面|主题|专题|动员|辅导|[开闭]幕|新[年春]|[贺迎]新)$"
)
_TOLD = re.compile(r"(?:(?<![工合协操])作|做|发表|(?<!合)并|致)[^的：:]{0,12}$")
_NEWS = re.compile(
    r"召开|举行|举办|隆重|胜利[开闭]幕|强调|指出|会见|率队|带队|一行|出席|主持(?:召开|会议|并)"
    r"|(?:到|赴).{1,15}(?:调研|走访|视察|考察|慰问|看望|督[办导查])"
)
_PERHAPS_NEWS = re.compile(r"[开闭]幕|开班|启动|调研|走访|慰问|视察|考察|参加|督[办导查]|看望|开展|部署|传达|学习")
_NO_NEWS = re.compile(
    r"(?:纪要|决议|通知|总结|生平|方案|意见|办法|章程|名单|公告|信|体会|心得|计划|要点|公报|倡议书|建议|通报|简介|解读"
    r"|报告|汇报|材料|提纲|启示|思考)$"
)
_DAY = "(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日(?:至[0-9]{1,2}日)?"
_LEAD = re.compile(
    rf"[\u4e00-\u9fff]{{0,8}}讯(?:[（(:：{BLANKS}]|$)|近日|日前|连日来|[\u4e00-\u9fff]{{2}}前夕"
    rf"|{_DAY}(?:[上下]午|晚)?[，,]?[^（()）]{{8,}}"
)


def read_genre(title: str, page: Places) -> Find | None:
    """The genre title or head lines name; 报道 where title and first words are those of a news report."""
    plain = title.strip(EDGE)
    if len(squeeze(plain)) <= _PADDED:
        plain = squeeze(plain)
    if genre := _ending(plain, page):
        return Find(genre, "title", title)
    if _is_news(plain, page):
        return Find("报道", "title", title)
    if is_document(plain) or "通知" in plain or "决议" in plain:
        return None
    for line in page.head:
        if genre := _ending(line.strip(EDGE), page, is_line=True):
            return Find(genre, "head", line)
    return None


def _is_news(title: str, page: Places) -> bool:
    if page.salutation or _is_spoken(page) or _NO_NEWS.search(title):
        return False
    is_perhaps = _PERHAPS_NEWS.search(title) and _LEAD.match(page.opening) and not is_about_a_speech(title)
    return bool(is_perhaps or _NEWS.search(title))


def _is_spoken(page: Places) -> bool:
    return page.opening.startswith("我")


def _ending(text: str, page: Places, *, is_line: bool = False) -> str | None:
    """The kind of speech a line ends with; a signature, a day or a note may stand behind it."""
    if is_about_a_speech(text):
        return None
    found = [mark for mark in _ANY_ENDING.finditer(text) if _is_end(text[mark.end() :])]
    if not found:
        return None
    mark = found[0]
    genre = tuple(_ENDINGS)[(mark.lastindex or 1) - 1]
    before = text[: mark.start()]
    is_noun = mark[0][-1] in "词辞" and mark[0][0] != "致"
    if (is_noun or _IS_CALLED.search(before)) and not _TOLD.search(before):
        return genre
    if is_line:
        return None
    if page.salutation or _is_spoken(page):
        return genre
    return "报道" if _LEAD.match(page.opening) else None


def _is_end(rest: str) -> bool:
    rest = undated(_BEHIND.sub("", rest, count=1)).strip(EDGE + "（()）")
    return not rest or people(rest) is not None
