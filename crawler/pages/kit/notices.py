"""What a CMS says instead of an article, and where a page without a body sends the browser."""

from __future__ import annotations

import re

from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

Notices = tuple[tuple[re.Pattern[str], Reason], ...]

COMMON: Notices = (
    (re.compile("(?:文章|内容|信息|页面|稿件|新闻).{0,6}(?:不存在|已(?:被)?(?:删除|撤销|下线))"), Reason.DELETED),
    (re.compile("(?:未|没有|还没)(?:通过)?审核"), Reason.NOT_APPROVED),
    (re.compile("请先?登[录陆]|登[录陆]后(?:才)?(?:能|可)"), Reason.LOGIN),
    (re.compile("(?:没有|无)(?:权限|权)(?:查看|浏览|访问|阅读)|权限不足"), Reason.NO_PERMISSION),
)
"""Words that several families share."""

_ALERT = re.compile(r"alert\(\s*(['\"])(.*?)\1\s*\)", re.DOTALL)
_MOVED = re.compile(r"location(?:\.href)?\s*=\s*(['\"])(.+?)\1|location\.replace\(\s*(['\"])(.+?)\3")
_REFRESH = re.compile(r"\d+\s*;\s*url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_LONGEST_PAGE = 200
_LONGEST = 120


def said(page: Page, notices: Notices) -> tuple[Reason, str] | None:
    """The notice a page without a body is, with its words.

    A page with furniture around it is none: 请登录 stands in the head of many sites, and a body we did not find is
    not one the site withholds.
    """
    text = squeeze("".join(strings(page.root)))
    texts = [*map(squeeze, alerts(page)), *([text] if len(text) < _LONGEST_PAGE else [])]
    for pattern, reason in notices:
        for found in texts:
            if match := pattern.search(found):
                return reason, found[match.start() : match.start() + _LONGEST]
    return None


def alerts(page: Page) -> list[str]:
    """What scripts of a page say in a box."""
    return [match[2] for script in page.all("//script") for match in _ALERT.finditer(script.text or "")]


def redirect_by_page(page: Page) -> str | None:
    """Where a page sends the browser by script or by `<meta http-equiv="refresh">`."""
    for meta in page.all("//meta[@http-equiv][@content]"):
        match = _REFRESH.match((meta.get("content") or "").strip())
        if match and (meta.get("http-equiv") or "").lower() == "refresh":
            return match[1].strip()
    for script in page.all("//script"):
        if match := _MOVED.search(script.text or ""):
            return match[2] or match[4]
    return None
