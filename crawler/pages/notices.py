"""What a CMS says instead of an article, and where a page without one sends the browser.

Only a page that holds little else is a notice: 请登录 stands in the head of many sites, speeches quote notices, and a
body that was not found is not one that the site withholds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from crawler.pages.forwarding import refreshed
from crawler.pages.page import Page, squeeze, squeezed
from pipelines.reasons import Reason

Notices = Sequence[tuple[re.Pattern[str], Reason]]

# Characters of a notice with its menu; of a page that says hardly anything else; of what is quoted.
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
_MOVED = re.compile(r"location(?:\.href)?\s*=\s*(['\"])(.+?)\1|location\.replace\(\s*(['\"])(.+?)\3")
# A statement of its own: scripts of whole pages send phones to another host.
_MOVED_ALWAYS = re.compile(
    r"^[^\S\n]*+(?:(?:window|document|self|top)\.)?location(?:\.href)?\s*+=\s*+(['\"])(.+?)\1", re.MULTILINE
)


def notice(page: Page) -> tuple[Reason, str] | None:
    """The notice a short page is, with its words; None when it says nothing known."""
    text, said = squeezed(page.root), alerts(page)
    shown = [text] if len(text) <= _LONGEST else []
    bare = [text] if len(text) < _LONGEST_BARE else []
    return find_notice([*shown, *said], _SAID) or find_notice([*said, *bare], _SAID_BARE)


def find_notice(
    texts: Sequence[str], notices: Notices, end: re.Pattern[str] | None = None
) -> tuple[Reason, str] | None:
    """The first of some notices in texts without whitespace, with its words up to `end`."""
    for pattern, reason in notices:
        for match in filter(None, map(pattern.search, texts)):
            last = end.search(match.string, match.end()) if end else None
            return reason, match.string[match.start() : last.start() if last else None][:_LONGEST_SAID]
    return None


def alerts(page: Page) -> list[str]:
    """What scripts of a page say in a box, without whitespace."""
    return [squeeze(match[2]) for source in page.scripts() for match in _ALERT.finditer(source)]


def redirect(page: Page) -> str | None:
    """Where a page without text sends the browser: `<meta http-equiv=refresh>`, or a script."""
    if len(squeezed(page.root)) > _LONGEST:
        return None
    moved = _MOVED_ALWAYS if page.all("//a[@href]") else _MOVED
    by_script = (next(filter(None, match.groups()[1::2])) for match in map(moved.search, page.scripts()) if match)
    target = next(chain(refreshed(page), by_script), None)
    return page.resolve(target) if target else None
