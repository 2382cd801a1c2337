"""What KesionCMS says instead of a page: nearly always with status 200 (Item/Show.asp, Plus/error.asp, Conn.asp)."""

from __future__ import annotations

import re

from crawler.page import Page, squeeze, strings
from pipelines.reasons import Reason

_SAID: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile("数据库连接出错"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,60}被系统限定"), Reason.BANNED),
    (re.compile("系统警告.{0,40}(?:恶意字符|非法)"), Reason.GUARD),
    (re.compile("(?:文章|新闻|信息)已删除|记录已?不存在|找不到(?:该|此)(?:文章|记录)"), Reason.DELETED),
    (re.compile("非法参数"), Reason.NOT_FOUND),
    (re.compile("没有通过审核|尚未审核|未审核"), Reason.NOT_APPROVED),
    (re.compile("你?还?没有登录|注册会员才可查看|请先登录"), Reason.LOGIN),
    (re.compile("没有查看本文章的权限|没有权限查看|阅读本文需要消耗|需要消耗.{0,20}点"), Reason.NO_PERMISSION),
)
_ALERT = re.compile(r"alert\(\s*(['\"])(.*?)\1\s*\)", re.DOTALL)
_MOVED = re.compile(r"location(?:\.href)?\s*=\s*(['\"])(.+?)\1|location\.replace\(\s*(['\"])(.+?)\3")


def notice(page: Page) -> tuple[Reason, str] | None:
    """The notice a page is, with the words it was read from; None when it has a body or says nothing known.

    A page with `#MyContent` is an article whatever its text says: speeches quote notices too.
    """
    if page.all("//*[@id='MyContent']"):
        return None
    alerts = [match[2] for script in page.all("//script") for match in _ALERT.finditer(script.text or "")]
    alerts_said = [squeeze(text)[:200] for text in alerts]
    said = [*alerts_said, squeeze("".join(strings(page.root)))]
    for pattern, reason in _SAID:
        for text in said:
            if match := pattern.search(text):
                return reason, text if text in alerts_said else text[match.start() : match.end() + 40]
    return None


def scripted_redirect(page: Page) -> str | None:
    """Target of a page that only sends the browser elsewhere by script (a static 转向链接 article)."""
    for script in page.all("//script"):
        if match := _MOVED.search(script.text or ""):
            return match[2] or match[4]
    return None
