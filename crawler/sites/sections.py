"""The key `sections` of a profile: several columns of one site in one archive."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import urlsplit

from crawler.pages.page import squeeze
from crawler.sites.keys import TEXT, Kind, WrongFile, check, is_web_address
from pipelines.values import frozen


@frozen
class OneSection:
    """A section of a site by its name; `start_url` leads to it where the site's own start page does not."""

    name: str
    start_url: str | None = None


_START: Kind = (is_web_address, "an address beginning with http:// or https://")
_KEYS: dict[str, Kind] = {"name": TEXT, "start_url": _START}
SECTIONS: Kind = (
    lambda value: isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value),
    'a list of sections such as [{name = "领导讲话"}, {name = "主席讲话", start_url = "…"}]',
)


def read_sections(path: Traversable, values: Mapping[str, Any]) -> tuple[OneSection, ...]:
    """The sections of a profile whose other keys were checked; none where it has `section`.

    Raises:
        WrongFile: it has both keys or neither, or a section is wrong.
    """
    if ("section" in values) == ("sections" in values):
        said = "are both there: give" if "section" in values else "are both missing: give"
        raise WrongFile(f"{path}: section and sections {said} `section`, the name of one column, or `sections`")
    found: dict[str, OneSection] = {}
    for number, one in enumerate(values.get("sections", ()), 1):
        place = f"sections[{number}]"
        kinds = {f"{place}.{key}": kind for key, kind in _KEYS.items()}
        check(path, {f"{place}.{key}": value for key, value in one.items()}, kinds, (f"{place}.name",))
        section = OneSection(**one)
        if squeeze(section.name) in found:
            raise WrongFile(f"{path}: {place}.name = {section.name!r}: is there twice")
        if section.start_url and not _is_of_site(section.start_url, values):
            named = ", ".join(values["hosts"])
            raise WrongFile(f"{path}: {place}.start_url = {section.start_url!r}: is on none of the hosts {named}")
        found[squeeze(section.name)] = section
    return tuple(found.values())


def _is_of_site(url: str, values: Mapping[str, Any]) -> bool:
    parts = urlsplit(url)
    named = {host.lower() for host in values["hosts"]} | {urlsplit(values["start_url"]).netloc.lower()}
    return bool({parts.netloc.lower(), (parts.hostname or "").lower()} & named)
