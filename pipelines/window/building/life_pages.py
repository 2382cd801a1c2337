"""Writes the pages about single speeches of one site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError
from pipelines.archive.read.reader import Archive
from pipelines.window.building.window_files import WindowFiles
from pipelines.window.building.window_state import MadeSpeech
from pipelines.window.proving.answers_read import forget_answers
from pipelines.window.proving.page_rendering import renderings
from pipelines.window.proving.version_proof import proof_pages
from pipelines.window.reading.life_store import LifeStore
from pipelines.window.reading.summary import summary_of
from pipelines.window.searching.text_script import text_script
from pipelines.window.speeches.speech_page import speech_pages
from pipelines.window.templates import all_templates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pipelines.window.pages import Language, Page
    from pipelines.window.reading.lives import Life, SiteOf


Wrote = tuple[str, MadeSpeech | ArchiveError, int]
"""The native id of a speech, what was made of it or why nothing was, how many of its files had other bytes before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivesOfSite:
    """Whose pages are written, and where: all that a process needs to know.

    `archive` is the folder of the archive, `commit` the number of its last commit, `acts` those of `acts_among`;
    `scratch` is the file of its `LifeStore`, which is filled.
    """

    window: Path
    languages: tuple[Language, ...]
    has_renderings: bool
    keywords: tuple[str, ...]
    archive: Path
    commit: int
    acts: tuple[int, ...]
    site: SiteOf
    scratch: Path


class LifeWriter:
    """Writes all files about a speech of one site."""

    def __init__(self, of: LivesOfSite) -> None:
        forget_answers()
        archive = Archive(of.archive)
        self._archive = archive.at(archive.commit(of.commit))
        self._store = LifeStore(of.scratch, self._archive, of.site, [archive.commit(n) for n in of.acts])
        self._files = WindowFiles(of.window)
        self._templates = all_templates(of.languages)
        self._has_renderings, self._keywords = of.has_renderings, of.keywords

    def write(self, native_id: str) -> Wrote:
        """Write them where they differ; none of them when a line or a capture is not what the archive says."""
        try:
            life = self._store.life(native_id)
            summary, made = summary_of(life, self._keywords), dict(self._made(life))
        except ArchiveError as error:
            return native_id, error, 0
        written = sum(self._files.write(address, data) for address, data in made.items())
        return native_id, MadeSpeech(summary, tuple(made)), written

    def close(self) -> None:
        """Close what was opened."""
        self._store.close()

    def _made(self, life: Life) -> Iterator[tuple[str, bytes]]:
        rendered = dict(renderings(life, self._archive)) if self._has_renderings else {}
        yield from rendered.items()
        for page in self._pages(life, rendered.keys()):
            for templates in self._templates:
                yield f"{templates.language}/{page.address}", templates.render(page)
        searched = text_script(life)
        if searched is not None:
            yield searched

    def _pages(self, life: Life, rendered: Collection[str]) -> Iterator[Page]:
        yield from speech_pages(life, self._archive.layout, rendered)
        yield from proof_pages(life, self._archive, rendered)
