"""A badge of a fleet as SVG: how many sites there are, and how many of them a person must look at. Pure."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from pipelines.fleet.condition import Condition
from pipelines.shown import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.fleet.condition import SiteStatus

_LABEL = "speeches"
_CHARACTER, _MARGIN = 7, 12
"""Pixels of a character at 11 pixels, about, and beside a text."""
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {said}">
<title>{label}: {said}</title>
<rect width="{left}" height="20" fill="#555"/>
<rect x="{left}" width="{right}" height="20" fill="{color}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{at_label}" y="14">{label}</text>
<text x="{at_said}" y="14">{said}</text>
</g>
</svg>
"""


def badge(sites: Sequence[SiteStatus]) -> str:
    """Red when a site is broken, orange when one is stale, else green."""
    found = Counter(site.condition for site in sites)
    bad = [f"{found[one]} {one}" for one in Condition if one.is_bad and found[one]]
    said = escape(", ".join([counted(len(sites), "sites"), *(bad or ["all well"])]))
    left, right = (len(text) * _CHARACTER + _MARGIN for text in (_LABEL, said))
    color = "#c33" if found[Condition.BROKEN] else "#c60" if found[Condition.STALE] else "#383"
    return _SVG.format(
        label=_LABEL,
        said=said,
        left=left,
        right=right,
        width=left + right,
        color=color,
        at_label=left // 2,
        at_said=left + right // 2,
    )
