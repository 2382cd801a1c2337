"""The line and list row from which each speech's newest reading was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.archive.read.state import article_sha256
from pipelines.record import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.archive.disk.streams import Line


@dataclass(slots=True)
class Origin:
    """`seq` is of the newest content line; `spare` are captures of a later observation with the same bytes.

    They are kept when the line itself was read before raw bytes were kept.
    """

    seq: int = 0
    listed: Row | None = None
    spare: list[Line] = field(default_factory=list)
    _occasion: tuple[int, str] = (0, "")
    _article: tuple[str, ...] = ()
    _has_bytes: bool = False

    def add_content(self, line: Line) -> None:
        """Take a content line into account."""
        self.seq = line["seq"]
        if line["event"] == "restored":
            return  # it repeats an earlier reading
        self._occasion = (line["commit"], line["observed_at"])
        self._article, self._has_bytes = article_sha256(line["captures"]), has_bytes(line["captures"])
        self.spare = [] if line["event"] != "reprocessed" or self._has_bytes else self.spare

    def add_observation(self, line: Line) -> None:
        """Take an observation into account."""
        # A commit's version lines come first, so the observation of the same moment is the one that was read.
        if (line["commit"], line["observed_at"]) == self._occasion:
            self.listed = Row(**line["listed"]) if line["listed"] else None
        if not self._has_bytes and has_bytes(line["captures"]) and article_sha256(line["captures"]) == self._article:
            self.spare = line["captures"]


def fold_origins(history: Iterable[Line]) -> dict[str, Origin]:
    """By native id, from the lines of both streams by rising seq."""
    origins: dict[str, Origin] = {}
    for line in history:
        origin = origins.setdefault(line["id"].partition(":")[2], Origin())
        if line["schema"] == "observation/1":
            origin.add_observation(line)
        elif line["event"] != "gone":
            origin.add_content(line)
    return origins


def has_bytes(captures: Iterable[Line]) -> bool:
    """True when the raw bytes of every part of the article are kept."""
    files = [capture["file"] for capture in captures if capture["role"] == "article"]
    return bool(files) and None not in files
