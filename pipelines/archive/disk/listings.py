"""The one observation of a list in which nothing changed: what a commit says instead of a line per speech."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import natural_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.record import Row

LISTING = "listing"
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_KEYS = ("observed_at", "speeches", "rows_sha256", "captures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A complete list that showed `speeches` known rows as they were, at `observed_at`.

    It stands for a `present`, `unread` observation of every speech that was present and listed before its commit and
    has no observation line in it. `captures` are those of the list's pages, as lines name theirs.
    """

    observed_at: str
    speeches: int
    rows_sha256: str
    captures: tuple[dict[str, Any], ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Listing:
        """Read back from a commit; `ValueError` when it is none."""
        observed_at, speeches, rows_sha256, captures = (value[key] for key in _KEYS)
        is_text = isinstance(observed_at, str) and isinstance(rows_sha256, str)
        if not is_text or type(speeches) is not int or speeches < 0:
            raise ValueError(f"listing: {observed_at!r}, {speeches!r}, {rows_sha256!r}"[:200])
        if not isinstance(captures, list) or not all(isinstance(one, dict) for one in captures):
            raise ValueError("listing: its captures are no list of objects")
        return cls(observed_at=observed_at, speeches=speeches, rows_sha256=rows_sha256, captures=tuple(captures))

    def document(self) -> dict[str, Any]:
        """The value of `listing` in the commit file."""
        return {key: getattr(self, key) for key in _KEYS[:-1]} | {"captures": list(self.captures)}


def rows_sha256(rows: Iterable[tuple[str, Row]]) -> str:
    """SHA-256 over a line `[native id, title, date]` for each row, by natural order of the ids."""
    sha256 = hashlib.sha256()
    for native_id, row in sorted(rows, key=lambda pair: natural_key(pair[0])):
        sha256.update(f"{_compact([native_id, row.title, row.date])}\n".encode())
    return sha256.hexdigest()
