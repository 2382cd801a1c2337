"""`scrapy sites`: the sites with a profile, one per line; with `--catalogue` unverified addresses of further ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import ClassVar

from scrapy.commands import ScrapyCommand

from crawler.commands import show_example
from crawler.run.fleet.deployment import DeploymentError, find_deployment
from crawler.run.fleet.unknown_sites import without_profile
from crawler.sites.catalogue import UNVERIFIED, CatalogueError, as_table, catalogue, selected
from crawler.sites.lookup import Known, Profiles
from crawler.sites.profile import ProfileError, SiteProfile
from pipelines.exits import Exit
from pipelines.shown import harmless


class Command(ScrapyCommand):
    """The command `scrapy sites`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "List the sites that can be crawled"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "sites --catalogue --province 湖北")
        parser.add_argument("--catalogue", action="store_true", help="list unverified addresses of committees")
        parser.add_argument("--province", help="of the catalogue: only this province, by name or division code")
        parser.add_argument("--level", help="of the catalogue: only this level")
        parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        if opts.catalogue or opts.province or opts.level:
            self.exitcode = int(_print_catalogue(opts.province, opts.level, as_json=opts.json))
            return
        try:
            deployment = find_deployment()
            known = list(Profiles(deployment.profiles if deployment else None).all())
            if deployment:
                known += without_profile(deployment, {one.site for one in known})
        except (DeploymentError, ProfileError) as error:
            _complain(str(error))
            self.exitcode = int(Exit.WRONG_USE)
            return
        self.exitcode = int(_print_sites(known, as_json=opts.json))


def _print_sites(known: Sequence[Known], *, as_json: bool) -> Exit:
    """Print every site whose profile can be used, and complain about every other one."""
    status = Exit.COMPLETE
    for one in known:
        if one.profile is None:
            _complain(one.error)
            status = Exit.WRONG_USE
        elif not as_json:
            profile = one.profile
            off = [] if profile.enabled else [f"disabled: {profile.disabled_because}"]
            shown = (profile.site, profile.committee, profile.name, profile.cms, profile.start_url, *off)
            print(harmless("\t".join(shown)))
    if as_json:
        print(json.dumps([_document(one) for one in known], ensure_ascii=False))
    return status


def _document(one: Known) -> dict[str, object]:
    """Every key of a profile, null where it cannot be used, and `error`: why not."""
    told = asdict(one.profile) if one.profile else dict.fromkeys(field.name for field in fields(SiteProfile))
    return {**told, "site": one.site, "error": one.error or None}


def _complain(message: str) -> None:
    print(f"scrapy sites: {harmless(message)}", file=sys.stderr)


def _print_catalogue(province: str | None, level: str | None, *, as_json: bool) -> Exit:
    try:
        found = selected(catalogue(), province, level)
    except CatalogueError as error:
        _complain(str(error))
        return Exit.WRONG_USE
    if as_json:
        print(json.dumps([one.document() for one in found], ensure_ascii=False))
    else:
        print(as_table(found))
    print(
        f"{len(found)} addresses, {UNVERIFIED}: none was requested; scrapy probe --from reads them", file=sys.stderr
    )
    return Exit.COMPLETE
