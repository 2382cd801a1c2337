"""Files and pictures of a body, fetched as the profile allows. A failed one never costs the speech."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.crawl.observed import sha256_of
from crawler.http.capture import capture
from crawler.http.fetch import Fetcher
from crawler.sites.profile import SiteProfile
from pipelines.record import Attachment, Capture, Problem
from pipelines.values import frozen

MOST_FILES = 300
"""Per speech: many times the number of pictures in any article."""


@frozen
class Fetching:
    """The attachments of a speech: with digests where they were fetched, and problems where they were not."""

    attachments: tuple[Attachment, ...]
    captures: tuple[Capture, ...]
    problems: tuple[Problem, ...]


class AttachmentFetcher:
    """Fetches attachments of one site, one after the other.

    Args:
        profile: says which kinds are fetched and how large they may be.
        fetcher: fetches them, with redirects followed within the site.
    """

    def __init__(self, profile: SiteProfile, fetcher: Fetcher) -> None:
        self.profile, self.fetcher = profile, fetcher

    async def fetch(self, found: tuple[Attachment, ...]) -> Fetching:
        """Fetch the attachments that the profile allows."""
        kept: list[Attachment] = []
        captures: list[Capture] = []
        problems: list[Problem] = []
        asked = 0
        for attachment in found:
            local = self.fetcher.hosts.local(attachment.url)
            named = replace(attachment, url=local or attachment.url)
            wanted = is_wanted(self.profile, named.url)
            asked += wanted
            if wanted and asked > MOST_FILES:
                kept.append(named)
                continue
            why = await self._fetch(local, len(captures) + 1, captures) if wanted else None
            if why is not None:
                problems.append(not_fetched(named.url, why))
            elif wanted:
                named = replace(named, sha256=captures[-1].payload_sha256)
            kept.append(named)
        if asked > MOST_FILES:
            detail = f"{asked - MOST_FILES} files: only the first {MOST_FILES} of a speech are fetched"
            problems.append(Problem(field="attachments", code="not-fetched", detail=detail))
        return Fetching(tuple(kept), tuple(captures), tuple(problems))

    async def is_replaced(self, url: str, sha256: str, validators: Mapping[str, str]) -> bool:
        """Request an archived file again, and return whether the site now sends other bytes.

        A failure proves nothing: the next full reading of the speech reports it.
        """
        local = self.fetcher.hosts.here(url)
        if not is_wanted(self.profile, local):
            return False
        answer = await self.fetcher.file(local, self.profile.attachment_mb << 20, validators)
        if answer.response is None or answer.reason is not None:
            return False
        return sha256_of(answer.response) != sha256

    async def _fetch(self, local: str | None, number: int, captures: list[Capture]) -> str | None:
        """Why the file was not fetched; None when its capture is the last of `captures`."""
        if local is None:
            return "on a foreign host"
        answer = await self.fetcher.file(local, self.profile.attachment_mb << 20)
        if answer.response is None or answer.reason is not None:
            return answer.stable_detail
        captures.append(await capture("attachment", number, answer.response))
        return None


_SCRIPTS = frozenset({"asp", "aspx", "jsp", "php", "do"})


def is_wanted(profile: SiteProfile, url: str) -> bool:
    """True for an attachment that the profile allows to fetch."""
    kind = urlsplit(url).path.rpartition(".")[2].lower()
    # The address of a download script (FileDown.asp?ID=1) does not tell the type of the file.
    return profile.attachment_mb > 0 and (kind in _SCRIPTS or kind in profile.attachment_types)


def not_fetched(url: str, why: str) -> Problem:
    """The problem of an attachment that was not fetched."""
    return Problem(field="attachments", code="not-fetched", detail=f"{url}: {why}")
