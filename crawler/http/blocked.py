"""Recognises answers that are not the page: challenge, firewall, database down, empty, cut off. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus

from pipelines.reasons import Reason

TRANSIENT = frozenset(
    {
        Reason.CHALLENGE,
        Reason.RATE_LIMITED,
        Reason.DB_DOWN,
        Reason.EMPTY,
        Reason.TRUNCATED,
        Reason.HTTP_ERROR,
        Reason.BANNED,
    }
)
"""Reasons for which the request is retried."""

AMBIGUOUS_STATUS = 512
"""A firewall's status with a challenge in its body, and without one its limit of requests."""
_CHALLENGE_STATUS = frozenset({412, 521})
_CHALLENGE = re.compile(r"__jsl_clearance|__jsluid|\$_ts\s*=|acw_sc__v2")
_CHALLENGE_HAS = ("__jsl", "$_ts", "acw_sc__v2")  # words are found in a tenth of the time that the pattern takes
_SELF_RELOAD = re.compile(r"document\.cookie\s*=.*location\.(?:reload|href|replace)", re.DOTALL)
_DB_DOWN = re.compile("数据库连接出错|Microsoft OLE DB Provider|ADODB\\.Connection")
_BANNED = re.compile("您的IP.{0,60}被系统限定")
_COUNT = re.compile(
    r"document\.write\(\s*+(['\"]).{0,4000}?\1\s*+\)|\.(?:html|text)\([^()]*\)|^\s*\d+\s*$|^\s*[\[{].*[\]}]\s*$",
    re.DOTALL,
)
_FIRST_TAG = re.compile(r"(?:<\?xml[^>]*>\s*)?<([a-z]\w*)", re.IGNORECASE)
_REFRESH = re.compile(r"<meta\b[^<>]{1,500}\brefresh\b[^<>]{1,500}>", re.IGNORECASE)
_CHALLENGE_SIZE = 8_000
_NOTICE_SIZE = 4_000


def obstacle(status: int, text: str, expected: str) -> Reason | None:
    """Why an answer is not the requested page, or None.

    Args:
        status: HTTP status, not a redirect.
        text: the decoded body.
        expected: `page` or `article` (whole HTML pages), `fragment` (rows without a page), `counter` (a statement, a
            number, JSON), `other` (only the status counts).
    """
    if status in {404, 410}:
        return Reason.NOT_FOUND
    if status in _CHALLENGE_STATUS or _is_challenge(status, text):
        return Reason.CHALLENGE
    if status in {HTTPStatus.TOO_MANY_REQUESTS, AMBIGUOUS_STATUS}:
        return Reason.RATE_LIMITED
    return _not_a_page(status, text, expected) if 200 <= status < 300 else Reason.HTTP_ERROR


def _not_a_page(status: int, text: str, expected: str) -> Reason | None:
    if expected == "other":
        return Reason.TRUNCATED if status == HTTPStatus.PARTIAL_CONTENT else None
    bare = text.strip(" \t\r\n\ufeff\x00")
    if not bare:
        return Reason.EMPTY
    if len(bare) < _NOTICE_SIZE and _DB_DOWN.search(bare):
        return Reason.DB_DOWN
    if len(bare) < _NOTICE_SIZE and _BANNED.search(bare):
        return Reason.BANNED
    return None if _is_whole(bare, expected) and status != HTTPStatus.PARTIAL_CONTENT else Reason.TRUNCATED


def _is_whole(bare: str, expected: str) -> bool:
    if expected == "counter":
        return bool(_COUNT.search(bare))
    if expected == "fragment":
        first = _FIRST_TAG.match(bare)
        return first is None or f"</{first[1].lower()}" in bare.lower()
    return _is_whole_page(bare)


def _is_challenge(status: int, text: str) -> bool:
    if len(text) > _CHALLENGE_SIZE:
        return False
    if any(word in text for word in _CHALLENGE_HAS) and _CHALLENGE.search(text):
        return True
    # A page with links is a page, whatever its scripts do with cookies.
    return status in {200, 202, 203} and bool(_SELF_RELOAD.search(text)) and "<a " not in text.lower()


def _is_whole_page(bare: str) -> bool:
    """Whether a page ends with its end tag, or with the script or refresh of which it consists."""
    tail = bare[-2_000:].lower()
    if "</html" in tail:
        return True
    return "<html" not in bare[:4_000].lower() and (tail.endswith("</script>") or bool(_REFRESH.fullmatch(bare)))
