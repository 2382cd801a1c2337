"""What a crawl really did to its hosts, for the run report."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(slots=True)
class Figures:
    """Counts of one crawl: gaps between two of its requests to one host, in seconds, and answers by status."""

    asked: int = 0
    gaps: array[float] = field(default_factory=lambda: array("f"))
    statuses: Counter[str] = field(default_factory=Counter)
    pauses: int = 0
    paused: float = 0.0
    crawl_delay: float = 0.0

    def document(self) -> dict[str, Any]:
        """As in the run report; a gap is null where there were no two requests."""
        return {
            "requests": self.asked,
            "by_status": dict(sorted(self.statuses.items())),
            "smallest_gap": round(min(self.gaps), 3) if self.gaps else None,
            "median_gap": round(median(self.gaps), 3) if self.gaps else None,
            "crawl_delay": self.crawl_delay or None,
            "pauses": {"count": self.pauses, "seconds": round(self.paused, 1)},
        }
