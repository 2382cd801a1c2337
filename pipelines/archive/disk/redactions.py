"""Redactions, the only allowed rewrite: the fields of their commits, and the form of a redacted line."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.files import NamedFile
from pipelines.archive.disk.layout import is_named_path
from pipelines.keys import keys_of
from pipelines.record import KEYS, SPEECH_SCHEMA, Row
from pipelines.values import frozen

if TYPE_CHECKING:
    from pipelines.archive.disk.streams import Line

REDACTION = "redaction"
MARKER = "[redacted]"
CODE = "redacted"

_PERSONAL = tuple(name for name, key in KEYS.items() if key.personal)
_MARKED = ("title", "body")
"""Keys that get the marker; every other personal key is emptied."""
_OF_A_ROW = {name: MARKER for name, key in keys_of(Row).items() if key.personal}


@frozen(kw_only=True)
class Replaced:
    """A committed file whose bytes changed: as its commit (or an earlier redaction) names it, and as it is now."""

    old: NamedFile
    new: NamedFile

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Replaced:
        """Read back from a commit; `ValueError` when the path leaves the archive."""
        old, new = (NamedFile.from_json({"path": value["path"], **value[when]}) for when in ("old", "new"))
        return cls(old=old, new=new)

    def document(self) -> dict[str, Any]:
        """The entry in the commit file; `old` stands before `new`."""
        return {"path": self.old.path, "old": _facts(self.old), "new": _facts(self.new)}


@frozen(kw_only=True)
class Masked:
    """A place from which words were removed: a WARC record, or a run report (`offset` and `record_id` null then).

    `spans` are the bytes that were masked, of the report, of a response's entity, or of another record's block; null
    when the whole block was removed. `old` and `new` are the entity's SHA-256, as lines give it (null when its coding
    cannot be decoded, for a report, and for what is no response).
    """

    file: str
    offset: int | None
    record_id: str | None
    spans: tuple[tuple[int, int], ...] | None
    old: str | None
    new: str | None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Masked:
        """Read back from a commit; `ValueError` when a value cannot be meant."""
        spans: list[list[int]] | None = value["spans"]
        offset: int | None = value["offset"]
        numbers = [number for span in spans or () for number in span]
        numbers += [] if offset is None else [offset]
        if any(type(number) is not int or number < 0 for number in numbers) or any(len(s) != 2 for s in spans or ()):
            raise ValueError(f"redaction: {str(value)[:200]} is no place of a record")
        texts = {key: value[key] for key in ("file", "record_id", "old", "new")}
        if not is_named_path(texts["file"]) or any(not isinstance(one, str | None) for one in texts.values()):
            raise ValueError(f"redaction: {str(value)[:200]} is no place of a record")
        return cls(**texts, offset=offset, spans=None if spans is None else tuple((a, b) for a, b in spans))

    def document(self) -> dict[str, Any]:
        """The entry in the commit file."""
        return asdict(self)


@frozen(kw_only=True)
class Redaction:
    """The speech whose text was removed, and why; `seqs` are its lines, each still in its place.

    `captures` are the records and reports that lost words as well, or null when only lines were redacted.
    `is_suppressed`: later runs shall not fetch it again.
    """

    id: str
    reason: str
    order: str | None
    seqs: tuple[int, ...]
    files: tuple[Replaced, ...]
    captures: tuple[Masked, ...] | None = None
    is_suppressed: bool = False

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Redaction:
        """Read back from a commit."""
        files = tuple(Replaced.from_json(entry) for entry in value["files"])
        if any(type(seq) is not int for seq in value["seqs"]):
            raise ValueError("redaction: seqs are not numbers")
        captures = value.get("captures")
        return cls(
            id=value["id"],
            reason=value["reason"],
            order=value["order"],
            seqs=tuple(value["seqs"]),
            files=files,
            captures=None if captures is None else tuple(map(Masked.from_json, captures)),
            is_suppressed=value.get("suppressed") is True,
        )

    def document(self) -> dict[str, Any]:
        """The value of `redaction` in the commit file."""
        redaction: dict[str, Any] = {"id": self.id, "reason": self.reason, "order": self.order}
        redaction |= {"seqs": list(self.seqs)}
        redaction |= {"suppressed": True} if self.is_suppressed else {}
        redaction |= {"files": [replaced.document() for replaced in self.files]}
        captures = {"captures": [one.document() for one in self.captures]} if self.captures is not None else {}
        return redaction | captures

    @property
    def why(self) -> str:
        """The reason, and the order if one was given."""
        return f"{self.reason}, order {self.order}" if self.order else self.reason


def _facts(named: NamedFile) -> dict[str, Any]:
    keys = ("bytes", "lines", "sha256", "sha256_uncompressed")
    return {key: getattr(named, key) for key in keys}


def redacted_observation(line: Line) -> Line:
    """An observation of a redacted speech whose text is unchanged, without the words of its list row."""
    if line["schema"] == SPEECH_SCHEMA or line["content"] == "changed" or line["listed"] is None:
        return line
    return line | {"listed": line["listed"] | _OF_A_ROW}


def is_redacted(line: Line) -> bool:
    """True for a version line whose text was removed."""
    return bool(line["body"] == MARKER and any(problem["code"] == CODE for problem in line["problems"]))


def has_text(line: Line) -> bool:
    """True while a line still holds text that a redaction removes."""
    if line["schema"] == SPEECH_SCHEMA:
        return bool(line["title"] != MARKER or line["body"] not in {None, MARKER})
    return line["listed"] is not None and line["listed"]["title"] not in {None, MARKER}


def redacted(line: Line, n: int) -> Line:
    """The line without its text: same place, same hashes, a marker, and the commit that says why."""
    if line["schema"] != SPEECH_SCHEMA:
        return line | {"listed": line["listed"] | _OF_A_ROW}
    emptied = {key: _emptied(key, line[key]) for key in _PERSONAL}
    if line["body"] is None:
        return line | emptied
    kept = [problem | {"detail": ""} for problem in line["problems"] if problem["code"] != CODE]
    return line | emptied | {"problems": [*kept, {"field": "body", "code": CODE, "detail": f"commit {n}"}]}


def _emptied(key: str, value: Any) -> Any:
    """The empty value of the same type, so that the line keeps its shape."""
    if key in _MARKED and value is not None:
        return MARKER
    if isinstance(value, list):
        return []
    return dict.fromkeys(value) if isinstance(value, dict) else None
