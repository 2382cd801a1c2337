"""Lists that a script fetches: the call in the page, and Item/ajaxpage.asp, which wants a Referer."""

from __future__ import annotations

LABEL = "20127957470240"


def shell(class_id: int) -> str:
    """What GetPageStr writes where the rows will stand."""
    call = f"Page(1,'{LABEL}','{tid(class_id)}','/','item/ajaxpage.asp','Folder','0','0');"
    return (
        '<script src="/ks_inc/page.js" type="text/javascript"></script>\r\n'
        f'<script type="text/javascript" defer>\r\n   {call}\r\n</script>\r\n'
        f'  <div id="pagecontent"><div id="c_{LABEL}"></div></div>\r\n'
        f'  <div id="fenye"  class="fenye"><div id="p_{LABEL}" align="right"></div></div>\r\n'
    )


def tid(class_id: int) -> str:
    """The long id of a class, which is not the one its address has."""
    return f"2012806240701{class_id}"


def answer(rows: str, total: int, per_page: int, pages: int, style: int) -> str:
    return f"{rows}{{ks:page}}{total}|{per_page}|{pages}|篇|文章|{style}"
