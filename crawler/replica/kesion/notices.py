"""Answers that are not the page, in the words KesionCMS and IIS use."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.replica.speeches import Speech

DELETED = "您要查看的文章已删除。或是您非法传递注入参数!"
NOT_APPROVED = "对不起，该文章还没有通过审核!"
NOT_FOUND = (
    "<html><head><title>无法找到该页</title></head><body><h1>HTTP 错误 404 - 文件或目录未找到。</h1></body></html>"
)
OBJECT_MOVED = (
    "<head><title>Object moved</title></head>\n<body><h1>Object Moved</h1>"
    'This object may be found <a HREF="{target}">here</a>.</body>\n'
)
SERVER_ERROR = "<html><head><title>服务器错误</title></head><body><h1>500 - 内部服务器错误。</h1></body></html>"
UNAVAILABLE = "<html><body><h1>Service Unavailable</h1></body></html>"
SUBSCRIPT_ERROR = "<font face=宋体>Microsoft VBScript 运行时错误 错误 '800a0009'<p>下标越界: '[number: 9]'</font>"
SQL_ERROR = (
    "<font face=宋体>Microsoft OLE DB Provider for SQL Server 错误 '80040e14'"
    "<p>关键字 'Where' 附近有语法错误。</font>"
)
DATABASE_DOWN = "数据库连接出错，请检查Conn.asp文件中的数据库参数设置。"
CHALLENGE = (
    "<script>document.cookie='__jsl_clearance_s='+(+new Date())+'|0|replica;max-age=3600;path=/';"
    "location.href=location.pathname+location.search</script>"
)


def alert(message: str) -> str:
    return f"\r\n\r\n \r\n<script language=\"Javascript\"> alert('{message}');</script>"


UNKNOWN_CLASS = alert("非法参数!")
MEMBERS_ONLY = (
    "<script language=\"javascript\">alert('对不起，本栏目至少要求本站的注册会员才可以查看!');"
    "location.href='/user/login/';</script>"
)
BAD_PARAMETER = "<script>alert('错误的参数！');history.back();</script>"


def guard(word: str, address: str) -> str:
    return (
        f"<script>alert('系统警告！\\n\\n1、您提交的数据有恶意字符{word};\\n2、您的数据已经被记录;\\n3、您的IP：{address};"
        "\\n4、操作日期：2024-1-9;\\n\\t\\tPowered By Kesion.Com!');window.close();</script>"
    )


def in_place_of_body(state: str, number: int, domain: str) -> str:
    """What a reader without rights gets where the body would stand; empty for a readable article."""
    login = f"<a href='{domain}user/login/'>登录</a> <a href='{domain}user/reg/'>注册</a>"
    return {
        "login-wall": f"<div align=center>对不起，你还没有登录，本文至少要求本站的注册会员才可查看!<br>{login}</div>",
        "no-permission": "<div align=center>对不起，你所在的用户组没有查看本文章的权限!</div>",
        "paid": (
            "<div align=center>阅读本文需要消耗 <font color=red>10</font> 点点券，你确实愿意花 10 点点券来阅读此文吗?"
            f"<br><a href='?m=1&d={number}&pt=1'>我愿意</a> <a href='{domain}'>我不愿意</a></div>"
        ),
    }.get(state, "")


def error_page(message: str) -> str:
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">'
        f"<title>操作提示消息！</title></head><body><table><tr><td>产生错误的可能原因：</td></tr><tr><td><li>{escape(message)}</li></td></tr>"
        "<tr><td>2024-1-9 10:20:30</td></tr></table></body></html>"
    )


def scripted_redirect(speech: Speech, target: str) -> str:
    """A redirecting article built as a file: it counts itself, then leaves."""
    source = f"/item/GetHits.asp?Action=Count&GetFlag=0&m={speech.model}&ID={speech.number}"
    return (
        f'<div style="display:none"><Script Language="Javascript" Src="{source}"></Script></div>'
        f"<script type=\"text/javascript\">location.href='{target}';</script>"
    )


def html_code(text: str) -> str:
    """HtmlCode of the print page: unescapes once too often."""
    for written, meant in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(written, meant)
    return text


def print_page(speech: Speech, hits: int, date: str, body: str) -> str:
    return (
        f"<HTML>\n<HEAD><TITLE>{escape(speech.title)}-打印文章</TITLE>\n"
        '<META http-equiv=Content-Type content="text/html; charset=gb2312">\n</HEAD>\n'
        '<BODY oncontextmenu="return false" oncopy=document.selection.empty()>\n<TABLE width=760><TBODY>\n'
        '<TR><TD align=right height=20><A href="javascript:window.print()">打印本文</A>&nbsp;&nbsp;'
        '<A href="javascript:window.close()">关闭窗口</A></TD></TR>\n'
        f"<TR><TD height=25 align=middle><B>{escape(speech.title)}</B></TD></TR>\n"
        f"<TR><TD align=middle>作者：{speech.author}&nbsp;&nbsp;文章来源：{speech.source}&nbsp;&nbsp;点击数\n"
        f"      {hits}&nbsp;&nbsp;更新时间：{date}&nbsp;&nbsp;文章录入：{speech.editor}\n  </TD></TR>\n"
        "<TR><TD height=25><HR align=center width=100% noShade SIZE=1></TD></TR>\n"
        f'<TR><TD valign="top">{body}</TD></TR>\n</TBODY></TABLE>\n</BODY>\n</HTML>\n'
    )
