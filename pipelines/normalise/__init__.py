"""The normaliser of a site.

What reads texts and dates is imported with the first speech: its patterns take a tenth of a second to compile, and a
run that finds nothing new needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pipelines.normalise.speech_of import Read, TextAsked
    from pipelines.record import Problem, RawSpeech, Speech

from pipelines.values import frozen

NORMALISERS = "norm/5"
"""Version of this package and all it calls; raised whenever its output can change."""


@frozen
class Normaliser:
    """Normalises the speeches of one site.

    Args:
        reader: the page objects' version, `kesion/1`.
        profile_digest: digest of the profile's facts that shape reading.
        timezone: time zone of the times that the site prints.
        committee: whose site it is, as archive.json says.
    """

    reader: str
    profile_digest: str
    timezone: ZoneInfo
    committee: str | None = None

    @property
    def parser(self) -> str:
        """The value of `parser` in lines: page objects, normalisers, profile."""
        return f"{self.reader}+{NORMALISERS}+{self.profile_digest}"

    def speech(self, raw: RawSpeech) -> Speech:
        """Normalise one speech; a value that cannot be read is null, with a problem."""
        from pipelines.normalise.speech_of import speech_of  # noqa: PLC0415 - as above

        return speech_of(raw, self.parser, self.timezone, self.committee)

    def know(self, asked: TextAsked, read: Read) -> None:
        """Take what another process read of a text, so that `speech` need not read it."""
        from pipelines.normalise.speech_of import know  # noqa: PLC0415 - as above

        know(asked, read)

    def views(self, raw: str | None, source: str | None) -> tuple[int | None, tuple[Problem, ...]]:
        """A view count, or null and a problem; a page without a counter is not a problem."""
        from pipelines.normalise.speech_of import views_of  # noqa: PLC0415 - as above

        return views_of(raw, source)
