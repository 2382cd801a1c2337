"""What is usual for a site, from its archive as it was before the run."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.gates.tally import has_sound_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipelines.archive.read.state import States
    from pipelines.gates.tally import Line

    Report = Mapping[str, Any]

QUIET = "quiet"
_GOOD = {"complete", "accepted", "gaps"}


class KnownTexts(NamedTuple):
    """Texts of present speeches: their number, the shares with a date and with a sound body, the median length."""

    number: int
    dated: float
    sound: float
    length: int


class Usual:
    """The history of a site. Nothing is read before it is asked for.

    Args:
        states: of all speeches before the run.
        reports: gives the reports of earlier crawls, newest first.
        latest: gives the lines of latest.jsonl.
    """

    def __init__(
        self, states: States, reports: Callable[[], Iterable[Report]], latest: Callable[[], Iterable[Line]]
    ) -> None:
        self._states, self._reports, self._latest = states, reports, latest

    @property
    def present(self) -> int:
        """Number of present speeches."""
        return sum(state.is_present for state in self._states.values())

    @cached_property
    def is_known(self) -> bool:
        """Whether any run was good: until then an archive is being filled, from the newest speeches to the oldest."""
        return any(map(_is_whole, self._reports()))

    def listed(self, section: str) -> int | None:
        """The rows of a section's list in the last good run that read all lists to their end.

        Null when there was none, or its site had other sections.
        """
        return next((lists_of(report).get(section) for report in self._reports() if _is_whole(report)), None)

    @cached_property
    def texts(self) -> KnownTexts:
        """Of the texts that the archive has."""
        count = dated = sound = 0
        lengths = []
        for line in self._latest():
            count += 1
            dated += line["published_on"] is not None
            sound += has_sound_body(line)
            lengths += [len(line["body"])] if line["body"] else []
        whole = count or 1
        return KnownTexts(count, dated / whole, sound / whole, median_low(lengths) if lengths else 0)

    @property
    def newest(self) -> datetime | None:
        """When a speech was new last; null before the first."""
        seen = max((state.first_seen for state in self._states.values()), default=None)
        return datetime.fromisoformat(seen) if seen else None

    @property
    def longest_silence(self) -> int:
        """The most days between two days on which the site published; 0 with fewer than two."""
        days = sorted({state.published_on for state in self._states.values() if state.published_on})
        return max(((date.fromisoformat(b) - date.fromisoformat(a)).days for a, b in pairwise(days)), default=0)

    @cached_property
    def quiet_accepted(self) -> datetime | None:
        """When a person last accepted that the site is quiet."""
        for report in self._reports():
            if any(gate["gate"] == QUIET and gate["accepted"] for gate in report.get("gates") or ()):
                return datetime.fromisoformat(report["started_at"])
        return None


def lists_of(report: Report) -> dict[str, int]:
    """The rows of each list, by the name of its section; that of a site's only section has none."""
    sections = report.get("sections") or ()
    return {one["section"]: one["listed"] for one in sections} or {"": report["counts"]["listed"]}


def _is_whole(report: Report) -> bool:
    """Whether a run was good and read every list to its end."""
    return report["verdict"] in _GOOD and report.get("listing_complete") is True and report.get("limit") is None
