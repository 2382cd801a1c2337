"""The closed lists: why a speech could not be had, and why a value is null. Documented in docs/archive-format.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

PresenceState = Literal["present", "unlisted", "missing", "withheld", "unknown"]


class Reason(StrEnum):
    """Why a listed row was not captured, or why the answer for a known speech is no proof of its text."""

    DELETED = "deleted-notice"
    NOT_FOUND = "not-found"
    LOGIN = "login-wall"
    NO_PERMISSION = "no-permission"
    NOT_APPROVED = "not-approved"
    FOREIGN_HOST = "foreign-host"
    ELSEWHERE = "redirects-elsewhere"
    OTHER_SECTION = "other-section"
    ROBOTS = "robots-disallowed"
    CHALLENGE = "challenge"
    DB_DOWN = "database-down"
    BANNED = "address-banned"
    GUARD = "injection-guard"
    EMPTY = "empty-answer"
    TRUNCATED = "truncated"
    HTTP_ERROR = "http-error"
    NETWORK = "network-error"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    BAD_URL = "bad-url"

    @property
    def presence(self) -> PresenceState:
        """What the reason proves about the speech: only the site's own word counts as absence."""
        if self in _ABSENT:
            return "missing"
        return "withheld" if self in _WITHHELD else "unknown"

    @property
    def is_the_sites_word(self) -> bool:
        """True when the site itself says why there is nothing to have: told in the report, not a failure."""
        return self in _ABSENT or self in _WITHHELD or self in _NOT_OURS


_ABSENT = frozenset({Reason.DELETED, Reason.NOT_FOUND})
_WITHHELD = frozenset({Reason.LOGIN, Reason.NO_PERMISSION, Reason.NOT_APPROVED, Reason.FOREIGN_HOST})
_NOT_OURS = frozenset({Reason.ROBOTS, Reason.ELSEWHERE, Reason.OTHER_SECTION})


PROBLEM_CODES: dict[str, str] = {
    "missing": "the page has no such value",
    "unreadable": "the page has a value in a form we do not read",
    "no-year": "a date without a year",
    "relative": "a date relative to an unknown moment",
    "impossible": "a date or number that cannot be",
    "future": "a date later than the moment of capture",
    "placeholder": "a number printed before a script fills it in",
    "not-answered": "the counter gave no answer",
    "withheld": "the profile says that reading the counter would count",
    "empty": "the body has no visible text",
    "damaged": "the text holds U+FFFD: bytes that are no characters",
    "redacted": "the text was removed by order; the commit that detail names says why",
    "disagrees": "two places on the site say different things",
    "no-end": "the page ends without its closing tag, as the site's pages do",
    "low-confidence": "the generic reader is unsure that it read the right block of the page",
    "text-behind": "text stands directly behind the body: perhaps a stray end tag cut the body off",
}
