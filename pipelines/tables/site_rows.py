"""The row of a site: what its archive says of it, and of which commit the other rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.tables.rows import SiteRow

if TYPE_CHECKING:
    from pipelines.archive import Archive


def site_row(archive: Archive) -> SiteRow:
    """The row of one archive, as of its last commit."""
    facts, said, totals = archive.facts_now(), archive.description(), archive.totals()
    present, gone, _ = archive.speeches()
    return SiteRow(
        site=facts.site,
        name=facts.name,
        committee=facts.committee,
        cms=facts.cms,
        hosts=facts.hosts,
        timezone=facts.timezone,
        language=facts.language,
        rights=facts.rights,
        contact=facts.contact,
        custody=said["custody"],
        commit=archive.last.n,
        recorded_at=archive.last.recorded_at,
        head=archive.head,
        last_run=totals.last_run["run"] if totals.last_run else None,
        speeches=present,
        gone=gone,
        versions=totals.versions,
        retired=totals.retired["reason"] if totals.retired else None,
    )
