"""The site's own committee, for pages that do not say whose meeting or message theirs is.

It is no word of the page, so it is taken only where no word of the page speaks against it: another committee, one of
another level (省政协 on the site of a city), or a meeting of another body. In doubt the page keeps null.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.context.head import Find
from pipelines.context.meeting import CPPCC, GENERIC, KINDS, PLACE, committee_in
from pipelines.text.names import POST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.context.head import Places

SITE = "site"
"""The place of an evidence that is no word of the page: what the archive says of its site."""
_OWN = re.compile(r"政协(.+)委员会")
_STUDIED = re.compile(r"(?:学习|传达|贯彻|落实|宣讲)[^，。；]{0,40}?(?:精神|思想|论述)|《[^》]*》|“[^”]*”")
# A post or an honorific ends what stands before a place: 王明书记市政协 names no 书记市.
_BOUNDARY = re.compile(rf"{POST}(?!委员会)|同志|先生|女士|[在与和同向为致记]")
_NAMED = re.compile(
    rf"(?P<before>{PLACE})政协|(?:政协|政治协商会议)(?:第?[^届]{{1,4}}届)?(?P<after>{PLACE})"
    r"(?=委员会|第|[^届]{1,3}届|，|$)"
)
_LEVEL = re.compile(rf"(?P<level>{GENERIC})政协")
_BODIES = (
    rf"(?:[{KINDS}]?委(?!员)|人大|人民代表大会|人民政府|政府|纪委|监委|党代会|党代表大会|共青团|统战部|工商联|总工会|妇联|文联|科协"
    rf"|[{KINDS}]直|法院|检察院|民[盟革建进]|农工党|致公党|九三学社|台盟)"
)
_BY_ANOTHER_BODY = re.compile(
    rf"(?:中共|党中央|中央|国务院|全国(?!政协)|(?:{PLACE}|全?(?:{GENERIC}))?{_BODIES}|(?!.*政协).*{_BODIES})"
)
_HELD_AT = re.compile(PLACE)
# 全市经济工作会议 is no meeting of the committee; 全市提案工作会议 is.
_OF_ALL = re.compile(rf"全(?:{GENERIC}|国)(?!.*(?:政协|协商|提案|委员|界别|文史|社情民意))")
_OF_THE_STATE = re.compile(r"习近平|总书记|国家主席|国务院|中共中央|党中央|全国人大|全国两会")


def own_committee(said: str | None, title: str, page: Places, meeting: Find | None) -> Find | None:
    """The committee that the archive names, in the form of `committee`; null where the page speaks against it.

    Args:
        said: the committee as archive.json has it; null where it is not known.
        title: the page's title.
        page: its head and tail.
        meeting: the meeting that it names.
    """
    own = committee_in(said or "")
    place = _OWN.fullmatch(own or "")
    if said is None or own is None or place is None:
        return None
    words = [_STUDIED.sub("，", line) for line in (title, *page.head, *page.tail)]
    if any(not _is_own(other, place[1]) for line in words for other in _others(line)):
        return None
    held = meeting.value if meeting else ""
    at = _HELD_AT.match(held)
    if at is not None and not _is_own(at[0], place[1]):
        return None
    if _BY_ANOTHER_BODY.match(held) or _OF_ALL.match(held) or _OF_THE_STATE.search(words[0]):
        return None
    return Find(own, SITE, said)


def _is_own(other: str, place: str) -> bool:
    """Whether the place or level before a 政协 can be this committee's: 江夏区 is 武汉市江夏区, 市 is any city's."""
    return place.endswith(other) or other.endswith(place)


def _others(line: str) -> Iterator[str]:
    """The places and levels whose committees a line names."""
    if not any(name in line for name in CPPCC):
        return
    for part in _BOUNDARY.split(line):
        for named in _NAMED.finditer(part):
            yield named["before"] or named["after"]
        for level in _LEVEL.finditer(part):
            yield level["level"]
