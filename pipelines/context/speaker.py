"""Reads the speaker and the post from the page.

A page says it in the subject of its title (`何庆海同志在…上作常委会工作报告`), behind the title, in a signature or
date line above the salutation, or in a signature with a post below the text. Names in prose and editors are not
speakers. A doubtful value is null, since a guess would look like data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipelines.context.head import (
    DASH,
    EDGE,
    EDITOR,
    NOUN,
    OCCASION,
    SPEAKER_LABEL,
    B,
    Find,
    is_about_a_speech,
    is_document,
    is_salutation,
    undated,
    unwrapped,
    without_day,
)
from pipelines.context.post import is_of_several, is_post, post_in, posts_of
from pipelines.record import Speaker, names_in
from pipelines.text.names import BLANKS, people
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.context.head import Places


class Spoke(NamedTuple):
    """Who spoke, the post of all of them, and each with a post of his own where that is certain.

    `posts` is where the posts of several people were read.
    """

    speaker: Find | None = None
    post: Find | None = None
    speakers: tuple[Speaker, ...] | None = None
    posts: Find | None = None


class _Named(NamedTuple):
    """Names joined by 、, and the phrase of posts and names they were read from."""

    names: str
    phrase: str


class _Said(NamedTuple):
    """Names, the phrase, and the place and line that hold them."""

    names: str
    phrase: str
    where: str
    text: str


_TIME = rf"(?:时{B}*间|日{B}*期){B}*[：:]{B}*"
_TIME_LABEL = re.compile(rf"(?:(?:讲话|会议|发言|报告|活动|致辞){B}*)?{_TIME}")
_NEXT_LABEL = re.compile(rf"(?<!{B}){B}*+(?:时{B}*间|日{B}*期|地{B}*点|职{B}*务|单{B}*位|主{B}*题)[：:].*")
_SAID = re.compile(r"(?:上|中|时|会|班|期间)(?:的)?(?:再次|反复|特别|明确)?(?:强调|指出|要求|表示|寄语)")
_MOTTO = re.compile(r"^[\[【［(（][^\]】］)）]{1,12}[\]】］)）]")
_YEAR = re.compile(r"[0-9]{4}年度?$")
_BLANK_RUN = re.compile(B + "+")
_IN_BRACKETS = re.compile(r"[（(【]([^（()）【】]{2,40})[)）】]$")
_CUTS = re.compile(rf"[—―─]+|--+|{B}+")
_PADDED = re.compile(rf"(?:(?<![—―─{BLANKS}])[—―─{BLANKS}]+|--)(\S{B}+\S)$")
# A bare name counts only before the words of a speech; before 作 or 致 only with what is made or given.
_VERB = re.compile(
    r"在|代表|作(?=.*报告|.*发言|.*讲话|.*说明)|做(?=.*报告|.*发言|.*讲话)|致(?=.*[辞词])|讲(?=.*党课)|发表"
    r"|的(?=[开闭]幕|欢迎|答谢|重要|表态|总结|新[年春]|书面|主持|述职)|的?(?:讲话|发言|致辞|致词|演讲|报告|主持词)|表态"
    r"|新[年春](?=[贺致献])|[：:]"
)


def read_speaker(title: str, page: Places) -> Spoke:
    """Who spoke, and the post the page gives them.

    A line marked 讲话人 (or the like) outranks the title, the title an unmarked signature above the text, and that
    one a signature below it. Two different answers of one rank are doubt. A post may stand on a line beside the name.
    """
    said = _speaker(title, page)
    if said is None:
        return Spoke()
    post = _post(said, page)
    return Spoke(Find(said.names, said.where, said.text), post, *_each(said, post, page))


def _speaker(title: str, page: Places) -> _Said | None:
    marked = [_Said(*named, "head", line) for line in page.head if (named := _labelled(line))]
    if marked:
        return _only(marked)
    if named := _of_title(title):
        return _Said(*named, "title", title)
    if is_document(title):
        return None
    signed = list(_signed(page.head, "head"))
    return _only(signed) if signed else _only([said for said in _signed(page.tail, "tail") if _post(said, page)])


def _only(said: Sequence[_Said]) -> _Said | None:
    return said[0] if len({one.names for one in said}) == 1 else None


def _signed(lines: Sequence[str], where: str) -> Iterator[_Said]:
    yield from (_Said(*named, where, line) for line in lines if (named := _of_line(line)))


def _post(said: _Said, page: Places) -> Find | None:
    """Beside the name where it was read, else where head or tail sign with the same name."""
    for one in (said, *_signed(page.head, "head"), *_signed(page.tail, "tail")):
        if one.names == said.names and (post := post_in(one.phrase, one.names)):
            return Find(post, one.where, one.text)
    for where, lines in (("head", page.head), ("tail", page.tail)):
        for above, line, below in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
            named = _of_line(line)
            if (
                named
                and named.names == said.names
                and len(posts := [one for one in (above, below) if is_post(one)]) == 1
            ):
                return Find(posts[0], where, posts[0])
    return None


def _each(said: _Said, post: Find | None, page: Places) -> tuple[tuple[Speaker, ...], Find | None]:
    """Each person with a post, and where the posts of several people stand."""
    names = names_in(said.names)
    if len(names) == 1:
        return (Speaker(name=names[0], post=post.value if post else None),), None
    for one in (said, *_signed(page.head, "head"), *_signed(page.tail, "tail")):
        if one.names == said.names and any(posts := posts_of(one.phrase, names)):
            return tuple(map(_speaker_with, names, posts)), Find(said.names, one.where, one.text)
    shared = post.value if post and is_of_several(post.value) else None
    return tuple(Speaker(name=name, post=shared) for name in names), None


def _speaker_with(name: str, post: str | None) -> Speaker:
    return Speaker(name=name, post=post)


def _named(phrase: str, *, marked: bool = False) -> _Named | None:
    names = people(phrase, marked=marked)
    return _Named(names, phrase) if names else None


def _labelled(line: str) -> _Named | None:
    text = unwrapped(line)
    label = SPEAKER_LABEL.match(text)
    return _named(_NEXT_LABEL.sub("", text[label.end() :]), marked=True) if label else None


def _of_title(title: str) -> _Named | None:
    """The person a title says is speaking: before 在… or a colon, or as a signature behind the title."""
    for part in DASH.split(title):
        if named := subject(part):
            return named
    return _behind(title)


def subject(text: str) -> _Named | None:
    """The subject of a speech's title; None when nobody, or when the title is about a speech."""
    text = text.strip(EDGE)
    if is_about_a_speech(text):
        return None
    for verb in _VERB.finditer(text):
        before = text[: verb.start()]
        if verb[0] == "在" and not (NOUN.search(text, verb.end()) or _SAID.search(text, verb.end())):
            continue
        marked = before.endswith("的")
        if named := _phrase(before.removesuffix("的"), marked=marked and len(before) > 3):
            return named
    return None


