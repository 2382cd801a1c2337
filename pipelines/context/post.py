"""The post of a speaker, in the page's own words: the text next to the name in its phrase."""

from __future__ import annotations

import re

from pipelines.text.names import BLANKS, POST

_B = f"[{BLANKS}]"
_HONORIFIC = re.compile(r"^(?:同志|先生|女士)|(?:同志|先生|女士)$")
_BRACKETED = re.compile(r"^[（(]([^（()）]*)[)）]$")
_ORGAN = re.compile(
    r".*(?:政协|委员会|[省市县区州旗盟]委|人大|政府|统战部|工商联|民[盟革建进]|农工党|致公党|九三学社|台盟|总支|支部|联络处|活动组|界别?)"
)
_ENDS_IN_POST = re.compile(rf".*{POST}$")
_BETWEEN = frozenset(BLANKS + "、，,")
_LONGEST = 60


def is_post(line: str) -> bool:
    """Whether a line is nothing but the post of somebody: `市政协主席`, `政协广水市委员会主席`, `党组书记、主席`."""
    text = line.strip(BLANKS)
    if len(text) > _LONGEST or not _ENDS_IN_POST.match(text):
        return False
    first = re.split(r"[、，,]", text)[0]
    return bool(re.fullmatch(rf"(?:{_ORGAN.pattern})?.{{0,4}}?{POST}+", first))


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
        return whole if _ORGAN.fullmatch(before) and re.fullmatch(rf"{POST}+", after) else None
    return _whole_post(before or after)


def _bare(text: str) -> str:
    text = _HONORIFIC.sub("", text.strip(BLANKS + "：:，,、—-"))
    bracketed = _BRACKETED.match(text.strip(BLANKS))
    return (bracketed[1] if bracketed else text).strip(BLANKS + "，,、")


def _whole_post(text: str) -> str | None:
    """The words of `text` that are posts, without a motto set off by a blank before them."""
    tokens = re.split(f"({_B}+)", text)
    start = len(tokens)
    for place in range(len(tokens) - 1, -1, -2):
        if not _ENDS_IN_POST.match(tokens[place]) and (start == len(tokens) or not _ORGAN.fullmatch(tokens[place])):
            break
        start = place
    words = "".join(tokens[start:])
    return words if words and len(words) <= _LONGEST else None
