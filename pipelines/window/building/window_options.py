"""What is asked of a window."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.archive.errors import NotUnderstood
from pipelines.window.pages import LANGUAGES, Language

_ADDRESS = re.compile(r"https?://[^\s?#]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """`keywords` get a feed each; renderings are copies of the archived HTML without scripts.

    `served_at`: the address of the window's folder, for feeds; null for relative links in them.
    """

    languages: tuple[Language, ...] = LANGUAGES
    has_renderings: bool = True
    keywords: tuple[str, ...] = ()
    served_at: str | None = None


def _is_text(word: str) -> bool:
    """Whether it has no byte that Python could not decode, which no page can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def options_of(
    languages: str, *, has_renderings: bool, keywords: tuple[str, ...], served_at: str | None
) -> WindowOptions:
    """From the command line; `NotUnderstood` when a language is none of ours, a word no text, or an address none."""
    asked = languages.split(",")
    found = tuple(one for one in LANGUAGES if one in asked)
    if not found or set(asked) - set(found):
        raise NotUnderstood(f"--language {languages}: write {','.join(LANGUAGES)}, or one of them")
    if not all(word.strip() for word in keywords):
        raise NotUnderstood("--keyword: an empty word stands in every text; write a word")
    odd = next((word for word in (*keywords, served_at or "") if not _is_text(word)), None)
    if odd is not None:
        raise NotUnderstood(f"{odd!r}: is not encoded as this terminal says; write it anew, in UTF-8")
    if served_at is not None and not _ADDRESS.fullmatch(served_at):
        raise NotUnderstood(
            f"--served-at {served_at}: must be the address of a folder, as https://example.org/speeches/"
        )
    return WindowOptions(
        languages=found,
        has_renderings=has_renderings,
        keywords=tuple(sorted(set(keywords))),
        served_at=served_at and f"{served_at.rstrip('/')}/",
    )
