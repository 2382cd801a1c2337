"""Why a speech was not captured, and what that says about its presence."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

PresenceState = Literal["present", "unlisted", "missing", "withheld", "unknown"]


class Reason(StrEnum):
    """Why a listed row was not captured, or why the answer for a known speech does not confirm its text."""

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
    RATE_LIMITED = "rate-limited"
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
    NO_CAPTURE = "no-capture"
    NO_ARTICLE = "no-article"
    DOUBTFUL = "doubtful"

    @property
    def presence(self) -> PresenceState:
        """The presence that the reason proves; only the site's own statement counts as absence."""
        if self in _ABSENT:
            return "missing"
        return "withheld" if self in _WITHHELD else "unknown"

    @property
    def is_the_sites_word(self) -> bool:
        """True when the site itself says why there is no text: reported, but not a failure."""
        return self in _ABSENT or self in _WITHHELD or self in _NOT_OURS

    @property
    def is_no_answer(self) -> bool:
        """True when the server did not give the page: which of these it is may differ from night to night."""
        return self in _NO_ANSWER

    @property
    def is_of_the_host(self) -> bool:
        """True when the reason says something of the whole host, not of one address."""
        return self in _OF_THE_HOST


_ABSENT = frozenset({Reason.DELETED, Reason.NOT_FOUND})
_WITHHELD = frozenset({Reason.LOGIN, Reason.NO_PERMISSION, Reason.NOT_APPROVED, Reason.FOREIGN_HOST})
_NOT_OURS = frozenset({Reason.ROBOTS, Reason.ELSEWHERE, Reason.OTHER_SECTION})
_OF_THE_HOST = frozenset({Reason.CHALLENGE, Reason.DB_DOWN, Reason.BANNED})
_NO_ANSWER = _OF_THE_HOST | {Reason.HTTP_ERROR, Reason.NETWORK, Reason.EMPTY, Reason.TRUNCATED, Reason.GUARD}
_NO_ANSWER |= {Reason.RATE_LIMITED}
