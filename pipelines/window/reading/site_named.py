"""What an archive says of its site, for the pages about its speeches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.window.reading.lives import SiteOf

if TYPE_CHECKING:
    from pipelines.archive.read.reader import Archive


def site_of(archive: Archive, way: str) -> SiteOf:
    """The site of an archive; `way` leads from the window's folder to the archive's, with `/`."""
    facts, described = archive.facts_now(), archive.description()
    return SiteOf(
        site=facts.site,
        name=facts.name,
        committee=facts.committee,
        hosts=facts.hosts,
        timezone=facts.timezone,
        language=facts.language,
        rights=facts.rights,
        contact=facts.contact,
        custody=described["custody"],
        archive=way,
    )
