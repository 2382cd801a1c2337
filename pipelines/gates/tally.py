"""What a run has read, measured from its lines as they come; a few bytes a speech."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.text.compact import TextTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    Line = Mapping[str, Any]

_GUESSED = frozenset({"unknown-container", "low-confidence"})
"""Codes of problems of a body that may not be the text of the speech."""
_DIGEST = 8
_NO_TEXT = bytes(_DIGEST)


def has_sound_body(line: Line) -> bool:
    """Whether a version line has a text, or files in its place, from where the template is known to have it."""
    has_content = bool(line["body"] or line["attachments"])
    return has_content and not any(one["field"] == "body" and one["code"] in _GUESSED for one in line["problems"])


@dataclass(slots=True)
class Tally:
    """Sums over the lines of a run. `zone`: in which the days of the site begin.

    `counts`: of its lines by event, and of its observations by presence, as a commit counts them. `new` are those of
    new texts: created and changed. `confirmed`: known speeches whose text was read and is as before. `of_today`: new
    texts dated on the day of the run, which their row does not say, too; `of_today_listed`: those whose row does.
    """

    zone: tzinfo = UTC
    counts: Counter[str] = field(default_factory=Counter)
    lengths: array[int] = field(default_factory=lambda: array("I"))
    new: int = 0
    dated: int = 0
    sound: int = 0
    confirmed: int = 0
    of_today: int = 0
    of_today_listed: int = 0

    def take(self, lines: Sequence[Line]) -> None:
        """Add the lines of one observation of one speech: the version lines, then what was observed."""
        seen = next((line for line in lines if "event" not in line), None)
        for line in lines:
            if "event" not in line:
                self.counts.update(["observations", line["presence"]])
                self.confirmed += line["content"] == "same" and line["version"] is not None
                continue
            self.counts[line["event"]] += 1
            if line["event"] in {"created", "changed"}:
                self._take_text(line, seen)

    def _take_text(self, line: Line, seen: Line | None) -> None:
        day = line["published_on"]
        self.new += 1
        self.dated += day is not None
        self.sound += has_sound_body(line)
        if line["body"]:
            self.lengths.append(len(line["body"]))
        if day is not None and day == str(datetime.fromisoformat(line["observed_at"]).astimezone(self.zone).date()):
            is_listed = _says(seen["listed"]["date"], day) if seen and seen["listed"] else False
            self.of_today_listed += is_listed
            self.of_today += not is_listed

    def written(self) -> dict[str, int]:
        """The counts that are not 0, by name."""
        return {name: count for name, count in sorted(self.counts.items()) if count}


def _says(date: str | None, day: str) -> bool:
    """Whether the date of a row, in whatever form, ends in month and day of `day`."""
    numbers = [int(number) for number in re.findall(r"[0-9]{1,9}", date or "")]
    month, of_month = (int(number) for number in day.split("-")[1:])
    return any(numbers[at : at + 2] == [month, of_month] for at in range(len(numbers) - 1))


@dataclass(slots=True)
class Texts:
    """The texts of a run that are not as the archive has them, also those that were doubted and not accepted.

    `digests` by native id, zeros for no text. `collapsed` are known speeches with hardly anything left of their text.
    """

    digests: TextTable = field(default_factory=lambda: TextTable(_DIGEST))
    collapsed: set[str] = field(default_factory=set)

    def note(self, native_id: str, digest: bytes, *, is_collapsed: bool) -> None:
        """Note the text of a speech as it was read last."""
        self.digests.put(native_id, digest or _NO_TEXT)
        if is_collapsed:
            self.collapsed.add(native_id)
        else:
            self.collapsed.discard(native_id)

    @property
    def most_alike(self) -> int:
        """The largest number of speeches with the very same text."""
        # Sorted, since to count them each needs a place of its own.
        found = sorted(digest for _, digest in self.digests.items() if digest != _NO_TEXT)
        return max((sum(1 for _ in same) for _, same in groupby(found)), default=0)
