"""The User-Agent, and the software versions recorded in commits."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.metadata import version

from scrapy.settings import BaseSettings

from crawler.http.hosts import Hosts
from pipelines import __version__


def user_agent(settings: BaseSettings, hosts: Hosts, command: str) -> str:
    """The User-Agent with a contact for webmasters; without one, `command` prints a warning on stderr."""
    agent, contact = str(settings["USER_AGENT"]), str(settings["ARCHIVE_CONTACT"])
    if contact:
        return f"{agent} {contact}"
    if not hosts.is_this_machine:
        print(f"scrapy {command}: no contact for webmasters: add -s ARCHIVE_CONTACT=ADDRESS", file=sys.stderr)
    return agent


_version = cache(version)


def software() -> dict[str, str]:
    """Versions of this program, Python, the system and important libraries."""
    libraries = {name: _version(name) for name in ("scrapy", "twisted", "lxml", "w3lib")}
    return {"speech-archive": __version__, "python": platform.python_version(), "system": sys.platform, **libraries}
