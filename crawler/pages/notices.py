"""What a CMS says instead of an article, and where a page without one sends the browser.

Only a page that holds little else is a notice: 请登录 stands in the head of many sites, speeches quote notices, and a
body that was not found is not one that the site withholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crawler.pages.page import Page, squeeze, strings
from pipelines.reasons import Reason

Notices = Sequence[tuple[re.Pattern[str], Reason]]

_LONGEST, _LONGEST_BARE, _LONGEST_SAID = 400, 200, 120
_READ = "(?:查看|阅读|浏览|访问)"
_TEXT = "(?:文章|信息|内容|新闻|稿件)"
_SAID: Notices = (
    (re.compile("数据库(?:连接|服务)?(?:出错|错误|失败)"), Reason.DB_DOWN),
    (re.compile("您的IP.{0,40}(?:限制|封禁|禁止|拒绝)"), Reason.BANNED),
    (re.compile(f"(?:{_TEXT}|页面).{{0,6}}已(?:经)?(?:被)?(?:删除|撤下|撤销|下线)"), Reason.DELETED),
    (re.compile(f"{_TEXT}.{{0,6}}(?:未通过审核|没有通过审核|正在审核)"), Reason.NOT_APPROVED),
    (re.compile(f"(?:请先|[您你]还没有|尚未)登录.{{0,20}}{_READ}|登录后(?:才能|方可|可以?){_READ}"), Reason.LOGIN),
    (re.compile(f"(?:没有|无){_READ}.{{0,8}}权限|{_READ}本文需要.{{0,10}}(?:点|分|币|元)"), Reason.NO_PERMISSION),
    (re.compile(f"(?:页面|网页|栏目|文件|{_TEXT}).{{0,8}}(?:不存在|未找到|没有找到|找不到)"), Reason.NOT_FOUND),
    (re.compile("找不到.{0,12}(?:页面|网页|文件)"), Reason.NOT_FOUND),
)
# Words that other pages have in their heads: of a page that says hardly anything else.
_SAID_BARE: Notices = (
    (re.compile("(?:未|没有|还没)(?:通过)?审核"), Reason.NOT_APPROVED),
    (re.compile("请先?登[录陆]|登[录陆]后(?:才)?(?:能|可)"), Reason.LOGIN),
    (re.compile("(?:没有|无)(?:权限|权)(?:查看|浏览|访问|阅读)|权限不足"), Reason.NO_PERMISSION),
)
# No notice is longer; without a bound, openings without an end would take quadratic time.
_ALERT = re.compile(r"alert\(\s{0,9}(['\"])(.{0,500}?)\1\s{0,9}\)", re.DOTALL)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\";]+)", re.IGNORECASE)
_MOVED = re.compile(r"location(?:\.href)?\s*=\s*(['\"])(.+?)\1|location\.replace\(\s*(['\"])(.+?)\3")
# A statement of its own: scripts of whole pages send phones to another host.
_MOVED_ALWAYS = re.compile(
    r"^[^\S\n]*+(?:(?:window|document|self|top)\.)?location(?:\.href)?\s*+=\s*+(['\"])(.+?)\1", re.MULTILINE
)


def notice(page: Page) -> tuple[Reason, str] | None:
    """The notice a short page is, with its words; None when it says nothing known."""
    text = squeeze("".join(strings(page.root)))
    shown = [text] if len(text) <= _LONGEST else []
    bare = [text] if len(text) < _LONGEST_BARE else []
    said = alerts(page)
    return find_notice([*shown, *said], _SAID) or find_notice([*said, *bare], _SAID_BARE)


def find_notice(
    texts: Iterable[str], notices: Notices, end: re.Pattern[str] | None = None
) -> tuple[Reason, str] | None:
    """The first of some notices in texts without blanks, with its words up to `end`."""
    texts = list(texts)
    for pattern, reason in notices:
        for text in texts:
            if match := pattern.search(text):
                last = end.search(text, match.end()) if end else None
                return reason, text[match.start() : last.start() if last else None][:_LONGEST_SAID]
    return None


def alerts(page: Page) -> list[str]:
    """What scripts of a page say in a box, without blanks."""
    return [squeeze(match[2]) for script in page.all("//script") for match in _ALERT.finditer(script.text or "")]


def redirect(page: Page) -> str | None:
    """Where a page without text sends the browser: `<meta http-equiv=refresh>`, or a script."""
    if len(squeeze("".join(strings(page.root)))) > _LONGEST:
        return None
    for tag in page.all("//meta[@http-equiv and @content]"):
        if tag.get("http-equiv", "").lower() == "refresh" and (match := _REFRESH.search(tag.get("content", ""))):
            return page.resolve(match[1])
    moved = _MOVED_ALWAYS if page.all("//a[@href]") else _MOVED
    for script in page.all("//script"):
        if match := moved.search(script.text or ""):
            return page.resolve(next(filter(None, match.groups()[1::2])))
    return None
