"""When something was seen: the looks at a speech around one line about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.window.reading.lives import Life, LineOfLife


@dataclass(frozen=True, slots=True)
class LookAround:
    """One look; `when` is before, first, last or after: relative to what the line says."""

    when: str
    stored: LineOfLife


def looks_around(life: Life, line: LineOfLife) -> tuple[LookAround, ...]:
    """The last look before what a version line says was so, the first and last that found it so, the first after it.

    Only looks with a line of their own: a list in which nothing changed has none.
    """
    looks, event, version = list(_looks(life)), line.line["event"], line.line["version"]
    upto = [at for at, (stored, _) in enumerate(looks) if stored.commit.n <= line.commit.n]
    # A speech can come back with another text: the look that found it again found that version.
    so = [bool(found) if event == "restored" else found == (0 if event == "gone" else version) for _, found in looks]
    if not upto or not so[upto[-1]]:
        return ()
    first = last = upto[-1]
    while first > 0 and so[first - 1]:
        first -= 1
    while last + 1 < len(looks) and so[last + 1]:
        last += 1
    chosen = {"before": first - 1, "first": first, "last": last, "after": last + 1}
    return tuple(
        LookAround(when, looks[at][0])
        for when, at in chosen.items()
        if 0 <= at < len(looks) and not (when == "last" and last == first)
    )


def _looks(life: Life) -> Iterator[tuple[LineOfLife, int]]:
    """Every look that found something out, with the version that it found; 0 where there was none."""
    version, is_gone = 0, True
    for _, lines in groupby(life.stored, lambda stored: stored.commit.n):
        of_commit = list(lines)
        for one in of_commit:
            if "event" in one.line:
                version, is_gone = one.line["version"], one.line["event"] == "gone"
        for one in of_commit:
            if "event" not in one.line and one.line["presence"] != "unknown":
                is_there = one.line["presence"] in {"present", "unlisted"} and not is_gone
                yield one, version if is_there else 0
