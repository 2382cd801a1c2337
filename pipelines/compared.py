"""A page and the archive's own bytes of it, read by one parser: what tells the site's change from ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines.record import RawSpeech, Speech

Reading = TypeVar("Reading", RawSpeech, Speech)


@dataclass(frozen=True, slots=True)
class Compared(Generic[Reading]):
    """A speech as its page is `now`, and as the newest version's own capture (`before`) reads today."""

    now: Reading
    before: Reading
