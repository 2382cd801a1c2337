"""Short ids and QR codes, by which a printed page leads back to the line that it shows. Pure."""

from __future__ import annotations

from functools import partial

import segno
from markupsafe import Markup

_LONGEST = 120
_GROUP = 4
_SHORT = 16
"""Digits of a hash in a short id: enough to tell the lines of all archives apart, no proof."""

# A mask is chosen by trying all eight, which takes four times as long; every reader takes every mask.
_code = partial(segno.make, micro=False, error="m", boost_error=False, mask=3, mode="byte", encoding="utf-8")


def short_id(name: str, sha256: str) -> str:
    """The name of a line and the beginning of its hash, for people to copy."""
    digits = sha256[:_SHORT]
    return f"{name} {' '.join(digits[at : at + _GROUP] for at in range(0, _SHORT, _GROUP))}"


def qr_code(name: str, sha256: str) -> Markup:
    """An SVG picture of the name of a line and the beginning of its hash."""
    code = _code(f"{name[:_LONGEST]} {sha256[:_SHORT]}")
    svg = code.svg_inline(omitsize=True, light="#fff", svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - made of squares
