"""What one of several sections gave: its own pages, totals, gaps and end, beside the report of the whole run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.pages import SectionLink
from pipelines.exits import Exit
from pipelines.health import RunReport
from pipelines.reasons import Reason


@dataclass(slots=True, eq=False)
class SectionReport:
    """The report of one section, which a walk fills as it fills that of a run with one section.

    A refusal concerns this section alone: the others are read nevertheless.

    Args:
        whole: the report of the run; it receives gaps and list pages.
        name: the section's name in the profile.
        is_asked: whether this run reads it.
        link: where it is, once it was found.
    """

    whole: RunReport
    name: str
    is_asked: bool = True
    link: SectionLink | None = None
    list_pages: int = 0
    listed: int = 0
    printed_total: int | None = None
    is_complete: bool = False
    failed: int = 0
    refusal: tuple[Exit, str] | None = None

    def note_list_page(self, *, is_read: bool) -> None:
        """Count a requested list page."""
        self.list_pages += is_read
        self.whole.note_list_page(is_read=is_read)

    def note_total(self, printed: int | None) -> None:
        """Note the total that a list page prints; the first one counts."""
        self.printed_total = self.printed_total or printed

    def end_list(self, *, is_complete: bool) -> None:
        """Note the end of the walk, and whether the section's lists were read to their end."""
        self.is_complete = is_complete

    def refuse(self, exit_status: Exit, message: str) -> None:
        """Refuse the section; the first refusal counts."""
        self.refusal = self.refusal or (exit_status, message)

    def add_gap(
        self, what: str, url: str, reason: Reason, detail: str, native_id: str | None = None, title: str | None = None
    ) -> None:
        """Report something of the section that was not captured, once if it concerns several sections."""
        self.failed += 1
        same = (what, url, reason.value, detail)
        if all((gap.what, gap.url, gap.reason, gap.detail) != same for gap in self.whole.not_captured):
            self.whole.add_gap(what, url, reason, detail, native_id, title)

    def note_answer(self, url: str) -> None:
        """Note an address of a list that gave what it should."""
        self.whole.note_answer(url)

    def document(self) -> dict[str, Any]:
        """The section in the run report."""
        return {
            "section": self.name,
            "name": self.link.name if self.link else None,
            "url": self.link.url if self.link else None,
            "asked": self.is_asked,
            "list_pages": self.list_pages,
            "listed": self.listed,
            "printed_total": self.printed_total,
            "complete": self.is_complete,
            "failed": self.failed,
            "message": self.refusal[1] if self.refusal else None,
        }
