"""Who spoke and on what day, as the page itself says it: read from the title and the head of the body.

A page says it in the subject of its title (`何庆海同志在…上作常委会工作报告`), behind the title, or in a signature
or date line above the salutation. Dates and names in prose are decoys, editors are no speakers, and a range of days
or a date without a year is no day. In doubt the value is null: a guess would be read as data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.dates import find_dates, spoken_day
from pipelines.names import BLANKS, people
from pipelines.record import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Context:
    """The speaker (several joined by 、), the day the speech was given (YYYY-MM-DD), and the words that say so."""

    speaker: str | None
    delivered_on: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Find:
    value: str
    where: str
    text: str


_HEAD_LINES = 8
_SHORT = 70  # a head line is no paragraph
_LONGEST_TITLE = 200
_B = f"[{BLANKS}]"
_EDGE = BLANKS + "—-―–─=*·、，,。；;"
_PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "〔": "〕", "［": "］"}
_SALUTATION = re.compile(
    r"[^。；;：:]{0,20}(?:同志们|各位[领委来嘉代朋同常老][^。；;：:]{0,30})[：:]$"
    r"|(?:尊敬的|各位|同志们|委员们|朋友们|代表们|先生们|女士们|同学们|老师们|乡亲们|亲爱的|父老乡亲|大家(?:上午|下午|早上|晚上)?好)"
    r"[^。；;]{0,60}?(?:[：:！!]|[，,]?$|[，,](?:同志们|朋友们|大家))"
)
_HEADING = re.compile(r"[（(]?[一二三四五六七八九十]+[、）)．.]|[0-9]+[、．.]|第[一二三四五六七八九十]+(?:部分|章)")
_EDITOR = re.compile(
    r"作者|编辑|责编|录入|供稿|来源|撰稿|记者|摄影|摄|审核|校对|通讯员|发布|更新|点击|浏览|阅读|字号|字体|打印|投稿|(?<!录音)整理|转自|主持人"
    r"|印发|抄送|送审|起草|联系"
)
_SPEAKER_LABEL = re.compile(
    rf"(?:讲话|主讲|发言|报告|演讲|致辞|致词|宣讲|汇报|授课|述职){_B}*(?:人|者|领导|嘉宾){_B}*[：:]|主{_B}*讲{_B}*[：:]"
)
_TIME = rf"(?:时{_B}*间|日{_B}*期){_B}*[：:]{_B}*"
_TIME_LABEL = re.compile(rf"(?:(?:讲话|会议|发言|报告|活动|致辞){_B}*)?{_TIME}")
_TIME_BEFORE = re.compile(rf"{_TIME}$")
_NEXT_LABEL = re.compile(rf"{_B}*(?:时{_B}*间|日{_B}*期|地{_B}*点|职{_B}*务|单{_B}*位|主{_B}*题)[：:].*")
_NOUN = re.compile(
    r"讲话|发言|致辞|致词|贺词|贺辞|报告|演讲|主持词|(?:开|闭)幕[词辞]|献[词辞]|寄语|总结|表态|说明|汇报|授课|党课|宣讲|述职|答谢|谈话"
    r"|点评|通报|欢迎[词辞]|感言|提案|讲稿|慰问|团拜"
)
_ABOUT_A_SPEECH = re.compile(
    r"(?:的|重要|系列)*(?:精神|通知|意见|决定|决议|解读|反响|体会|心得|学习|启示|感悟|综述|侧记|评论|引起|引发"
    r"|在.{0,12}(?:引|反响)|会(?!.*讲话))"
)
_SAID = re.compile(r"(?:上|中|时|会|班|期间)(?:的)?(?:再次|反复|特别|明确)?(?:强调|指出|要求|表示|寄语)")
# A bare name counts only before the words of a speech; before 作 or 致 only with what is made or given.
_VERB = re.compile(
    r"在|代表|作(?=.*报告|.*发言|.*讲话|.*说明)|做(?=.*报告|.*发言|.*讲话)|致(?=.*[辞词])|讲(?=.*党课)|发表"
    r"|的(?=[开闭]幕|欢迎|答谢|重要|表态|总结|新[年春]|书面|主持|述职)|的?(?:讲话|发言|致辞|致词|演讲|报告|主持词)|表态"
    r"|新[年春](?=[贺致献])|[：:]"
)
_OCCASION = re.compile(
    r"(?:会|会议|大会|活动|仪式|论坛|典礼|班|座谈|上|时)(?:上)?的?(?:重要)?(?:讲话|发言|致辞|致词|报告|演讲|主持词|总结讲话)?$"
)
_NO_DELIVERY = re.compile(r"通过|审议|批准|发布|印发|修订|施行|刊|公布|召开|举行|报道|稿")
_RANGE_AFTER = re.compile(
    rf"{_B}*(?:上午|下午)?{_B}*(?:至|到|[-—–~～－─]+|、|和){_B}*(?:[0-9０-９一二三四五六七八九十廿卅]|次日)"
)
_RANGE_BEFORE = re.compile(r"[0-9０-９日月年号](?:至|到|[-—–~～－─]+|、|和)$")
_DAY_PART = re.compile(
    rf"^{_B}*[（(]?(?:星期|周)?[一二三四五六日天]?[)）]?{_B}*(?:上午|下午|晚上|晚)?{_B}*(?=$|[在于（(）)])"
)
_FROM_A_TAPE = re.compile(r"[，,；;]?(?:本文)?(?:根据|据)?(?:会议|现场)?录音整理[^（()）]*")
_DASH = re.compile(r"—+|―+|─+|--+|－－+")


def read_context(title: str, body: str) -> Context:
    """What title and body (paragraphs joined by a line feed) say of speaker and day; null where they do not.

    A line marked 讲话人 (or the like) outranks the title, the title an unmarked signature line. Two different answers
    of one rank, or two different days, are doubt: null. Never raises for any text.
    """
    head = list(_head(body))
    heading = title if len(title) <= _LONGEST_TITLE else ""
    speaker = _speaker(heading, head)
    delivered = _agreed([*_title_days(heading), *_head_days(head)])
    evidence = [
        Evidence(field=field, where=find.where, text=find.text)
        for field, find in (("speaker", speaker), ("delivered_on", delivered))
        if find
    ]
    return Context(speaker.value if speaker else None, delivered.value if delivered else None, tuple(evidence))


def _head(body: str) -> Iterator[str]:
    """The short lines above the salutation; without one, those above the first sentence or heading."""
    lines = [line for raw in body.split("\n", 60)[:60] if (line := raw.strip(BLANKS + "\r"))][: _HEAD_LINES + 4]
    end = next((i for i, line in enumerate(lines) if _SALUTATION.match(line)), None)
    if end is not None:
        yield from (line for line in lines[:end][:_HEAD_LINES] if not _is_prose(line))
        return
    for line in lines[:_HEAD_LINES]:
        if _is_prose(line) or _HEADING.match(line):
            return
        yield line


def _is_prose(line: str) -> bool:
    return len(line) > _SHORT or "。" in line or line.endswith(("；", ";", "！", "!", "？", "?"))


def _agreed(finds: list[_Find]) -> _Find | None:
    return finds[0] if len({find.value for find in finds}) == 1 else None


def _speaker(title: str, head: list[str]) -> _Find | None:
    marked = [_Find(name, "head", line) for line in head if (name := _labelled(line))]
    if marked:
        return _agreed(marked)
    if name := _of_title(title):
        return _Find(name, "title", title)
    return _agreed([_Find(name, "head", line) for line in head if (name := _of_line(line))])


def _labelled(line: str) -> str | None:
    text = _unwrapped(line)
    label = _SPEAKER_LABEL.match(text)
    return people(_NEXT_LABEL.sub("", text[label.end() :]), marked=True) if label else None


def _of_title(title: str) -> str | None:
    """The person a title says is speaking: before 在… or a colon, or as a signature behind the title."""
    for part in _DASH.split(title):
        if name := _subject(part):
            return name
    return _behind(title)


def _subject(text: str) -> str | None:
    """The subject of a speech's title; None when nobody, or when the title is about a speech."""
    text = text.strip(_EDGE)
    if _about_a_speech(text):
        return None
    for verb in _VERB.finditer(text):
        before = text[: verb.start()]
        if verb[0] == "在" and not (_NOUN.search(text, verb.end()) or _SAID.search(text, verb.end())):
            continue
        marked = before.endswith("的")
        if name := _phrase(before.removesuffix("的"), marked=marked and len(before) > 3):
            return name
    return None


