"""Effects of an inline style on the text below it (CSS 2.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.text.remembered import remembered

_BLOCK_DISPLAYS = frozenset({"block", "flex", "grid", "list-item", "table", "flow-root"})
_INLINE_DISPLAYS = frozenset({"inline", "inline-block", "inline-flex", "contents"})
_KEPT_BREAKS = frozenset({"pre", "pre-wrap", "pre-line", "break-spaces"})
_OFF_SCREEN = re.compile(r"-\d{4,}(?:\.\d+)?(?:px|pt|em)?|-\d{3,}em")
_NO_SIZE = re.compile(r"0+(?:\.0+)?(?:px|pt|em|rem|%)?")


class Declared(NamedTuple):
    """`is_removed`: nothing below is shown. `is_transparent`: nor is it here, unless a script fades it in.

    The others are None where the style does not say. `is_block`: begins and ends a line, whatever the tag.
    `is_visible`, `has_size` and `keeps_breaks` (a source line break ends a line) go on to what is below.
    """

    is_removed: bool = False
    is_transparent: bool = False
    is_block: bool | None = None
    is_visible: bool | None = None
    has_size: bool | None = None
    keeps_breaks: bool | None = None

    def hides(self, *, is_block: bool) -> bool:
        """True for what is never shown; a transparent block is one that a script fades in."""
        return self.is_removed or (self.is_transparent and not is_block)


NOTHING = Declared()


@remembered(1_024)
def declared(style: str) -> Declared:
    """Parse the value of a `style` attribute; invalid declarations are ignored, as in browsers."""
    pairs = (item.split(":", 1) for item in style.lower().split(";") if ":" in item)
    given = {name.strip(): value.replace("!important", "").strip() for name, value in pairs}
    display, visibility, size = given.get("display"), given.get("visibility"), given.get("font-size")
    space = given.get("white-space")
    return Declared(
        is_removed=display == "none" or _is_off_screen(given),
        is_transparent=given.get("opacity") == "0",
        is_block=True if display in _BLOCK_DISPLAYS else False if display in _INLINE_DISPLAYS else None,
        is_visible=visibility == "visible" if visibility in {"hidden", "collapse", "visible"} else None,
        has_size=None if size is None else not _NO_SIZE.fullmatch(size),
        keeps_breaks=None if space is None else space in _KEPT_BREAKS,
    )


def _is_off_screen(given: dict[str, str]) -> bool:
    if given.get("position") in {"absolute", "fixed"}:
        return any(_OFF_SCREEN.fullmatch(given.get(side, "")) for side in ("left", "top", "right"))
    return _OFF_SCREEN.fullmatch(given.get("text-indent", "")) is not None
