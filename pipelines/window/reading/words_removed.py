"""Whether what the runs of a site said may still hold words that an order removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.archive.read.reader import Archive

NOT_TOLD = "not told here, since it may hold words that an order removed"


@dataclass(frozen=True, slots=True)
class WordsRemoved:
    """What orders removed words from: `has_orders` when there was one, `has_swept` when each was of captures and run
    reports as well. A journal outside the archive keeps its words.
    """

    has_orders: bool
    has_swept: bool

    @classmethod
    def of(cls, archive: Archive) -> Self:
        """Those of an archive; `ArchiveError` when a commit cannot be read."""
        commits = [archive.commit(one["commit"]) for one in archive.totals().redactions]
        orders = [commit.redaction for commit in commits if commit.redaction]
        return cls(bool(orders), all(one.captures is not None for one in orders))

    def told(self, report: Mapping[str, Any] | None) -> dict[str, Any]:
        """A run report without its sentences, where these may hold the words: figures, reasons and names are left.

        It is empty where there is none. Values of other types than they should be are left as they are.
        """
        told = dict(report or {})
        if self.has_swept:
            return told
        if told.get("message"):
            told["message"] = NOT_TOLD
        for name, key in (("gates", "words"), ("not_captured", "detail")):
            if isinstance(told.get(name), list):
                told[name] = [one | {key: NOT_TOLD} if isinstance(one, dict) else one for one in told[name]]
        return told
