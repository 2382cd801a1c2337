"""Recognises placeholders: words in the place of a value that mean there is none. Pure."""

from __future__ import annotations

import re

_NOTHING = re.compile(
    r"[-—–_/.·*?？\s]*|[（(【\[]?(?:未知|请选择|不详|未详|未注明|无|暂无|暂缺|空|佚失|没有|待定|N/?A|null|none|nil|undefined|unknown|NaN)"
    r"[）)】\]]?",
    re.IGNORECASE,
)
# What a template or a script fills in: `{$GetDate}`, `[!--newstime--]`, `${pubDate}`, `{{ item.time }}`, `<%=date%>`.
_UNFILLED = re.compile(
    r"[$#]?\{.{0,80}\}|\[!?--.{0,80}--\]|\[(?:field|!)[^\]]{0,80}\]|<%.{0,80}%>|\$[A-Za-z_]\w{0,40}\$?"
)
_LOADING = re.compile(
    r"(?:(?:数据|内容|页面|正文|正在|努力|拼命){0,3}(?:加载|载入)中?|loading)(?:[,，]?请?(?:稍[后候等]|等待))?[.…。·!！~]{0,9}",
    re.IGNORECASE,
)
_MAY_LOAD = re.compile("[载gG]")  # one of them is in each of these words, which most lines are not


def is_loading(line: str) -> bool:
    """True for a line that is nothing but the words a page shows until a script has loaded a text (正在加载中...)."""
    if not _MAY_LOAD.search(line):
        return False
    plain = "".join(line.split())
    return len(plain) >= len("加载中") and _LOADING.fullmatch(plain) is not None


def says_nothing(value: str) -> bool:
    """True for no words at all, for those that name no one (未知, 无, `--`), and for a template's unfilled field."""
    plain = value.strip(" \t\r\n\u3000\xa0\u200b\ufeff")
    return _NOTHING.fullmatch(plain) is not None or _UNFILLED.fullmatch(plain) is not None
