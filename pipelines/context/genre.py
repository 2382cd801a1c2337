"""What kind of text an article is: one of a closed list (`GENRES`), or null.

A title may promise a speech and the text report it (`何庆海在全会上讲话`, then `12月27日，…`): words that only tell that
somebody spoke need a salutation below them. Notices, minutes and echoes of a speech are none of the list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.context.head import DASH, EDGE, Find, is_about_a_speech, undated
from pipelines.names import BLANKS, people

if TYPE_CHECKING:
    from pipelines.context.head import Layout

_REPORT = r"工作报告|(?:提案|工作)[^，。：]{0,20}报告"
_ENDINGS = {
    "工作报告": re.compile(_REPORT),
    "主持词": re.compile("主持[词辞]|主持讲话"),
    "致辞": re.compile("致[辞词]|[贺献祝][辞词]|祝酒[辞词]|欢迎[辞词]|欢送[辞词]|答谢[辞词]|[开闭]幕[辞词]|新[年春]寄语"),
    "发言": re.compile("发言"),
    "讲话": re.compile("讲话"),
}
_ANY_ENDING = re.compile("|".join(f"(?P<{'abcde'[i]}>{shape.pattern})" for i, shape in enumerate(_ENDINGS.values())))
_BEHIND = re.compile(r"(?:摘要|全文|提纲|摘登|摘编|节选|要点|要点|稿|实录|选登|[（(【][^（()）【】]*[)）】])*")
# 作报告, 上讲话, 并致辞: the title tells that somebody spoke.
_TOLD = re.compile(r"(?:作了?|做了?|发表|上|并|主持|宣读)(?:了|重要|专题|总结|的?常委会|.{0,12}?)$")
_TELLS_IT = re.compile(r"(?:的|[:：])[^的]{0,8}$")
_NEWS = re.compile(
    r"召开|举行|举办|开幕|闭幕|开班|启动|调研|走访|慰问|视察|考察|赴|出席|参加|强调|指出|会见|督[办导查]|率队|带队|看望|开展|部署|传达"
)
_NO_NEWS = re.compile(r"(?:纪要|决议|通知|总结|生平|方案|意见|办法|章程|名单|公告|信|体会|心得|计划|要点|公报|倡议书|建议|通报|简介|解读)$")
_LEAD = re.compile(
    rf"(?:[\u4e00-\u9fff]{{0,8}}讯(?:[（(:：{BLANKS}]|$)|近日|日前|连日来|[\u4e00-\u9fff]{{2}}前夕|(?:[0-9]{{4}}年)?[0-9]{{1,2}}月[0-9]{{1,2}}日"
    r"(?:至[0-9]{1,2}日)?(?:[上下]午|晚)?[，,]?[^（()）]{8,})"
)


def read_genre(title: str, page: Layout) -> Find | None:
    """The genre title or head lines name; 报道 where title and first words are those of a news report."""
    plain = title.strip(EDGE)
    if genre := _ending(plain, page):
        return Find(genre, "title", title)
    if is_about_a_speech(plain) or re.search(r"通知|决议", plain):
        return None
    if _NEWS.search(plain) and not _NO_NEWS.search(plain):
        return Find("报道", "title", title) if page.salutation is None and not _is_spoken(page) else None
    for line in page.head:
        if genre := _ending(line.strip(EDGE), page):
            return Find(genre, "head", line)
    return None


def _is_spoken(page: Layout) -> bool:
    return re.match(r"我", page.opening) is not None


def _ending(text: str, page: Layout) -> str | None:
    """The kind of speech a line ends with; a signature, a day or a note may stand behind it."""
    if is_about_a_speech(text):
        return None
    found = [mark for mark in _ANY_ENDING.finditer(text) if _is_end(text[mark.end() :])]
    if not found:
        return None
    mark = found[0]
    genre = next(name for i, name in enumerate(_ENDINGS) if mark["abcde"[i]])
    if not _TOLD.search(text[: mark.start()]) or _TELLS_IT.search(text[: mark.start()]):
        return genre
    if page.salutation or _is_spoken(page):
        return genre
    return "报道" if _LEAD.match(page.opening) else None


def _is_end(rest: str) -> bool:
    rest = undated(_BEHIND.sub("", rest, count=1)).strip(EDGE + "（()）")
    return not rest or (DASH.split(rest)[0] != "" and people(rest) is not None)
