"""What is searched for, and what is told of a text that has it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import Damaged, NotUnderstood
from pipelines.archive.read.moments import end_of
from pipelines.reasons import GENRES
from pipelines.record import SEVERAL, completed, names_in
from pipelines.untrusted import parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelines.archive.disk.streams import Line
    from pipelines.reasons.problem_choice import ProblemChoice

HIT_SCHEMA = "hit/1"
_BEFORE, _AFTER = 24, 40
"""Characters shown around what was found: together a line of a terminal, of characters two columns wide."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Characters that a title or body must have as they are, but for the case of A-Z, and where to look.

    Args:
        text: the characters.
        site, speaker, genre: only of these. A speaker may be one of several.
        since, until: days; only of texts published from the one to the other. Texts without a day have none.
        problems: only of texts with such a problem.
    """

    text: str
    site: str | None = None
    speaker: str | None = None
    genre: str | None = None
    since: str | None = None
    until: str | None = None
    problems: ProblemChoice | None = None

    def __post_init__(self) -> None:
        """`NotUnderstood` for nothing to search for, for a day or genre that is none, and for days in wrong order."""
        if not self.text:
            raise NotUnderstood("nothing to search for; give the characters that a text must have")
        if any("\ud800" <= sign <= "\udfff" for sign in self.text):
            raise NotUnderstood(f"{self.text!r}: not UTF-8; search in a terminal with a UTF-8 locale")
        for day in (self.since, self.until):
            if day is not None and end_of(day)[:10] != day:
                raise NotUnderstood(f"{day}: give a day, as 2026-01-31")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise NotUnderstood(f"--from {self.since} --to {self.until}: no day is in that time")
        if self.genre is not None and self.genre not in GENRES:
            raise NotUnderstood(f"--genre {self.genre}: no such genre; there are {', '.join(GENRES)}")

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the characters."""
        return re.compile(re.escape(self.text), re.IGNORECASE | re.ASCII)

    def is_of(self, line: Mapping[str, Any]) -> bool:
        """Whether a line has what is asked of it besides its text and its day."""
        return (
            (self.site is None or line["site"] == self.site)
            and (self.genre is None or line["genre"] == self.genre)
            and (self.speaker is None or self._is_among(line["speaker"]))
            and (self.problems is None or bool(self.problems.among(line["problems"])))
        )

    def _is_among(self, speakers: str | None) -> bool:
        return speakers is not None and f"{SEVERAL}{self.speaker}{SEVERAL}" in f"{SEVERAL}{speakers}{SEVERAL}"

    def is_in_time(self, day: str | None) -> bool | None:
        """Whether a day lies between `since` and `until`; null when that cannot be said."""
        if self.since is None and self.until is None:
            return True
        if day is None:
            return None
        return (self.since or "") <= day <= (self.until or "9999-12-31")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A text that has what was searched for, and its first place: in `field`, with the characters around it."""

    schema: str
    site: str
    id: str
    version: int
    reading: int | None
    published_on: str | None
    speaker: str | None
    genre: str | None
    title: str
    url: str
    field: str
    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The newest texts that were found, as many as were asked for.

    Args:
        newest: the newest first, those without a day last.
        count: how many texts there are in all.
        undated: how many more have no day, so that nobody can say whether they are of the days asked for.
        sites: where nothing was found: of which sites there are texts, if one was asked for.
        speakers: where nothing was found: the names that are, or contain, the name that was asked for.
    """

    newest: Sequence[Hit]
    count: int
    undated: int = 0
    sites: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()


def names_with(part: str | None, speakers: Iterable[str]) -> frozenset[str]:
    """The names that have a part in them, of speakers of whom several may be in one text."""
    names = {name for several in speakers for name in names_in(several)}
    return frozenset(name for name in names if part and part in name)


_TOLD = ("site", "id", "version", "reading", "published_on", "speaker", "genre", "title", "url")


@contextmanager
def reading(raw: bytes) -> Iterator[Line]:
    """A line of `latest/1`; `Damaged` when it is none, be it seen only where its values are taken."""
    try:
        yield completed(parsed_json(raw))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a line of {raw[:80]!r}… is not one of latest.jsonl ({error!r}); run verify") from error


def value_of(line: Mapping[str, Any], key: str) -> Any:
    """A value with the type that it must have; `TypeError` for another: an archive may be forged."""
    value = line[key]
    if value is not None and type(value) is not (int if key in {"version", "reading"} else str):
        raise TypeError(f"{key} is {type(value).__name__}")
    return value


def hit(sought: Sought, line: Mapping[str, Any]) -> Hit | None:
    """The hit of a speech; null when it does not have the text. The body is looked at first."""
    for field in ("body", "title"):
        text = line[field] or ""
        found = sought.pattern.search(text)
        if found:
            before, after = _around(text, found.start(), found.end())
            told = {key: value_of(line, key) for key in _TOLD}
            return Hit(schema=HIT_SCHEMA, **told, field=field, before=before, match=found[0], after=after)
    return None


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands around a place in its paragraph."""
    paragraph = text.rfind("\n", 0, start) + 1
    begin = max(paragraph, start - _BEFORE)
    stop = text.find("\n", end)
    whole = len(text) if stop < 0 else stop
    cut = min(whole, end + _AFTER)
    before = text[begin:start].lstrip() if begin == paragraph else "…" + text[begin:start]
    return before, text[end:cut] + ("…" if cut < whole else "")
