"""What a citation says of one reading of one version, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipelines.record import names_in

if TYPE_CHECKING:
    from pipelines.archive import Archive
    from pipelines.archive.disk.streams import Line


class CitedSite(Protocol):
    """What a citation says of the site."""

    @property
    def site(self) -> str:
        """Its short name."""

    @property
    def name(self) -> str:
        """The name of the website."""

    @property
    def committee(self) -> str:
        """Who publishes it."""

    @property
    def language(self) -> str:
        """Of its texts."""

    @property
    def rights(self) -> str | None:
        """Whose they are."""

    @property
    def contact(self) -> str | None:
        """Who answers for the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A text and its place; null where the archive does not know.

    `head` is the hash of the commit that brought the text, so that a citation stays the same however long the archive
    goes on. `rights`, `custody` and `contact` are what the archive says now. `gone_at`: when the site was seen
    without the speech.
    """

    id: str
    version: int
    reading: int
    title: str
    speakers: tuple[str, ...]
    site: str
    site_name: str
    publisher: str
    language: str
    url: str
    genre: str | None
    meeting: str | None
    published_on: str | None
    delivered_on: str | None
    captured_at: str
    commit: int
    head: str
    content_sha256: str
    rights: str | None
    custody: str | None
    contact: str | None
    gone_at: str | None

    @property
    def reference(self) -> str:
        """As the commands take it: gszx:4864@2.1."""
        return f"{self.id}@{self.version}.{self.reading}"

    @property
    def key(self) -> str:
        """The key for programs of references, one for each reading: gszx:4864-v2.1."""
        return f"{self.id}-v{self.version}.{self.reading}"

    @property
    def captured_on(self) -> str:
        """The day of the capture, UTC."""
        return self.captured_at[:10]

    @property
    def where(self) -> str:
        """Where and with what the commands of `verify` are run."""
        return f"in the folder that holds the archive {self.site}, with the software speech-archive"

    @property
    def had_from(self) -> str | None:
        """Who gives a copy of the archive; null when it does not say."""
        return ", ".join(filter(None, (self.custody, self.contact))) or None

    @property
    def verify(self) -> tuple[str, str]:
        """The commands that prove the chain up to the text, and print it.

        They have no two hyphens together, which TeX would print as one dash, so that one copies them from BibTeX.
        """
        return (
            f"python -m pipelines verify {self.site} -H {self.head}",
            f"python -m pipelines show {self.site} {self.reference}",
        )


def cited(archive: Archive, line: Line, gone_at: str | None = None) -> Cited:
    """The citation of a content line of the archive."""
    said, head = archive.description(), archive.commit(line["commit"]).sha256
    return cited_line(line, archive.facts_now(), said["custody"], head, gone_at)


def cited_line(line: Line, site: CitedSite, custody: str | None, head: str, gone_at: str | None = None) -> Cited:
    """The same from what is at hand: `head` is the hash of the commit that brought the line."""
    return Cited(
        id=line["id"],
        version=line["version"],
        reading=line["reading"],
        title=line["title"],
        speakers=names_in(line["speaker"]),
        site=site.site,
        site_name=site.name,
        publisher=site.committee,
        language=site.language,
        url=line["url"],
        genre=line["genre"],
        meeting=line["meeting"],
        published_on=line["published_on"],
        delivered_on=line["delivered_on"],
        captured_at=line["observed_at"],
        commit=line["commit"],
        head=head,
        content_sha256=line["content_sha256"],
        rights=site.rights,
        custody=custody,
        contact=site.contact,
        gone_at=gone_at,
    )
