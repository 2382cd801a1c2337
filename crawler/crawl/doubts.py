"""Doubts whether a text is that of the speech."""

from __future__ import annotations

from crawler.http.fetch import Fetched
from pipelines.reasons import Reason
from pipelines.values import frozen


@frozen
class Doubt:
    """Why a text is not accepted.

    `is_settled`: a second request that finds it again makes it acceptable. `may_last`: if observations over many days
    find it, it is an edit by the site.
    """

    reason: Reason
    detail: str
    is_settled: bool = False
    may_last: bool = False

    @property
    def is_final(self) -> bool:
        """True when the site itself says why there is no text, so that no second request is needed."""
        return self.reason.is_the_sites_word

    def missed(self, answer: Fetched) -> Fetched:
        """The entry of the report for a text that is not requested again."""
        asked = "" if self.is_final else "asked twice: "
        return Fetched(answer.response, None, self.reason, f"{asked}{self.detail}")
