"""Renderings of the pages by which a site's state can be seen: the last good one, and what came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError
from pipelines.window import addresses
from pipelines.window.proving.page_rendering import rendering_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.window.condition.site_health import HealthOfAll


def page_copies(health: HealthOfAll) -> Iterator[tuple[str, bytes]]:
    """Each by its address, below the window's folder; a page that cannot be read has none."""
    for one in health.sites:
        for which, seen in (("good", one.pages.good), ("last", one.pages.last)):
            if seen is not None and seen.is_shown:
                site, place = one.status.site, (seen.file, seen.offset)
                try:
                    content = rendering_at(seen.layout, f"{site} · {which}", seen.url, seen.captured_at, place)
                except (ArchiveError, ValueError):
                    continue
                yield addresses.seen_page(site, which), content
