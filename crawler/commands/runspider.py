"""`scrapy runspider FILE`: Scrapy's command; run by it, our own spider writes no archive and only fills feeds."""

from __future__ import annotations

import argparse

from scrapy.commands import runspider


class Command(runspider.Command):
    """The command `scrapy runspider`."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before
        self.settings.set("ARCHIVE", False, priority="cmdline")
