"""Answers as a commit names them: what came from an address and when, and the record that holds it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import is_named_path
from pipelines.values import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


_KEYS: dict[str, Callable[[Any], bool]] = {
    "url": _is_text,
    "captured_at": _is_text,
    "file": lambda value: _is_text(value) and is_named_path(value),
    "offset": _is_count,
    "length": _is_count,
    "record_id": _is_text,
    "payload_sha256": _is_text,
}


@frozen(kw_only=True)
class Answer:
    """One answer of a run: its address, when it came, and place, id and entity of the record that holds it.

    The keys are those of a line's captures. The record may be older than `captured_at`: a repeated answer is not
    stored again.
    """

    url: str
    captured_at: str
    file: str
    offset: int
    length: int
    record_id: str
    payload_sha256: str

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Answer:
        """Read back from a commit or a line's captures; `ValueError` names the key that cannot be meant."""
        wrong = next((key for key, is_right in _KEYS.items() if not is_right(value[key])), None)
        if wrong:
            raise ValueError(f"{wrong} of an answer is {str(value[wrong])[:200]!r}")
        return cls(**{key: value[key] for key in _KEYS})

    def document(self) -> dict[str, Any]:
        """The entry in the commit file."""
        return asdict(self)
