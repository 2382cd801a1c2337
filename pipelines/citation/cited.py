"""What a citation says of one reading of one version, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.record import names_in

if TYPE_CHECKING:
    from pipelines.archive import Archive
    from pipelines.archive.disk.streams import Line


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
    facts, said = archive.facts_now(), archive.description()
    return Cited(
        id=line["id"],
        version=line["version"],
        reading=line["reading"],
        title=line["title"],
        speakers=names_in(line["speaker"]),
        site=facts.site,
        site_name=facts.name,
        publisher=facts.committee,
        language=facts.language,
        url=line["url"],
        genre=line["genre"],
        meeting=line["meeting"],
        published_on=line["published_on"],
        delivered_on=line["delivered_on"],
        captured_at=line["observed_at"],
        commit=line["commit"],
        head=archive.commit(line["commit"]).sha256,
        content_sha256=line["content_sha256"],
        rights=facts.rights,
        custody=said["custody"],
        contact=facts.contact,
        gone_at=gone_at,
    )