def _phrase(words: str, *, marked: bool = False) -> str | None:
    """Names of a subject; a motto set off by a blank or a bracket may stand before it."""
    words = re.sub(r"^[\[【［(（][^\]】］)）]{1,12}[\]】］)）]", "", words.strip(_EDGE))
    words = re.sub(r"[0-9]{4}年度?$", "", _undated(words).strip(_EDGE)).removesuffix("于")
    if name := people(words, marked=False):
        return name
    last = re.split(_B + "+", words)[-1]
    return people(last) if last != words and not marked else None


def _undated(words: str) -> str:
    for start, end, _ in reversed(find_dates(words)):
        words = words[:start] + words[end:]
    return words


def _about_a_speech(text: str) -> bool:
    plain = re.sub(r"《[^》]*》|“[^”]*”", "", text)
    nouns = list(_NOUN.finditer(plain))
    return bool(nouns and _ABOUT_A_SPEECH.match(plain, nouns[-1].end()))


def _behind(title: str) -> str | None:
    """A signature after the title: `…的讲话——王某某`, `…的讲话（何庆海）`, `…的讲话 何庆海`."""
    text = title.strip(_EDGE)
    bracket = re.search(r"[（(【]([^（()）【】]{2,40})[)）】]$", text)
    if bracket:
        before, sign = text[: bracket.start()], bracket[1]
    else:
        cut = max((m.end() for m in re.finditer(rf"[—―─]+|--+|{_B}+", text)), default=0)
        # Padded names: the blank inside `韦 东` is not the one before it.
        if cut and (padded := re.search(rf"(?:[—―─{BLANKS}]+|--)(\S{_B}+\S)$", text)):
            cut = padded.start(1)
        before, sign = text[:cut], text[cut:]
    if not _NOUN.search(before) or _about_a_speech(before.strip(_EDGE)):
        return None
    return people(_undated(sign).strip(_EDGE))


