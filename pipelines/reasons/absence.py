"""Why a speech was not captured, and what that says about its presence."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pipelines.reasons.meanings import Meaning

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


REASONS: dict[Reason, Meaning] = {
    Reason.DELETED: Meaning("the site answers with a notice that it was deleted", "网站提示该文章已删除"),
    Reason.NOT_FOUND: Meaning("the server answers 404 or 410", "服务器返回 404 或 410"),
    Reason.LOGIN: Meaning("the site shows it only to those who log in", "网站要求登录后才能查看"),
    Reason.NO_PERMISSION: Meaning("the site says that visitors may not read it", "网站称访客无权查看"),
    Reason.NOT_APPROVED: Meaning("the site says that it is not approved yet", "网站称该文章尚未审核通过"),
    Reason.FOREIGN_HOST: Meaning("the row links to another host", "列表中的这一行链接到其他主机"),
    Reason.ELSEWHERE: Meaning("the address leads to another page", "该地址跳转到其他页面"),
    Reason.OTHER_SECTION: Meaning("its page says that it is of another column", "页面表明文章属于其他栏目"),
    Reason.ROBOTS: Meaning("robots.txt of the site forbids the request", "网站的 robots.txt 禁止该请求"),
    Reason.CHALLENGE: Meaning("a protection answered instead of the site", "返回的是防护系统的页面，不是网站的内容"),
    Reason.RATE_LIMITED: Meaning("the server asked for fewer requests", "服务器要求放慢请求"),
    Reason.DB_DOWN: Meaning("the site's database did not answer", "网站的数据库没有响应"),
    Reason.BANNED: Meaning("the server refuses our address", "服务器拒绝采集程序的地址"),
    Reason.GUARD: Meaning("a filter of the site took the request for an attack", "网站的过滤程序把请求误认作攻击"),
    Reason.EMPTY: Meaning("the answer has no content", "响应没有内容"),
    Reason.TRUNCATED: Meaning("the answer breaks off", "响应中途断开"),
    Reason.HTTP_ERROR: Meaning("the server answers with another status of failure", "服务器返回其他错误状态"),
    Reason.NETWORK: Meaning("no answer came over the network", "没有收到响应"),
    Reason.TOO_LARGE: Meaning("the answer is larger than is accepted", "响应超过允许的大小"),
    Reason.UNREADABLE: Meaning("the answer cannot be read as the page it should be", "响应无法按应有的页面类型读取"),
    Reason.BAD_URL: Meaning("the row's address cannot be requested", "列表中这一行的地址无法请求"),
    Reason.NO_CAPTURE: Meaning("no capture of it is stored that could be read again", "没有可供重新读取的原始响应"),
    Reason.NO_ARTICLE: Meaning(
        "the page is no article: a notice, a list, the front page", "页面不是文章，而是通知、列表或首页"
    ),
    Reason.DOUBTFUL: Meaning(
        "the page may be another speech, or this one without most of its text",
        "页面可能是另一篇讲话，或缺少了大部分文本",
    ),
}
