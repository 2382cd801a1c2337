"""What the style of an element hides from a page's reader; a test holds it to what the text of a body leaves out."""

from __future__ import annotations

import re
from functools import lru_cache

_HIDDEN = re.compile(
    r"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|text-indent\s*:\s*-\d{4})", re.IGNORECASE
)
_PLACED = re.compile(r"(?<![\w-])position\s*:\s*(?:absolute|fixed)", re.IGNORECASE)
_OFF_SCREEN = re.compile(r"(?<![\w-])(?:left|top|right)\s*:\s*-\d{4}", re.IGNORECASE)
_TRANSPARENT = re.compile(r"(?<![\w-])opacity\s*:\s*0\s*(?:;|!|$)", re.IGNORECASE)


@lru_cache(4_096)
def hides(style: str, *, is_block: bool) -> bool:
    """True when nothing of an element with this style is seen; letters without a size may get one below.

    A transparent block is one that a script fades in as the reader comes near; a transparent word is hidden.
    """
    is_away = _PLACED.search(style) and _OFF_SCREEN.search(style)
    return bool(_HIDDEN.search(style) or is_away or (not is_block and _TRANSPARENT.search(style)))
