"""What a site of unknown make says instead of an article: only a page without prose can be a notice."""

from __future__ import annotations

import re

from crawler.pages.kit.notices import alerts
from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

_LONGEST = 400
_READ = "(?:查看|阅读|浏览|访问)"
_TEXT = "(?:文章|信息|内容|新闻|稿件)"
_SAID: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile("数据库(?:连接|服务)?(?:出错|错误|失败)"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,40}(?:限制|封禁|禁止|拒绝)"), Reason.BANNED),
    (re.compile(f"{_TEXT}.{{0,6}}已(?:经)?(?:被)?(?:删除|撤下|下线)"), Reason.DELETED),
    (re.compile(f"{_TEXT}.{{0,6}}(?:未通过审核|没有通过审核|正在审核)"), Reason.NOT_APPROVED),
    (re.compile(f"(?:请先|[您你]还没有|尚未)登录.{{0,20}}{_READ}|登录后(?:才能|方可|可以?){_READ}"), Reason.LOGIN),
    (re.compile(f"(?:没有|无){_READ}.{{0,8}}权限|{_READ}本文需要.{{0,10}}(?:点|分|币|元)"), Reason.NO_PERMISSION),
    (re.compile(f"(?:页面|网页|栏目|文件|{_TEXT}).{{0,8}}(?:不存在|未找到|没有找到|找不到)"), Reason.NOT_FOUND),
    (re.compile("找不到.{0,12}(?:页面|网页|文件)"), Reason.NOT_FOUND),
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\";]+)", re.IGNORECASE)
_MOVED = re.compile(r"^\s*(?:(?:window|document|self|top)\.)?location(?:\.href)?\s*=\s*(['\"])(.+?)\1", re.MULTILINE)


def notice(page: Page) -> tuple[Reason, str] | None:
    """The notice a short page is, with the words it was read from; None when it says nothing known."""
    text = squeeze("".join(strings(page.root)))
    if len(text) > _LONGEST:
        return None
    for said in (text, *map(squeeze, alerts(page))):
        for pattern, reason in _SAID:
            if match := pattern.search(said):
                return reason, match[0]
    return None


def redirect(page: Page) -> str | None:
    """Where a page without text sends the browser: `<meta http-equiv=refresh>`, or a script."""
    if len(squeeze("".join(strings(page.root)))) > _LONGEST:
        return None
    for tag in page.all("//meta[@http-equiv and @content]"):
        if tag.get("http-equiv", "").lower() == "refresh" and (match := _REFRESH.search(tag.get("content", ""))):
            return match[1].strip()
    moves = (_MOVED.search(script.text or "") for script in page.all("//script"))
    return next((move[2] for move in moves if move), None)
