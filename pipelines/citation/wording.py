"""A citation for a page of text: in the manner of GB/T 7714, in English, and how it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.citation.cited import Cited

_MOST_NAMES = 3
"""GB/T 7714 names so many authors, then 等."""


def wording(one: Cited) -> str:
    """Rows of a name and a text, for a person."""
    prove, print_it = one.verify
    rows = {
        "GB/T 7714": in_chinese(one),
        "English": in_english(one),
        "key": one.key,
        "version": f"{one.reference}, captured {one.captured_at}, of commit {one.commit}",
        "head": f"{one.head} (of commit {one.commit})",
        "content": f"{one.content_sha256} (content_sha256)",
        "gone": one.gone_at and f"the site was seen without it at {one.gone_at}",
        "rights": one.rights or "not stated",
        "kept by": one.had_from,
        "verify": f"{one.where}:\n{'':<9} {prove}\n{'':<9} {print_it}",
    }
    return "\n".join(f"{name:<9} {text}" for name, text in rows.items() if text)


def in_chinese(one: Cited) -> str:
    """The citation in the manner of GB/T 7714."""
    names = ", ".join(one.speakers[:_MOST_NAMES]) + (", 等" if len(one.speakers) > _MOST_NAMES else "")
    published = f"{one.published_on[:4]}({one.published_on})" if one.published_on else ""
    held = f"{one.site_name}, {published}[{one.captured_on}]"
    return f"{f'{names}. ' if names else ''}{one.title}[EB/OL]. {held}. {one.url}. {one.reference}."


def in_english(one: Cited) -> str:
    """The citation in English."""
    names = f"{', '.join(one.speakers)}. " if one.speakers else ""
    delivered = f"Delivered {one.delivered_on}. " if one.delivered_on else ""
    published = f"Published {one.published_on or 'on a day not known'}. "
    where = f"{one.site_name} ({one.publisher}). "
    captured = f"Captured {one.captured_on} (UTC). "
    return f"{names}“{one.title}”. {where}{delivered}{published}{captured}{one.url}. {one.reference}."
