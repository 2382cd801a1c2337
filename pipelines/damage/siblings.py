"""Detects bodies far shorter than others of the site: a text was cut, or the wrong block was read."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEWEST_SIBLINGS = 20
_SHARE = 0.05
_LONGEST_SHORT = 300


@dataclass(frozen=True, slots=True)
class Short:
    """A body that is short among its siblings; lengths in characters."""

    line: int
    id: str | None
    length: int
    median: int


@dataclass(slots=True)
class Siblings:
    """Lengths of all bodies, by site, and the places of short ones. Memory: one number per body."""

    lengths: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("L")))
    candidates: list[tuple[str, int, str | None, int]] = field(default_factory=list)

    def add(self, site: str, line: int, id: str | None, length: int) -> None:  # noqa: A002 - the contract's key
        """Add one body."""
        self.lengths[site].append(length)
        if length <= _LONGEST_SHORT:
            self.candidates.append((site, line, id, length))

    def short(self) -> Iterator[Short]:
        """Bodies below a twentieth of the median of at least twenty siblings, and never above 300 characters."""
        middles = {site: int(median(found)) for site, found in self.lengths.items() if len(found) >= _FEWEST_SIBLINGS}
        for site, line, id_, length in self.candidates:
            if site in middles and length < _SHARE * middles[site]:
                yield Short(line, id_, length, middles[site])
