"""What KesionCMS says instead of a page: nearly always with status 200 (Item/Show.asp, Plus/error.asp, Conn.asp)."""

from __future__ import annotations

import re

from crawler.pages.kit.notices import redirect_by_page
from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

_BODY = "//*[@id='MyContent']"
_SAID: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile("数据库连接出错"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,60}被系统限定"), Reason.BANNED),
    (re.compile("系统警告.{0,40}(?:恶意字符|非法)"), Reason.GUARD),
    (re.compile("您要查看的.{1,6}已删除"), Reason.DELETED),
    (re.compile("该.{1,6}还没有通过审核"), Reason.NOT_APPROVED),
    (re.compile("本文至少要求.{0,20}才可查看|注册会员才可查看"), Reason.LOGIN),
    (re.compile("没有查看本文章的权限|阅读本文需要消耗"), Reason.NO_PERMISSION),
    (re.compile("非法参数|错误的参数"), Reason.NOT_FOUND),
)
_ALERT = re.compile(r"alert\(\s*(['\"])(.*?)\1\s*\)", re.DOTALL)
_FURNITURE = re.compile(r"【|上一篇|!|！|。")
_LONGEST = 120


def notice(page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
    """The notice a page is, with the words it was read from; None when it says nothing known.

    A page with `#MyContent` is an article whatever its text says: speeches quote notices too. Of pages that are no
    articles only the script alone counts: lists and start pages hold such words in titles and login boxes.
    """
    if page.all(_BODY):
        return None
    alerts = [match[2] for script in page.all("//script") for match in _ALERT.finditer(script.text or "")]
    said = alerts if is_article or not page.all("//a[@href]") else []
    if is_article:
        said = [*alerts, "".join(strings(page.root))]
    for pattern, reason in _SAID:
        for text in map(squeeze, said):
            if match := pattern.search(text):
                end = _FURNITURE.search(text, match.end())
                return reason, text[match.start() : end.start() if end else None][:_LONGEST]
    return None


def scripted_redirect(page: Page) -> str | None:
    """Target of a page without a body that sends the browser elsewhere by script (a static 转向链接 article)."""
    return None if page.all(_BODY) else redirect_by_page(page)
