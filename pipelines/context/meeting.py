"""The meeting a speech was given at, and what its name says: whose committee, which term (届), which session (次).

`政协广水市第九届委员会第三次会议`, `市政协九届三次会议`, `政协第十四届全国委员会第二次会议` are the usual shapes.
A committee is named in one form, `政协广水市委员会`, whatever the page writes, so that two pages can be compared;
`市政协` names none. The terms of other bodies (市委九届三次全会) are not ours.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pipelines.context.head import DASH, EDGE, Find, agreed, is_about_a_speech, undated, unwrapped
from pipelines.text.dates import find_dates
from pipelines.text.names import BLANKS
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.context.head import Places


class Meeting(NamedTuple):
    """The meeting as written, and whose it was: each null where the page does not say."""

    meeting: Find | None
    committee: Find | None
    term: Find | None
    session: Find | None


class _Body(NamedTuple):
    """What the name of a committee or its meeting says."""

    committee: str | None
    term: str | None
    session: str | None


_B = f"[{BLANKS}]"
_N = "[一二三四五六七八九十百0-9０-９]{1,4}"
KINDS = "省市县区州旗盟"
GENERIC = f"自治区|自治州|自治县|自治旗|新区|林区|地区|开发区|[{KINDS}]"
_ANY_PLACE = re.compile(GENERIC)
# 全市, 各县, 省市县 and the like are no names of places, nor is what a verb and 省 make.
_NO_PLACE = (
    f"全(?!国|椒|南|州)|各|我|本|两|该|外|某|兄弟|自治|[{KINDS}]|在|与|同|和|对|向|为|致|赴"
    "|欢迎|感谢|祝贺|迎接|接待|参加|出席|学习|贯彻|传达|落实"
)
_NAME = r"(?:(?![届第委协在的]|同志|书记|主席)[\u4e00-\u9fff]){1,9}?"
PLACE = rf"(?:全国|(?!{_NO_PLACE})(?:{_NAME}(?:自治[区州县旗]|新区|地区|[{KINDS}])){{1,3}})"
CPPCC = ("政协", "政治协商会议")
"""What stands in every name of a committee."""
_CPPCC = "中国人民政治协商会议|人民政协|政协"
_STANDING = "(?:常务委员会|常委会)"
_SESSION = rf"第?(?P<session>{_N})次(?:全体|{_STANDING}|常委|常务委员|主席)?(?:会议?|全会|[（(]扩大[)）]会议?)"
_TERM = rf"第?{_N}届"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # 政协广水市第九届委员会…, 政协第九届广水市委员会…, 政协广水市九届三次会议
        rf"(?:{_CPPCC})(?:(?P<term>{_TERM}))?(?P<place>{PLACE})(?:委员会{_STANDING}?(?:{_SESSION})?|(?={_TERM}))"
        rf"(?:(?P<term2>{_TERM})(?:委员会)?{_STANDING}?(?:{_SESSION.replace('session', 'session2')})?)?",
        # 广水市政协九届三次会议, 九届市政协第十次常委会会议, 市政协…, 政协九届三次会议
        rf"(?:(?P<term>{_TERM}))?(?:(?P<place>{PLACE})|{GENERIC})?政协(?!礼堂|大楼|会议室|办公)(?:(?P<term2>{_TERM}))?"
        rf"(?:委员会)?{_STANDING}?(?:{_SESSION})?",
        # 九届三次会议: of this site's own committee
        rf"(?P<term>{_TERM})(?:委员会)?{_STANDING}?{_SESSION}",
    )
)
_SUBJECT = re.compile(r"^(?:[^在，。：；“”《》（）]{2,20})?在(?![职线京校外])")
_HELD = re.compile(rf"^(?:{_B}|[，,于]|.*(?:举行|召开|举办)的)+")
_ASIDE = re.compile(rf"^(?:{_B}|[，,于]|[0-9]{{4}}年度?(?={_B}*[^0-9])|庆祝|纪念(?=政协|中国人民))+")
_REPORT_OF = re.compile(rf"(?:{_CPPCC})(?:{_TERM})?{PLACE}(?:{_TERM})?委员会(?=(?:{_STANDING})?(?:关于)?[^次]*报告)")
_SIGNED_BY = re.compile(rf"(?:中国人民政治协商会议|政协){PLACE}委员会")
_OCCASION_END = "会|会议|大会|论坛|仪式|活动|式|班|典礼|宴|沙龙|研讨|座谈|讲堂|课堂"
_INNER = "(?:“[^”]*”|《[^》]*》|存在|现在|正在|所在|在[职线京校外]|[^在，。；：！？“《])"
_AT = re.compile(
    rf"在(?P<meeting>{_INNER}{{1,60}}(?:{_OCCASION_END}))(?:上|(?:[开闭]幕|结束)时|期间)(?=$|的|作|做|讲|发|致|所|再|强调|指出|要求|表示|{_B}|[）)（(])"
)
_ONLY = re.compile(rf"^在?(?P<meeting>{_INNER}{{1,60}}(?:{_OCCASION_END}))上?(?:的?(?:讲话|致辞|发言|报告))?$")
_PART_OF = rf"(?:第?{_N}次(?:全体会议|大会)|[开闭]幕(?:大?会议?|式)|预备会议?|联组(?:讨论)?会议?|全体会议|大会)"
_THEN_A_SPEECH = re.compile(
    rf"(?P<part>{_PART_OF}?)(?:上的?|的)?(?:[^，。：]{{0,12}}(?:讲话|发言|致辞|致词|报告)|[开闭]幕[词辞]|主持[词辞])"
    r"(?:[（(][^（()）]*[)）])*$"
)
_DIGITS = dict(zip("0123456789０１２３４５６７８９", "零一二三四五六七八九" * 2, strict=True))


def read_meeting(title: str, page: Places) -> Meeting:
    """What title and head say of the meeting; the committee also where the text bears its name or its signature."""
    meetings = list(_meetings(title, page))
    bodies = [(find, body) for find in meetings if (body := _body_of(find.value))]
    named = [(find, body) for find in _committees(title, page) if (body := _body_of(find.value))]
    finds = {key: _agreed_on(key, bodies, named[:1]) for key in _Body._fields}
    return Meeting(meetings[0] if meetings else None, finds["committee"], finds["term"], finds["session"])


def _agreed_on(key: str, *ranks: list[tuple[Find, _Body]]) -> Find | None:
    """What the highest rank that says anything of `key` agrees on."""
    for bodies in ranks:
        if said := [Find(value, at.where, at.text) for at, body in bodies if (value := getattr(body, key))]:
            return agreed(said)
    return None


def _meetings(title: str, page: Places) -> Iterator[Find]:
    for where, line in (("title", title), *(("head", line) for line in page.head)):
        for part in DASH.split(line):
            meeting = _meeting(part, is_line=where == "head")
            if meeting and meeting in line:
                yield Find(meeting, where, meeting)


def _meeting(text: str, *, is_line: bool) -> str | None:
    """The words that name a meeting: between 在 and 上, or those before 开幕词, 主持词 or the like."""
    if is_about_a_speech(text.strip(EDGE)):
        return None
    if at := _AT.search(text):
        return _named(at["meeting"])
    words = undated(unwrapped(text) if is_line else text).strip(EDGE + "（(")
    behind_subject = _SUBJECT.sub("", words)
    for shape in _SHAPES if "次" in behind_subject and _names_a_body(behind_subject) else ():
        if (body := shape.match(behind_subject)) and any(
            body.groupdict().get(key) for key in ("session", "session2")
        ):
            rest = _THEN_A_SPEECH.match(behind_subject, body.end())
            if rest:
                return behind_subject[: rest.end("part")]
    plain = words.removeprefix("在")
    if is_line and (only := _ONLY.match(plain)) and (plain != words or plain.endswith("上")):
        return _named(only["meeting"])
    return None


def _named(words: str) -> str | None:
    """The name of a meeting without the day or the place put before it."""
    dates = find_dates(words)
    return _HELD.sub("", words[dates[0][1] :] if dates and dates[0][0] == 0 else words) or None


def _committees(title: str, page: Places) -> Iterator[Find]:
    """Committees named by a report's heading or by a signature below the text."""
    for where, above, line in (("title", "", title), *(("head", *lines) for lines in pairwise(["", *page.head]))):
        if report := _REPORT_OF.search(above + line if above.endswith("中国人民政治协商会议") else line):
            yield Find(report[0], where, report[0] if report[0] in line else line)
    for line in page.tail:
        if _SIGNED_BY.fullmatch(line):
            yield Find(line, "tail", line)


