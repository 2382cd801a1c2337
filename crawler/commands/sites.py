"""`scrapy sites`: the built-in sites, one per line; with `--catalogue` unverified addresses of further ones."""

from __future__ import annotations

import argparse
import json
import sys
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from crawler.sites.catalogue import UNVERIFIED, CatalogueError, as_table, catalogue, selected
from crawler.sites.profile import load_profile, site_names
from pipelines.exits import Exit


class Command(ScrapyCommand):
    """The command `scrapy sites`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "List the sites that can be crawled"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--catalogue", action="store_true", help="list unverified addresses of committees")
        parser.add_argument("--province", help="of the catalogue: only this province, by name or division code")
        parser.add_argument("--level", help="of the catalogue: only this level")
        parser.add_argument("--json", action="store_true", help="of the catalogue: one JSON array instead of lines")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        if opts.catalogue or opts.province or opts.level:
            self.exitcode = int(_print_catalogue(opts.province, opts.level, as_json=opts.json))
            return
        for site in site_names():
            profile = load_profile(site)
            print(f"{site}\t{profile.committee}\t{profile.name}\t{profile.cms}\t{profile.start_url}")


def _print_catalogue(province: str | None, level: str | None, *, as_json: bool) -> Exit:
    try:
        found = selected(catalogue(), province, level)
    except CatalogueError as error:
        print(f"scrapy sites: {error}", file=sys.stderr)
        return Exit.WRONG_USE
    if as_json:
        print(json.dumps([one.document() for one in found], ensure_ascii=False))
    else:
        print(as_table(found))
    print(
        f"{len(found)} addresses, {UNVERIFIED}: none was requested; scrapy probe --from reads them", file=sys.stderr
    )
    return Exit.COMPLETE
