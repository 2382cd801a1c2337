"""Who we say we are to a site."""

from __future__ import annotations

import sys

from scrapy.settings import BaseSettings

from crawler.hosts import Hosts


def user_agent(settings: BaseSettings, hosts: Hosts, command: str) -> str:
    """The User-Agent with where a webmaster can reach us; without a contact, `command` says so on standard error."""
    agent, contact = str(settings["USER_AGENT"]), str(settings["ARCHIVE_CONTACT"])
    if contact:
        return f"{agent} {contact}"
    if not hosts.is_this_machine:
        print(f"scrapy {command}: no contact for webmasters: add -s ARCHIVE_CONTACT=ADDRESS", file=sys.stderr)
    return agent
