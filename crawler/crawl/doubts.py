"""A text that is not believed to be the speech's, and why."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.http.fetch import Fetched
from pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text is not believed.

    `is_settled`: when a second look finds it again, it is believed. `may_last`: when looks of many days find it, it
    is an edit by the site.
    """

    reason: Reason
    detail: str
    is_settled: bool = False
    may_last: bool = False

    @property
    def is_final(self) -> bool:
        """True when the site itself says why there is no text: no second look is needed."""
        return self.reason.is_the_sites_word

    def missed(self, answer: Fetched) -> Fetched:
        """What the report says of a text that no further look is taken at."""
        asked = "" if self.is_final else "asked twice: "
        return Fetched(answer.response, None, self.reason, f"{asked}{self.detail}")
