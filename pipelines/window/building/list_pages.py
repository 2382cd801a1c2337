"""Every file of a window that is not about one speech: the door, pages and feeds made from summaries, style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from pipelines.window import addresses
from pipelines.window.pages import Page
from pipelines.window.templates import LANGUAGE_TAGS, Templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.window.building.window_options import WindowOptions
    from pipelines.window.reading.site_summaries import SiteSummaries
    from pipelines.window.reading.summary import Summary

DOOR = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsOf:
    """What they are made from. `changed` are the summaries of speeches with news, as they were and as they are; null
    when everything is to be made.
    """

    sites: Sequence[SiteSummaries]
    options: WindowOptions
    changed: Sequence[Summary] | None


@dataclass(frozen=True, slots=True)
class LanguageDoor:
    """The way into the pages of one language."""

    tag: str
    title: str
    name: str
    front: str


def list_files(of: ListsOf) -> Iterator[tuple[str, bytes | None]]:
    """Each by its address below the window's folder; null where nothing that it shows has changed."""
    templates = [Templates(language, of.options.languages) for language in of.options.languages]
    for asset in sorted(files("pipelines.window").joinpath("assets").iterdir(), key=lambda one: one.name):
        yield f"assets/{asset.name}", asset.read_bytes()
    for address, page in _pages(of):
        for one in templates:
            yield f"{one.language}/{address}", None if page is None else one.render(page)
    yield DOOR, _door(templates)


def _pages(of: ListsOf) -> Iterator[tuple[str, Page | None]]:  # noqa: ARG001 - until there are some
    yield from ()


def _door(templates: Sequence[Templates]) -> bytes:
    doors = [
        LanguageDoor(
            LANGUAGE_TAGS[one.language],
            one.words("frame.title"),
            one.words("language.name"),
            f"{one.language}/{addresses.FRONT}",
        )
        for one in templates
    ]
    return templates[0].render(Page(f"../{DOOR}", "door.html", {"doors": doors}))
