"""What is asked of a window."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.archive.errors import NotUnderstood
from pipelines.window.pages import LANGUAGES, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """`keywords` get a feed each; renderings are copies of the archived HTML without scripts."""

    languages: tuple[Language, ...] = LANGUAGES
    has_renderings: bool = True
    keywords: tuple[str, ...] = ()


def options_of(languages: str, *, has_renderings: bool, keywords: tuple[str, ...]) -> WindowOptions:
    """From the command line; `NotUnderstood` when a language is none of ours."""
    asked = languages.split(",")
    found = tuple(one for one in LANGUAGES if one in asked)
    if not found or set(asked) - set(found):
        raise NotUnderstood(f"--language {languages}: write {','.join(LANGUAGES)}, or one of them")
    return WindowOptions(languages=found, has_renderings=has_renderings, keywords=tuple(sorted(set(keywords))))
