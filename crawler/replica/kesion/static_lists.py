"""The pagers KesionCMS builds into list files (RefreshFunction), and the script beside them that mends old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.replica.kesion.listing import Place

WEBDINGS = '<span style="font-family:webdings;font-size:14px">{}</span>'
RED = ' style="color:red"'


def static_pager(style: int, class_id: int, place: Place) -> str:
    """The pager of one file: its counts are those of the day it was built, its links count from the end."""
    inside = {1: _words, 2: _arrows}.get(style, _numbers)(place)
    jump = "javascript:window.location=this.options[this.selectedIndex].value"
    select = f'<select id="turnpage" size="1" onchange="{jump}"><option value="1">1</option></select>'
    script = 'type="text/javascript"'
    return (
        f'<div id="fenye" class="plist" style="margin-top:6px;text-align:right;">{inside}'
        f'{"" if style == 4 else f" 转到：{select}"}\r\n<script src="page{class_id}.html" {script}></script>\r\n'
        f"<script {script}>pageinfo({style},{place.per_page},'.html','index');</script></div>"
    )


def counts_script(pages: int, rows: int) -> str:
    """page{class}.html: a script in spite of its name."""
    loader = "<script language='javascript' src='/ks_inc/kesion.page.js'></script>"
    return f'var TotalPage={pages};\r\nvar TotalPut={rows};\r\ndocument.write("{loader}");\r\n'


def _counted(name: str, number: int, style: str = "") -> str:
    return f'<span id="{name}"{style}>{number}</span>'


def _words(place: Place) -> str:
    current, total = place.current, place.total
    steps = (
        place.link(1, "首页", current > 1),
        place.link(current - 1, "上一页", current > 1),
        place.link(current + 1, "下一页", current < total),
        place.link(total, "尾页", current < total),
    )
    counts = f"{_counted('currpage', current, RED)}/{_counted('totalpage', total)}页"
    of_page = f"{_counted('perpagenum', place.per_page)}篇/页"
    return f"共 {_counted('totalrecord', place.rows)} 篇  页次:{counts}  {of_page} {'  '.join(steps)}"


def _arrows(place: Place) -> str:
    current, total = place.current, place.total

    def arrow(sign: str, page: int, enabled: bool) -> str:
        return place.link(page, WEBDINGS.format(sign), enabled)

    start = (current // 10 - 1) * 10 + current % 10 + 1 if current > 10 else 1
    numbers = [
        place.link(page, f'<font color="#ff0000">[{page}]</font>' if page == current else f"[{page}]") + "&nbsp;"
        for page in range(start, min(start + 10, total) + 1)
    ]
    before = f"{arrow('9', 1, current > 1)} {arrow('7', current - 1, current > 1)}"
    after = f"{arrow('8', current + 1, current < total)} {arrow(':', total, current < total)}"
    counts = f"第{_counted('currpage', current, RED)}页 共{_counted('totalpage', total)}页"
    return f'{counts} {before} <span id="pagelist">{"".join(numbers)}</span>{after}'


def _numbers(place: Place) -> str:
    current, total = place.current, place.total
    start = current - 5 if current >= 7 else 1
    start = max(1, total - 10 if total - current < 5 else start)
    numbers = [
        f' <a href="#" class="curr"><font color=red>{page}</font></a>'
        if page == current
        else f' <a class="num" href="{place.address(page)}">{page}</a>'
        for page in range(start, min(start + 10, total + 1))
    ]
    previous = place.link(current - 1, "上一页") if current > 1 else ""
    following = place.link(current + 1, "下一页") if current < total else ""
    ends = f"{place.link(1, '首 页')}{''.join(numbers)}{place.link(total, '末页')}"
    counted = f"<span>总共{_counted('totalpage', total)}页</span>"
    return f'<table align="right"><tr><td id="pagelist">{previous}{following}{ends} {counted}</td></tr></table>'
