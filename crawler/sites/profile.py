"""Loads and checks site profiles, one TOML file per site. Errors name the file, the key and what is allowed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import MISSING, fields
from importlib.resources.abc import Traversable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawler.pages import FAMILIES, Family, family, family_class
from crawler.pages.containers import Container
from crawler.sites.keys import (
    TAGS,
    TEXT,
    YES_OR_NO,
    Kind,
    WrongFile,
    check,
    is_text,
    is_texts,
    is_web_address,
    read_toml,
    whole_number,
)
from crawler.sites.schedule import PACE
from crawler.sites.sections import SECTIONS, OneSection, read_sections
from pipelines.values import frozen

_SITE_NAME = re.compile(r"[a-z0-9-]{1,40}")
_DOCUMENTS = ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "pdf", "wps", "et", "dps", "ofd", "txt", "rtf", "csv")
_PICTURES = ("jpg", "jpeg", "png", "gif", "bmp", "webp")
USUAL_MB = 16
ATTACHMENT_TYPES = (*_DOCUMENTS, *_PICTURES, "zip", "rar", "7z")
_COUNTERS = ("read_only", "none", "increments")


class ProfileError(ValueError):
    """An unknown site or an invalid profile; the message names the file, the key and what is allowed."""


RESERVED = frozenset({"anchors", "fleet"})
"""Folders beside the archives, which are named after their sites."""


@frozen(kw_only=True)
class SiteProfile:
    """Facts of one site.

    `hosts`: the site's own host first, then its aliases. `counter`: `read_only` requests a counter only where that
    counts no view, `none` never, `increments` also where it counts. `body`, `rows`: the template's own containers of
    body and list rows, `#id`, `.class` or an XPath. `static_article`: for sites of static files, a pattern over the
    path with the named group `id` (and `part`). `print_page`: articles are read from their print pages (KesionCMS).
    `section`: the names that the one section may have, or those of all the `sections` where the archive has several.
    `timezone`: assumed time zone of the times that the site prints. `young_days`: days after its publication in which
    an article is read daily. `quiet_days`: days without a new speech from which a run is refused, 0 for
    never, null to go by the site's rhythm. `attachment_types`: file name endings of attachments to fetch,
    `attachment_mb`: their largest size in MiB, 0 for none. `page_requisites`: style sheets and template pictures are
    captured, each once.

    Null where the deployment's value holds: `schedule`, `hours` (in which it is requested), `full_every` (days after
    which every article is read again, 0 for never), `delay` (seconds between two requests), `request_budget` and
    `time_budget` (requests, minutes of a run, 0 for no limit). `enabled`: it is crawled; `disabled_because` says why
    not. `tags` select sites.
    """

    site: str
    name: str
    committee: str
    cms: str
    id_namespace: str
    start_url: str
    hosts: tuple[str, ...]
    section: tuple[str, ...] = ()
    sections: tuple[OneSection, ...] = ()
    counter: str = "read_only"
    timezone: str = "Asia/Shanghai"
    language: str = "zh-CN"
    static_article: str | None = None
    body: str | None = None
    rows: str | None = None
    print_page: bool = False
    rights: str | None = None
    contact: str | None = None
    gone_after_days: int = 14
    young_days: int = 30
    quiet_days: int | None = None
    attachment_types: tuple[str, ...] = ATTACHMENT_TYPES
    attachment_mb: int = USUAL_MB
    page_requisites: bool = False
    schedule: str | None = None
    hours: str | None = None
    full_every: int | None = None
    delay: float | None = None
    request_budget: int | None = None
    time_budget: int | None = None
    tags: tuple[str, ...] = ()
    enabled: bool = True
    disabled_because: str | None = None

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits over the keys that affect how pages are read."""
        facts: list[object] = [
            self.cms,
            self.section,
            self.name,
            self.committee,
            self.timezone,
            self.counter,
            self.static_article,
        ]
        facts += [self.containers] if self.containers else []
        facts += ["print_page"] if self.print_page else []
        facts += ["sections"] if self.sections else []
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:8]

    @property
    def containers(self) -> dict[str, str]:
        """The template's own containers, by their content."""
        return {key: value for key, value in (("body", self.body), ("rows", self.rows)) if value}

    def family(self) -> Family:
        """The page objects that read the site."""
        names = (self.name, self.committee)
        return family(self.cms, self.static_article, self.section, names, self.containers, print_page=self.print_page)


