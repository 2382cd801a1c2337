"""The parts of a page with speaker, day and meeting: its title, the lines above its text, those below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipelines.text.dates import find_dates
from pipelines.text.names import BLANKS
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Find:
    """A value, where it stands (title, head, tail), and the words it was read from as they stand there."""

    value: str
    where: str
    text: str


class Places(NamedTuple):
    """A body by its places: `head`, the short lines above the text; `tail`, those that close it.

    `salutation` is the line that opens a speech, None without one; `opening` the first line of the text itself.
    """

    head: list[str]
    salutation: str | None
    opening: str
    tail: list[str]


_HEAD_LINES = 8
_TAIL_LINES = 4
_SHORT = 70  # a head line is no paragraph
_SHORT_TAIL = 40
B = f"[{BLANKS}]"
EDGE = BLANKS + "—-―–─=*·、，,。；;"
_PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "〔": "〕", "［": "］"}
_SALUTATION = re.compile(
    r"[^。；;：:]{0,20}(?:同志们|各位[领委来嘉代朋同常老][^。；;：:]{0,30})[：:]$"
    r"|(?:尊敬的|各位|同志们|委员们|朋友们|代表们|先生们|女士们|同学们|老师们|乡亲们|亲爱的|父老乡亲|大家(?:上午|下午|早上|晚上)?好)"
    r"[^。；;]{0,60}?(?:[：:！!]|[，,]?$|[，,](?:同志们|朋友们|大家))"
)
_HEADING = re.compile(r"[（(]?[一二三四五六七八九十]+[、）)．.]|[0-9]+[、．.]|第[一二三四五六七八九十]+(?:部分|章)")
EDITOR = re.compile(
    r"作者|编辑|责编|录入|供稿|来源|撰稿|记者|摄影|摄|审核|校对|通讯员|发布|更新|点击|浏览|阅读|字号|字体|打印|投稿|(?<!录音)整理|转自|主持人"
    r"|印发|抄送|送审|起草|联系"
)
SPEAKER_LABEL = re.compile(
    rf"(?:讲话|主讲|发言|报告|演讲|致辞|致词|宣讲|汇报|授课|述职){B}*(?:人|者|领导|嘉宾){B}*[：:]|主{B}*讲{B}*[：:]"
)
NOUN = re.compile(
    r"讲话|发言|致辞|致词|贺词|贺辞|报告|演讲|主持词|(?:开|闭)幕[词辞]|献[词辞]|寄语|总结|表态|说明|汇报|授课|党课|宣讲|述职|答谢|谈话"
    r"|点评|通报|欢迎[词辞]|感言|提案|讲稿|慰问|团拜"
)
_ABOUT_A_SPEECH = re.compile(
    r"(?:的|重要|系列)*(?:精神|通知|意见|决定|决议|解读|反响|体会|心得|学习|启示|感悟|综述|侧记|评论|引起|引发"
    r"|在.{0,12}(?:引|反响)|会(?!.*讲话))"
)
OCCASION = re.compile(
    r"(?:会|会议|大会|活动|仪式|论坛|典礼|班|座谈|上|时)(?:上)?的?(?:重要)?(?:讲话|发言|致辞|致词|报告|演讲|主持词|总结讲话)?$"
)
_DOCUMENT = re.compile(r"(?:纪要|决议|决定|通知|公告|公报|生平|名单|章程|办法|心得|体会|感悟|启示)$")
_FROM_A_TAPE = re.compile(r"[，,；;]?(?:本文)?(?:根据|据)?(?:会议|现场)?录音整理[^（()）]*")
_QUOTED = re.compile(r"《[^》]*》|“[^”]*”")
_EMPTY_BRACKETS = re.compile(rf"[（(\[【]{B}*[)）\]】]")
DASH = re.compile(r"—+|―+|─+|--+|－－+")
DAY_PART = re.compile(
    rf"^{B}*+[（(]?(?:星期|周)?[一二三四五六日天]?[)）]?{B}*+(?:上午|下午|晚上|晚)?{B}*+(?=$|[在于（(）)])"
)


def places(body: str) -> Places:
    """The places of a body (paragraphs joined by a line feed). Without a salutation the head ends at a sentence."""
    lines = [line for raw in body.split("\n") if (line := raw.strip(BLANKS + "\r"))]
    first = lines[: _HEAD_LINES + 4]
    at = next((i for i, line in enumerate(first) if is_salutation(line)), None)
    if at is None:
        head = _above_the_text(first[:_HEAD_LINES])
        return Places(head, None, first[len(head)] if len(first) > len(head) else "", _tail(lines[len(head) :]))
    head = [line for line in first[:at][:_HEAD_LINES] if not is_prose(line)]
    return Places(head, first[at], lines[at + 1] if len(lines) > at + 1 else "", _tail(lines[at + 1 :]))


def _above_the_text(lines: Sequence[str]) -> list[str]:
    end = next((i for i, line in enumerate(lines) if is_prose(line) or _HEADING.match(line)), len(lines))
    return list(lines[:end])


def _tail(text: list[str]) -> list[str]:
    """The short lines behind the last sentence of the text; none where there is no sentence before them."""
    last = next((i for i in range(len(text) - 1, -1, -1) if _closes_the_text(text[i])), None)
    return [] if last is None else text[last + 1 :][-_TAIL_LINES:]


def _closes_the_text(line: str) -> bool:
    return len(line) > _SHORT_TAIL or line.endswith(tuple("。！!？?；;：:”"))


def is_salutation(line: str) -> bool:
    """Whether a line addresses an audience, as the first line of a speech does."""
    return _SALUTATION.match(line) is not None


def is_prose(line: str) -> bool:
    return len(line) > _SHORT or "。" in line or line.endswith(("；", ";", "！", "!", "？", "?"))


def agreed(finds: list[Find]) -> Find | None:
    return finds[0] if len({find.value for find in finds}) == 1 else None


@remembered(64)  # titles and head lines of a few pages: several questions are asked of each
def is_about_a_speech(text: str) -> bool:
    plain = _QUOTED.sub("", text)
    nouns = list(NOUN.finditer(plain))
    return bool(nouns and _ABOUT_A_SPEECH.match(plain, nouns[-1].end()))


def is_document(title: str) -> bool:
    """Whether a title names a paper nobody speaks: minutes, a notice, an echo of a speech. Its signer wrote it."""
    plain = title.strip(EDGE)
    return is_about_a_speech(plain) or _DOCUMENT.search(plain) is not None


def undated(words: str) -> str:
    for start, end, _ in reversed(find_dates(words)):
        words = words[:start] + words[end:]
    return words


@remembered(64)
def unwrapped(text: str) -> str:
    """Without the dashes and the one pair of brackets around it, and without empty brackets."""
    text = _EMPTY_BRACKETS.sub("", _FROM_A_TAPE.sub("", text)).strip(EDGE)
    if len(text) > 1 and _PAIRS.get(text[0]) == text[-1]:
        text = text[1:-1].strip(EDGE)
    return text


def without_day(text: str) -> str:
    """The line without the full date at its start or end, brackets around the date gone with it."""
    for start, end, _ in find_dates(text):
        before, after = text[:start], DAY_PART.sub("", text[end:])
        text = before.rstrip(BLANKS + "（(") + " " + after.lstrip(BLANKS + "）)")
        break
    return text.strip(EDGE)
