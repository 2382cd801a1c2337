"""The post of a speaker, in the page's own words: the text next to the name in its phrase."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.text.names import BLANKS, POST, squeeze

if TYPE_CHECKING:
    from collections.abc import Sequence

_B = f"[{BLANKS}]"
_HONORIFIC = re.compile(r"^(?:同志|先生|女士)|(?:同志|先生|女士)$")
_BRACKETED = re.compile(r"^[（(]([^（()）]*)[)）]$")
_ORGAN = re.compile(
    r".*(?:政协|委员会|[省市县区州旗盟]委|人大|政府|统战部|工商联|民[盟革建进]|农工党|致公党|九三学社|台盟|总支|支部|联络处|活动组|界别?)"
)
_ENDS_IN_POST = re.compile(rf".*{POST}$")
_WHOLE_POST = re.compile(rf"(?:{_ORGAN.pattern})?.{{0,4}}?{POST}+")
_POSTS = re.compile(f"{POST}+")
_COMMA, _BLANK_RUN = re.compile("[、，,]"), re.compile(f"({_B}+)")
_BETWEEN = frozenset(BLANKS + "、，,")
_LONGEST = 60
_MEMBER = re.compile(r"(?:[（(][^（()）]*[)）]|[^、，,；;])+")
_LAST_POST = re.compile(rf"{POST}$")
_HELD_BY_MANY = frozenset(("委员", "常委", "代表", "党组成员", "教授", "研究员"))


def is_post(line: str) -> bool:
    """Whether a line is nothing but the post of somebody: `市政协主席`, `政协广水市委员会主席`, `党组书记、主席`."""
    text = line.strip(BLANKS)
    if len(text) > _LONGEST or not _ENDS_IN_POST.match(text):
        return False
    first = _COMMA.split(text, 1)[0]
    return _WHOLE_POST.fullmatch(first) is not None


def post_in(phrase: str, names: str) -> str | None:
    """The post `phrase` gives to all of `names` (joined by 、); None when it gives none, or several to several."""
    characters = [place for place, character in enumerate(phrase) if character not in _BETWEEN]
    together = names.replace("、", "")
    at = "".join(phrase[place] for place in characters).find(together)
    if at < 0:
        return None
    before, after = _bare(phrase[: characters[at]]), _bare(phrase[characters[at + len(together) - 1] + 1 :])
    if before and after:
        whole = before + after
        return whole if _ORGAN.fullmatch(before) and _POSTS.fullmatch(after) else None
    return _whole_post(before or after)


def _bare(text: str) -> str:
    text = _HONORIFIC.sub("", text.strip(BLANKS + "：:，,、—-"))
    bracketed = _BRACKETED.match(text.strip(BLANKS))
    return (bracketed[1] if bracketed else text).strip(BLANKS + "，,、")


def _whole_post(text: str) -> str | None:
    """The words of `text` that are posts, without a motto set off by a blank before them."""
    tokens = _BLANK_RUN.split(text)
    start = len(tokens)
    for place in range(len(tokens) - 1, -1, -2):
        if not _ENDS_IN_POST.match(tokens[place]) and (start == len(tokens) or not _ORGAN.fullmatch(tokens[place])):
            break
        start = place
    words = "".join(tokens[start:])
    return words if words and len(words) <= _LONGEST else None


def posts_of(phrase: str, names: Sequence[str]) -> list[str | None]:
    """The post `phrase` certainly gives to each of several `names`, in their order.

    Words between two names belong to the second when both names end their members of the enumeration
    (`主席何庆海、党组成员、副主席李明`), else they could be of either. A post before or behind all names is that
    of all if several people can hold it.
    """
    members = list(_MEMBER.finditer(phrase))
    at = _places_of(names, [squeeze(member[0]) for member in members])
    if len(at) < len(names):
        return [None] * len(names)
    ends = [*at[:-1], len(members) - 1]
    starts = [0, *(place + 1 for place in at[:-1])]
    parts = [phrase[members[a].start() : members[b].end()] for a, b in zip(starts, ends, strict=True)]
    posts = [post_in(part, name) for part, name in zip(parts, names, strict=True)]
    ending = [_HONORIFIC.sub("", squeeze(part)).endswith(name) for part, name in zip(parts, names, strict=True)]
    for place in range(1, len(names)):
        if starts[place] < at[place] and not (ending[place - 1] and ending[place]):
            posts[place - 1 : place + 1] = None, None
    return _shared(posts, ending)


def _places_of(names: Sequence[str], members: Sequence[str]) -> list[int]:
    """Which of the members of an enumeration names whom; shorter than `names` when they are not all found."""
    found: list[int] = []
    for place, member in enumerate(members):
        if len(found) < len(names) and names[len(found)] in member:
            found.append(place)
    return found


def _shared(posts: list[str | None], ending: Sequence[bool]) -> list[str | None]:
    """A post that stands once, before the first name or behind the last, given to all if several can hold it."""
    if posts.count(None) == len(posts) - 1:
        for place, is_outside in ((0, ending[0]), (-1, not ending[-1])):
            if (post := posts[place]) and is_outside and is_of_several(post):
                return [post] * len(posts)
    return posts


def is_of_several(post: str) -> bool:
    """Whether several people hold such a post at once: 副主席 and 委员, not 主席."""
    last = _LAST_POST.search(post)
    return last is not None and (last[0].startswith("副") or last[0] in _HELD_BY_MANY)