def _of_line(line: str) -> str | None:
    """Who a head line names: a signature with or without a date, or the subject of `…在…会上`."""
    if _EDITOR.search(line) or _TIME_LABEL.match(line) or _SALUTATION.match(line):
        return None
    text = _unwrapped(line)
    if name := people(_unwrapped(_without_day(text))):
        return name
    for part in _DASH.split(text):
        verb = part.find("在")
        if verb > 0 and _OCCASION.search(_without_day(part).strip(_EDGE)) and not _about_a_speech(part):
            name = people(_unwrapped(_undated(part[:verb]).strip(_EDGE + "（(")))
            if name:
                return name
    return _behind(line)


def _unwrapped(text: str) -> str:
    """Without the dashes and the one pair of brackets around it, and without empty brackets."""
    text = re.sub(rf"[（(\[【]{_B}*[)）\]】]", "", _FROM_A_TAPE.sub("", text)).strip(_EDGE)
    if len(text) > 1 and _PAIRS.get(text[0]) == text[-1]:
        text = text[1:-1].strip(_EDGE)
    return text


def _without_day(text: str) -> str:
    """The line without the full date at its start or end, brackets around the date gone with it."""
    for start, end, _ in find_dates(text):
        before, after = text[:start], _DAY_PART.sub("", text[end:])
        text = before.rstrip(BLANKS + "（(") + " " + after.lstrip(BLANKS + "）)")
        break
    return text.strip(_EDGE)


def _head_days(head: list[str]) -> Iterator[_Find]:
    for line in head:
        if day := _day_of_line(line):
            yield _Find(day, "head", line)


def _day_of_line(line: str) -> str | None:
    """The day a head line gives: alone, beside a signature, or before or after the occasion it names."""
    if _EDITOR.search(line) and not _SPEAKER_LABEL.search(line):
        return None
    text = _unwrapped(line)
    dates = find_dates(text)
    if len(dates) != 1:
        return None
    start, end, words = dates[0]
    label = _TIME_BEFORE.search(text[:start])
    if _RANGE_AFTER.match(text, end) or _RANGE_BEFORE.search(text[:start]) or (words.count(":") > 1 and not label):
        return None
    before = text[:start].strip(_EDGE + "（(：: ")
    after = _DAY_PART.sub("", text[end:]).strip(_EDGE + "）)")
    return spoken_day(words) if label or _frames_a_day(before, after) else None


def _frames_a_day(before: str, after: str) -> bool:
    """Whether the words around a date make it the day of the speech."""
    around = before + after
    if _NO_DELIVERY.search(around):
        return False
    if not around or people(around):
        return True
    if not before or people(before) or people(_DASH.split(before)[-1].strip(_EDGE)):
        spot = after.removeprefix("于")
        return bool(spot.startswith("在") or _OCCASION.search(_signed_off(spot)) or (not before and people(after)))
    if before.endswith("在") and _OCCASION.search(after):
        return people(before[:-1]) is not None or before == "在"
    # `在…会议上的讲话（2023年12月27日）`, with or without a signature behind the date
    return bool("在" in before and _OCCASION.search(before) and (not after or people(after)))


def _signed_off(text: str) -> str:
    return re.sub(rf"{_B}+\S{{2,4}}$", "", text)


def _title_days(title: str) -> Iterator[_Find]:
    """A day a title gives: before 在, after it, or behind the title."""
    if _about_a_speech(title.strip(_EDGE)):
        return
    for start, end, words in find_dates(title):
        before, after = title[:start].rstrip(BLANKS + "（(【—"), title[end:].lstrip(BLANKS)
        if _RANGE_AFTER.match(title, end) or _RANGE_BEFORE.search(title[:start]):
            continue
        last = not after.strip(_EDGE + "）)】") or people(after.strip(_EDGE + "）)】")) is not None
        rest = after.lstrip(_EDGE + "）)】")
        opens = (rest.startswith("在") and (not before or people(before) is not None)) or (
            not before and _subject(rest) is not None
        )
        speaks = _NOUN.search(title) is not None
        if speaks and (last or opens or re.search("(?:在|(?<!关)于)$", before)) and (day := spoken_day(words)):
            yield _Find(day, "title", title)
