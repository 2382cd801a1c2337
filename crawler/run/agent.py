"""The User-Agent, and the software versions recorded in commits."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.metadata import version

from scrapy.settings import BaseSettings

from crawler.http.hosts import Hosts
from crawler.run.arguments import WrongUse
from pipelines import __version__


def user_agent(settings: BaseSettings, hosts: Hosts) -> str:
    """The User-Agent with a contact for webmasters, without which only private addresses are requested.

    Raises:
        WrongUse: a public site, and no contact.
    """
    agent, contact = str(settings["USER_AGENT"]), str(settings["ARCHIVE_CONTACT"] or "").strip()
    if not contact.isprintable():
        raise WrongUse("-s ARCHIVE_CONTACT: must be one line of printable characters")
    if not contact and not hosts.is_private:
        raise WrongUse(
            f"{hosts.netloc}: a public site is not requested without a contact for its webmaster: add -s "
            "ARCHIVE_CONTACT=you@example.org, set the environment variable of that name, or `contact` in fleet.toml"
        )
    return f"{agent} {contact}" if contact else agent


_version = cache(version)


def software() -> dict[str, str]:
    """Versions of this program, Python, the system and important libraries."""
    libraries = {name: _version(name) for name in ("scrapy", "twisted", "lxml", "w3lib")}
    return {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform, **libraries}
