"""`scrapy sites`: the built-in sites, one per line."""

from __future__ import annotations

import argparse
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from crawler.sites.profile import load_profile, site_names


class Command(ScrapyCommand):
    """The command `scrapy sites`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "List the sites that can be crawled"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        for site in site_names():
            profile = load_profile(site)
            print(f"{site}\t{profile.committee}\t{profile.name}\t{profile.cms}\t{profile.start_url}")
