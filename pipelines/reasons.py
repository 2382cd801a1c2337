"""The closed lists: why a speech could not be had, why a value is null, what kinds of text there are.

Documented in docs/archive-format.md.
"""

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
    NO_CAPTURE = "no-capture"
    NO_ARTICLE = "no-article"
    DOUBTFUL = "doubtful"

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
    "range": "several days where one was looked for",
    "two-digit-year": "a year of two digits that could be several",
    "other-calendar": "a year of 民国 or a day of the 农历, which are not converted",
    "relative": "a date counted back too vaguely to give a day: 两周前, or an hour ago near midnight",
    "impossible": "a date or number that cannot be",
    "future": "a date more than a day later than the moment of capture",
    "placeholder": "a number printed before a script fills it in",
    "not-answered": "the counter gave no answer",
    "withheld": "the profile forbids asking the counter, or asking would count and the profile does not allow it",
    "empty": "the body has no visible text",
    "damaged": "the text holds U+FFFD: bytes that are no characters",
    "private-use": "characters of Unicode's private areas: only the page's font knew what they show",
    "mojibake": "text read in a wrong encoding: 锟斤拷, 锛, Ã¥ and their kind",
    "control-characters": "control characters within the text",
    "invisible-characters": "zero-width, soft-hyphen or direction characters within the text",
    "entities-left": "HTML entities shown as they are written",
    "tags-left": "HTML tags shown as they are written",
    "unpaired": "a quote or bracket without its other half",
    "lost-date-characters": "dates without their 年, 月 or 日: 20231227日",
    "lost-quotes": "set phrases that always stand in quotes without them, or quotes left over: ”“",
    "folded-punctuation": "ASCII commas between Chinese characters where the text should have ，",
    "page-furniture": "lines of the page around the text: its breadcrumb, navigation, counters, footer",
    "half-paragraph": "a sentence cut by the end of its paragraph",
    "repeated-paragraph": "a long paragraph that stood before, word for word",
    "title-repeated": "the body begins with its title",
    "shorter-than-siblings": "the body is less than a twentieth as long as the site's usual one",
    "redacted": "the text was removed by order; the commit that detail names says why",
    "disagrees": "two places on the site say different things",
    "no-end": "the page ends without its closing tag, as the site's pages do",
    "cut": "lines that say something stand in the article's block and were left out of the body",
    "length-disagrees": "fewer bytes came than the answer's head promised, the same twice, ending as a page does",
    "continued": "the article goes on on another page or behind a control of a script, and that was not read",
    "error-shown": "the text holds a message of the server's software: what should follow it may be missing",
    "not-fetched": "an attachment could not be had, was larger than the profile allows, or one of too many",
    "low-confidence": "the generic reader is unsure that it read the right block of the page",
    "unknown-container": "no container known to hold the body, or several: the generic reader chose the block",
    "text-behind": "text stands directly behind the body: perhaps a stray end tag cut the body off",
}

GENRES: dict[str, str] = {
    "工作报告": "a report to a session: of the standing committee, on proposals (提案工作), on the work of a body",
    "讲话": "a speech (讲话, 演讲), also one given at the opening or close of a session",
    "致辞": "an address or greeting: 致辞, 开幕词, 闭幕词, 贺词, 欢迎词, 答谢词, 新年寄语",
    "主持词": "the words of whoever presides",
    "发言": "remarks of one among others: 大会发言, 交流发言, 表态发言",
    "报道": "a news report about a meeting, a visit or a speech; not a speech",
}
