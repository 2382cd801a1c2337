"""The `-a` arguments of a crawl: allowed names, values and combinations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from crawler.crawl.slow_patterns import slow_on
from crawler.sites.keys import is_web_address
from crawler.sites.lookup import Profiles
from crawler.sites.profile import SiteProfile
from pipelines.archive.write.admission import CLOCK, DAMAGE, MASS_GONE, NEW_CMS
from pipelines.gates.rules import GATES
from pipelines.values import frozen

ARGUMENTS = {
    "site": "name of the site, as `scrapy sites` lists it",
    "start_url": "list page, or any page of the site (default: the profile's)",
    "profile": "profile file to use instead of the built-in one",
    "section": "read only this one of the profile's `sections`; nothing is marked missing or gone",
    "limit": "read at most N articles; nothing is marked missing or gone",
    "mode": "incremental (default) or full",
    "plan": "1: fetch the lists, show which articles would be read and why, and write nothing",
    "accept": "what the last run refused, several with commas: mass-gone (more than a third of the site is gone), "
    "clock (it is far from the last commit's or the site's), damage (continue although files are damaged), "
    f"new-cms (its speeches have other ids), or a gate that the run has tripped: {', '.join(GATES)}",
    "replay": "latest: read every capture again with the current parser; RUN, or its report's path: replay that run",
}
LATEST = "latest"
_MODES = ("incremental", "full")
_ACCEPT = (MASS_GONE, CLOCK, DAMAGE, NEW_CMS, *GATES)
_RUN = re.compile(r"[a-z0-9-]+|.*\.json")
_WITH_REPLAY = ("site", "profile", "replay", "start_url")


class WrongUse(ValueError):  # noqa: N818 - reads as a sentence: "wrong use"
    """Wrong arguments; the message names the argument and what is allowed."""


@frozen(kw_only=True)
class Arguments:
    """The checked `-a` arguments of a crawl."""

    profile: SiteProfile
    start_url: str
    section: str | None = None
    limit: int | None = None
    mode: str = _MODES[0]
    is_mode_given: bool = False
    plan_only: bool = False
    accept: frozenset[str] = frozenset()
    replay: str | None = None

    @property
    def is_partial(self) -> bool:
        """True for a crawl of a part of the site."""
        return self.limit is not None or self.section is not None

    @classmethod
    def parse(cls, given: Mapping[str, str], profiles: Profiles | None = None) -> Arguments:
        """Check the arguments and load the profile, of a deployment's `profiles` if given.

        Raises:
            WrongUse, ProfileError: the message names the argument and the remedy.
        """
        _check_names(given)
        file = Path(given["profile"]) if "profile" in given else None
        profile = (profiles or Profiles()).load(given["site"], file)
        if not profile.enabled and "replay" not in given:
            why = f"disabled_because = {profile.disabled_because!r}"
            raise WrongUse(f"site={profile.site}: its profile says enabled = false, {why}; it is not crawled")
        _check_pattern(profile, given.get("profile", given["site"]))
        start_url = given.get("start_url", profile.start_url)
        if not is_web_address(start_url):
            raise WrongUse(f"-a start_url={start_url}: must be an address beginning with http:// or https://")
        return cls(
            profile=profile,
            start_url=start_url,
            section=one_section(profile, given.get("section")),
            limit=_limit(given.get("limit")),
            mode=_one_of("mode", given.get("mode", _MODES[0]), _MODES),
            is_mode_given="mode" in given,
            plan_only=_one_of("plan", given.get("plan", "0"), ("0", "1")) == "1",
            accept=_accepted(given["accept"]) if "accept" in given else frozenset(),
            replay=_replay(given.get("replay")),
        )

    @classmethod
    def of(cls, profile: SiteProfile) -> Arguments:
        """A crawl of a site as its profile says; `WrongUse` for a profile that names a dangerous pattern."""
        _check_pattern(profile, profile.site)
        return cls(profile=profile, start_url=profile.start_url)


def _check_names(given: Mapping[str, str]) -> None:
    for name in given:
        if name.startswith("_"):
            continue  # scrapyd adds its own (_job)
        if name not in ARGUMENTS:
            raise WrongUse(f"-a {name}=…: unknown argument; allowed are: {', '.join(ARGUMENTS)}")
        if "replay" in given and name not in _WITH_REPLAY:
            raise WrongUse(f"-a {name}=… cannot be combined with -a replay=…, which has its own; leave it out")
    if "site" not in given:
        raise WrongUse("-a site=NAME is missing; `scrapy sites` lists the names")


def one_section(profile: SiteProfile, name: str | None) -> str | None:
    """The name of the one section to read, which is one of the profile's; None to read all.

    Raises:
        WrongUse: it is none of them.
    """
    names = [one.name for one in profile.sections]
    if name is not None and name not in names:
        known = f"one of: {', '.join(names)}" if names else "left out: the profile has no `sections`"
        raise WrongUse(f"-a section={name}: must be {known}")
    return name


_LONG_PATH, _SECONDS_A_PATH = 1_000, 0.1
"""Length of a path longer than on any site, and the seconds that a linear pattern never needs for it."""


def _check_pattern(profile: SiteProfile, named: str) -> None:
    if profile.static_article is None:
        return
    pattern = re.compile(profile.static_article)
    if found := slow_on(pattern.search, pattern, _LONG_PATH, _SECONDS_A_PATH):
        remedy = "a repetition must not hold another of the same characters: write (?:/[a-z]+)+, not (?:/?[a-z]+)+"
        raise WrongUse(f"{named}: static_article takes too long on {found}; {remedy}")


def _replay(value: str | None) -> str | None:
    if value is not None and not _RUN.fullmatch(value):
        raise WrongUse(
            f"-a replay={value}: must be {LATEST}, a run's id as 20260110t020000z-ab12, or its report's path"
        )
    return value


def _accepted(value: str) -> frozenset[str]:
    return frozenset(_one_of("accept", one, _ACCEPT) for one in value.split(","))


def _limit(value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", value):
        raise WrongUse(f"-a limit={value}: must be a whole number above 0")
    return int(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise WrongUse(f"-a {name}={value}: must be one of: {', '.join(allowed)}")
    return value
