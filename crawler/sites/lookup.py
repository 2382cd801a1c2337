"""Profiles by name: those of a deployment's own folder, and beside them those that the package ships."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from crawler.sites.profile import ProfileError, SiteProfile, check_name, load_profile
from pipelines.values import frozen

SITES = files("crawler.sites")
"""The profiles that ship; a folder, or part of a zip file: scrapyd runs the package from an egg."""
_ENDING = ".toml"
_MOST_TOLD = 10
"""Names in a message: a fleet has thousands."""


@frozen(kw_only=True)
class Known:
    """A site with a profile: the profile, or why it cannot be used."""

    site: str
    profile: SiteProfile | None = None
    error: str = ""


class NoProfile(ProfileError):  # noqa: N818 - reads as a sentence
    """There is no profile of such a site."""


class Profiles:
    """The profiles of a folder, over those that ship: a file of the folder replaces a built-in one of its name."""

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is read yet; without a folder there are the built-in ones only."""
        self.folder = folder

    def names(self) -> list[str]:
        """Names of all sites, sorted; `ProfileError` when the folder cannot be read."""
        return sorted(self._files())

    def load(self, site: str, file: Path | None = None) -> SiteProfile:
        """The profile of a site, from `file` if given.

        Raises:
            NoProfile: unknown site.
            ProfileError: a profile that cannot be used.
        """
        if file is not None:
            return load_profile(site, file)
        check_name(site)
        known = self._files()
        if site in known:
            return load_profile(site, known[site])
        place = f"{self.folder / site}{_ENDING}" if self.folder else f"{site}{_ENDING}"
        told = _told(site, sorted(known))
        raise NoProfile(f"site={site}: no profile {place}; {told}; write it, or pass -a profile=FILE")

    def all(self) -> Iterator[Known]:
        """Every site by its name, also those whose profile cannot be used; `ProfileError` as `names`."""
        for site, file in sorted(self._files().items()):
            try:
                yield Known(site=site, profile=load_profile(site, file))
            except ProfileError as error:
                yield Known(site=site, error=str(error))

    def _files(self) -> dict[str, Traversable]:
        try:
            own = list(self.folder.iterdir()) if self.folder else []
        except OSError as error:
            raise ProfileError(f"{self.folder}: the folder of profiles cannot be read: {error.strerror}") from None
        found = (file for file in (*SITES.iterdir(), *own) if file.name.endswith(_ENDING))
        return {_name_of(file): file for file in found}


def _name_of(file: Traversable) -> str:
    """Of a file; bytes that are no UTF-8, of an archive made elsewhere, as escapes, so that it can be told."""
    return file.name.removesuffix(_ENDING).encode(errors="surrogateescape").decode(errors="backslashreplace")


def _told(site: str, known: list[str]) -> str:
    """The names of the sites there are, for somebody who named another."""
    if len(known) <= _MOST_TOLD:
        return f"known are: {', '.join(known)}"
    like = get_close_matches(site, known, _MOST_TOLD)
    return f"`scrapy sites` lists all {len(known)}{', similar are: ' if like else ''}{', '.join(like)}"