def _phrase(words: str, *, marked: bool = False) -> _Named | None:
    """Names of a subject; a motto set off by a blank or a bracket may stand before it."""
    words = _MOTTO.sub("", words.strip(EDGE))
    words = _YEAR.sub("", undated(words).strip(EDGE)).removesuffix("于")
    if named := _named(words):
        return named
    last = _BLANK_RUN.split(words)[-1]
    return _named(last) if last != words and not marked else None


def _behind(title: str) -> _Named | None:
    """A signature after the title: `…的讲话——王某某`, `…的讲话（何庆海）`, `…的讲话 何庆海`."""
    text = title.strip(EDGE)
    bracket = _IN_BRACKETS.search(text)
    if bracket:
        before, signature = text[: bracket.start()], bracket[1]
    else:
        cut = max((m.end() for m in _CUTS.finditer(text)), default=0)
        # Padded names: the blank inside `韦 东` is not the one before it.
        if cut and (padded := _PADDED.search(text)):
            cut = padded.start(1)
        before, signature = text[:cut], text[cut:]
    if not NOUN.search(before) or is_about_a_speech(before.strip(EDGE)):
        return None
    return _named(undated(signature).strip(EDGE))


@remembered(64)  # the lines of one page: each is asked for the speaker, then for the post
def _of_line(line: str) -> _Named | None:
    """Who a head line names: a signature with or without a date, or the subject of `…在…会上`."""
    if EDITOR.search(line) or _TIME_LABEL.match(line) or is_salutation(line):
        return None
    text = unwrapped(line)
    if named := _named(unwrapped(without_day(text))):
        return named
    for part in DASH.split(text):
        verb = part.find("在")
        if verb > 0 and OCCASION.search(without_day(part).strip(EDGE)) and not is_about_a_speech(part):
            named = _named(unwrapped(undated(part[:verb]).strip(EDGE + "（(")))
            if named:
                return named
    return _behind(line)
