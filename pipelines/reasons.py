"""The closed lists: why a speech was not captured, why a value is null or doubtful, genres.

Documented in docs/archive-format.md.
"""

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


PROBLEM_CODES: dict[str, str] = {
    "missing": "the page has no such value",
    "unreadable": "the page has a value in a form that is not supported",
    "no-year": "a date without a year",
    "range": "several days where one was expected",
    "two-digit-year": "an ambiguous year of two digits",
    "other-calendar": "a year of 民国 or a day of the 农历, which are not converted",
    "relative": "a relative date too vague to give a day: 两周前, or an hour ago near midnight",
    "impossible": "an impossible date or number",
    "future": "a date more than a day after the capture",
    "placeholder": "a number that a script has not filled in yet",
    "not-answered": "the counter gave no answer",
    "withheld": "the profile forbids requesting the counter, or does not allow a request that counts as a view",
    "empty": "the body has no visible text",
    "damaged": "the text holds U+FFFD, in place of bytes that could not be decoded",
    "private-use": "characters of Unicode's private use areas, defined only by the page's font",
    "mojibake": "text decoded with a wrong encoding: 锟斤拷, 锛, Ã¥",
    "control-characters": "control characters in the text",
    "invisible-characters": "zero-width, soft-hyphen or direction characters in the text",
    "entities-left": "HTML entities that are not decoded",
    "tags-left": "HTML tags in the text",
    "unpaired": "an unpaired quote or bracket",
    "lost-date-characters": "dates without 年, 月 or 日: 20231227日",
    "lost-quotes": "set phrases that always have quotes without them, or quotes left over: ”“",
    "folded-punctuation": "ASCII commas between Chinese characters where the text should have ，",
    "page-furniture": "boilerplate in the text: breadcrumb, navigation, counters, footer",
    "half-paragraph": "a sentence cut off by the end of its paragraph",
    "repeated-paragraph": "a long paragraph repeated word for word",
    "title-repeated": "the body begins with its title",
    "shorter-than-siblings": "the body is less than a twentieth of the site's usual length",
    "redacted": "the text was removed by order; the commit named in detail says why",
    "disagrees": "two places on the site give different values",
    "no-end": "the page ends without its closing tag, as do other pages of the site",
    "cut": "lines of text in the article's block were left out of the body",
    "length-disagrees": "fewer bytes than Content-Length, the same number twice, but the page has its end",
    "continued": "the article continues on another page or behind a script control, and that was not read",
    "error-shown": "the text holds an error message of the server; text after it may be missing",
    "not-fetched": "an attachment failed, was larger than the profile allows, or one of too many",
    "low-confidence": "the generic reader is unsure that it read the right block of the page",
    "unknown-container": "none or several of the known body containers: the generic reader chose the block",
    "text-behind": "text directly after the body: perhaps a stray end tag cut the body off",
}

GENRES: dict[str, str] = {
    "工作报告": "a report to a session: by the standing committee, on proposals (提案工作), on the work of a body",
    "讲话": "a speech (讲话, 演讲), also at the opening or close of a session",
    "致辞": "an address or greeting: 致辞, 开幕词, 闭幕词, 贺词, 欢迎词, 答谢词, 新年寄语",
    "主持词": "the words of the chair",
    "发言": "remarks of one of several speakers: 大会发言, 交流发言, 表态发言",
    "报道": "a news report about a meeting, a visit or a speech; not a speech",
}