@remembered(64)  # asked of the name of the site's own committee for each page
def committee_in(words: str) -> str | None:
    """The committee that a name begins with, in the form 政协广水市委员会; None when it names none."""
    body = _body_of(words)
    return body.committee if body else None


def _names_a_body(words: str) -> bool:
    """Whether words have what each of `_SHAPES` has: most have not, and the shapes are slow to tell."""
    return "届" in words or any(name in words for name in CPPCC)


def _body_of(words: str) -> _Body | None:
    if not _names_a_body(words):
        return None
    words = _ASIDE.sub("", words)
    for shape in _SHAPES:
        if match := shape.match(words):
            groups = match.groupdict()
            place, term = groups.get("place"), groups.get("term") or groups.get("term2")
            session = (groups.get("session") or groups.get("session2")) if term else None
            return _Body(
                f"政协{place}委员会" if place and not _ANY_PLACE.fullmatch(place) else None,
                f"第{_chinese(term)}届" if term else None,
                f"第{_chinese(session)}次会议" if session else None,
            )
    return None


def _chinese(number: str) -> str:
    """`第9届`, `九`, `12` → 九, 九, 十二."""
    digits = "".join(_DIGITS.get(character, character) for character in number if character not in "第届次")
    if digits == "".join(character for character in number if character not in "第届次"):
        return digits
    tens, ones = digits.rjust(2, "零")[-2], digits[-1]
    return ("" if tens in "零一" else tens) + ("" if tens == "零" else "十") + ("" if ones == "零" else ones)
