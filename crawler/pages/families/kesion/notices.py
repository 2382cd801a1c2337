"""What KesionCMS says instead of a page: nearly always with status 200 (Item/Show.asp, Plus/error.asp, Conn.asp)."""

from __future__ import annotations

import re

from crawler.pages.notices import Notices, alerts, find_notice
from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

_SAID: Notices = (
    (re.compile("数据库连接出错"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,60}被系统限定"), Reason.BANNED),
    (re.compile("系统警告.{0,40}(?:恶意字符|非法)"), Reason.GUARD),
    (re.compile("您要查看的.{1,6}已删除"), Reason.DELETED),
    (re.compile("该.{1,6}还没有通过审核"), Reason.NOT_APPROVED),
    (re.compile("本文至少要求.{0,20}才可查看|注册会员才可查看"), Reason.LOGIN),
    (re.compile("没有查看本文章的权限|阅读本文需要消耗"), Reason.NO_PERMISSION),
    (re.compile("非法参数|错误的参数"), Reason.NOT_FOUND),
)
_FURNITURE = re.compile(r"【|上一篇|!|！|。")


def notice(page: Page, *, is_article: bool) -> tuple[Reason, str] | None:
    """The notice a page without `#MyContent` is, with the words it was read from; None when it says nothing known.

    Of pages that are no articles only the script alone counts: lists and start pages hold such words in titles and
    login boxes.
    """
    said = alerts(page) if is_article or not page.all("//a[@href]") else []
    if is_article:
        said.append(squeeze("".join(strings(page.root))))
    return find_notice(said, _SAID, _FURNITURE)
