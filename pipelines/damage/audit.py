"""The damage radar over JSON Lines: findings line by line, those that need all lines at the end. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.damage import Damage, damage_of, excerpt
from pipelines.damage.siblings import Siblings
from pipelines.reasons import PROBLEM_CODES, ProblemChoice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.reasons import ProblemKind, Severity

_MOST_KEYS = 20
_SHORTER = "shorter-than-siblings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One code found in one text; the first of its places, or one of them. A line that is no text has no place.

    `line` counts from 1, `offset` in characters from 0; `places` says how many there are in the text.
    """

    line: int
    id: str | None
    field: str | None
    code: str
    kind: ProblemKind
    severity: Severity
    detail: str
    places: int | None = None
    offset: int | None = None
    excerpt: str | None = None


class NoSuchKey(KeyError):  # noqa: N818 - reads as a sentence
    """The first line has no such key."""


class _LineError(ValueError):
    """A line that is not a JSON object with a text: a message, and the id of the object if it is one."""

    def __init__(self, message: str, id_: str | None = None) -> None:
        super().__init__(message)
        self.id = id_


@dataclass(slots=True)
class Audit:
    """Counts of an audit, made while its findings are taken.

    Args:
        key: of the text in each line.
        every: one finding for each place, not one for each code of a text.
        asked: codes of the findings; texts with others are only counted, in `left_out`.
    """

    key: str
    every: bool = False
    asked: ProblemChoice = field(default_factory=lambda: ProblemChoice.of(None))
    lines: int = 0
    texts: int = 0
    unreadable: int = 0
    damaged: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    _siblings: Siblings = field(default_factory=Siblings)

    def findings(self, lines: Iterable[bytes]) -> Iterator[Finding]:
        """Findings in the order of the lines, then bodies shorter than their siblings.

        Raises:
            NoSuchKey: the first line is an object without the key.
        """
        for line in lines:
            self.lines += 1
            if not line.strip():
                continue
            try:
                value = self._object(line)
                text = self._text(value)
            except _LineError as error:
                yield self.bad_line(str(error), error.id)
                continue
            if text is not None:
                self.texts += 1
                yield from self._judge(value, text)
        yield from self._short()

    def bad_line(self, why: str, id_: str | None = None) -> Finding:
        """The finding about the last line read, which is invalid."""
        self.unreadable += 1
        return _finding("unreadable", line=self.lines, id=id_, field=None, detail=why)

    def summary(self) -> dict[str, Any]:
        """Counts of lines read, and of texts with each code: those of the findings, and those not asked for."""
        counts = {"lines": self.lines, "texts": self.texts, "unreadable": self.unreadable}
        found = {"findings": dict(sorted(self.damaged.items())), "left_out": dict(sorted(self.left_out.items()))}
        return {"summary": counts | found}

    def _object(self, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line.removeprefix(b"\xef\xbb\xbf") if self.lines == 1 else line)
        except UnicodeDecodeError as error:
            raise _LineError(f"not UTF-8 at byte {error.start}") from None
        except (ValueError, RecursionError) as error:
            raise _LineError(f"not JSON: {error}") from None
        if not isinstance(value, dict):
            raise _LineError(f"a JSON {type(value).__name__}, not an object")
        return value

    def _text(self, value: dict[str, Any]) -> str | None:
        if self.key not in value:
            keys = ", ".join(list(value)[:_MOST_KEYS])
            if self.texts == self.unreadable == 0 and self.lines == 1:
                raise NoSuchKey(f"line 1 has no key {self.key!r}; its keys are: {keys}")
            raise _LineError(f"no key {self.key!r}; its keys are: {keys}", _id(value))
        text = value[self.key]
        if text is None or isinstance(text, str):
            return text
        raise _LineError(f"{self.key} is of type {type(text).__name__}, not a string", _id(value))

    def _judge(self, value: dict[str, Any], text: str) -> Iterator[Finding]:
        id_ = _id(value)
        title = value.get("title")
        title = title if isinstance(title, str) and self.key != "title" else None
        self._siblings.add(str(value.get("site") or ""), self.lines, id_, len(text))
        if title:
            for damage in damage_of(title, is_body=False):
                yield from self._findings(damage, id_, "title", title)
        if not text.strip():
            yield from self._findings(Damage("empty", ((0, 0),)), id_, self.key, text)
        for damage in damage_of(text, title=title):
            yield from self._findings(damage, id_, self.key, text)

    def _findings(self, damage: Damage, id_: str | None, where: str, text: str) -> Iterator[Finding]:
        if not self._takes(damage.code):
            return
        for span in damage.spans if self.every else damage.spans[:1]:
            yield _finding(
                damage.code,
                line=self.lines,
                id=id_,
                field=where,
                detail=PROBLEM_CODES[damage.code].en,
                places=len(damage.spans),
                offset=span[0],
                excerpt=excerpt(text, span),
            )

    def _takes(self, code: str) -> bool:
        """Whether findings with the code are asked for; counts one text with it."""
        takes = self.asked.takes(code)
        (self.damaged if takes else self.left_out)[code] += 1
        return takes

    def _short(self) -> Iterator[Finding]:
        for short in self._siblings.short():
            detail = f"{short.length} characters, where the usual text has {short.median}"
            if self._takes(_SHORTER):
                found = {"line": short.line, "id": short.id, "field": self.key, "detail": detail}
                yield _finding(_SHORTER, **found, places=1, offset=0)


def _finding(code: str, **values: Any) -> Finding:
    about = PROBLEM_CODES[code]
    return Finding(code=code, kind=about.kind, severity=about.severity, **values)


def _id(value: dict[str, Any]) -> str | None:
    found = value.get("id")
    return str(found) if isinstance(found, (str, int)) else None
