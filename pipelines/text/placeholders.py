"""Words that stand where a value should, and say that there is none. Pure."""

from __future__ import annotations

import re

_NOTHING = re.compile(
    r"[-—–_/.·*?？\s]*|[（(【\[]?(?:未知|不详|未详|未注明|无|暂无|暂缺|空|佚失|没有|待定|N/?A|null|none|nil|undefined|unknown|NaN)"
    r"[）)】\]]?",
    re.IGNORECASE,
)
# What a template or a script fills in: `{$GetDate}`, `[!--newstime--]`, `${pubDate}`, `{{ item.time }}`, `<%=date%>`.
_UNFILLED = re.compile(
    r"[$#]?\{.{0,80}\}|\[!?--.{0,80}--\]|\[(?:field|!)[^\]]{0,80}\]|<%.{0,80}%>|\$[A-Za-z_]\w{0,40}\$?"
)


def says_nothing(value: str) -> bool:
    """True for no words at all, for those that name no one (未知, 无, `--`), and for a template's unfilled field."""
    plain = value.strip(" \t\r\n\u3000\xa0\u200b\ufeff")
    return _NOTHING.fullmatch(plain) is not None or _UNFILLED.fullmatch(plain) is not None