def load_profile(site: str, file: Traversable) -> SiteProfile:
    """Load the profile of a site; `crawler.sites.lookup` finds it by the site's name.

    Raises:
        ProfileError: no such file, unreadable or broken TOML, a key missing, unknown or of the wrong kind.
    """
    check_name(site)
    try:
        return _checked(site, file, read_toml(file, "a profile"))
    except FileNotFoundError:
        raise ProfileError(f"site={site}: no profile {file}; give another file") from None
    except WrongFile as error:
        raise ProfileError(str(error)) from None


def is_name(site: str) -> bool:
    """Whether a site can be called so, as far as its characters go."""
    return _SITE_NAME.fullmatch(site) is not None


def check_name(site: str) -> None:
    """Refuse (`ProfileError`) what is no name of a site."""
    if not is_name(site):
        raise ProfileError(f"site={site!r}: a site name is 1 to 40 of a-z, 0-9 and -")
    if site in RESERVED:
        raise ProfileError(f"site={site}: the name of a folder beside the archives; give the site another")


def _checked(site: str, path: Traversable, values: dict[str, Any]) -> SiteProfile:
    needed = tuple(f.name for f in fields(SiteProfile) if f.name != "site" and f.default is MISSING)
    check(path, values, _KINDS, needed)
    sections = read_sections(path, values)
    facts = {k: (v,) if k == "section" and isinstance(v, str) else v for k, v in values.items()}
    facts |= {"section": [one.name for one in sections], "sections": sections} if sections else {}
    kept: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    profile = SiteProfile(site=site, **kept)
    if profile.containers and not family_class(profile.cms).takes_containers:
        raise ProfileError(f"{path}: body and rows are not for cms = {profile.cms!r}: its code makes its containers")
    if profile.print_page and not family_class(profile.cms).has_print_pages:
        printing = " or ".join(name for name in FAMILIES if family_class(name).has_print_pages)
        raise ProfileError(f"{path}: print_page = true: only with cms = {printing}")
    if profile.enabled == bool(profile.disabled_because):
        raise ProfileError(f"{path}: disabled_because = TEXT: must be there with enabled = false, and only with it")
    return profile


def _is_host(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9.-]+(?::\d+)?", value) is not None


def _is_timezone(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _is_article_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and "id" in re.compile(value).groupindex
    except re.error:
        return False


def _is_container(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(Container(value))
    except ValueError:
        return False


def _is_endings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and re.fullmatch("[a-z0-9]+", one) for one in value)


_MOST_MB = 64
_CONTAINER = (_is_container, "#id, .class or an XPath beginning with /")
_DAYS = whole_number(36_500, "days")
_KINDS: dict[str, Kind] = {
    "name": TEXT,
    "committee": TEXT,
    "cms": (lambda value: isinstance(value, str) and value in FAMILIES, f"one of: {', '.join(FAMILIES)}"),
    "id_namespace": TEXT,
    "start_url": (is_web_address, "an address beginning with http:// or https://"),
    "section": (lambda value: is_text(value) or is_texts(value), "the section's name, or a list of its names"),
    "sections": SECTIONS,
    "hosts": (lambda value: isinstance(value, list) and bool(value) and all(map(_is_host, value)), "a list of hosts"),
    "counter": (lambda value: value in _COUNTERS, f"one of: {', '.join(_COUNTERS)}"),
    "timezone": (_is_timezone, "a time zone such as Asia/Shanghai"),
    "language": TEXT,
    "static_article": (_is_article_pattern, "a pattern with the named group (?P<id>…)"),
    "body": _CONTAINER,
    "rows": _CONTAINER,
    "print_page": YES_OR_NO,
    "rights": TEXT,
    "contact": TEXT,
    "gone_after_days": _DAYS,
    "young_days": _DAYS,
    "quiet_days": _DAYS,
    "attachment_types": (_is_endings, "a list of file name endings such as pdf, without the dot"),
    "attachment_mb": (lambda value: type(value) is int and 0 <= value <= _MOST_MB, f"0 to {_MOST_MB} MiB"),
    "page_requisites": YES_OR_NO,
    **PACE,
    "tags": TAGS,
    "enabled": YES_OR_NO,
    "disabled_because": TEXT,
}
