"""`scrapy fixture FOLDER`: records, checks or updates a site's test, a small WARC and the lines expected from it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import show_example
from crawler.replay.fixture import Fixture, FixtureError, differences
from crawler.run.arguments import WrongUse
from pipelines.archive.errors import ArchiveError
from pipelines.exits import Exit


class Command(ScrapyCommand):
    """The command `scrapy fixture`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "FOLDER [--record REPORT [--site-profile FILE]] [--update]"

    def short_desc(self) -> str:
        return "Record a run as a test of its site, check that it is still read the same, or accept what is read now"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "fixture tests/sites/kesion-6.5")
        parser.add_argument("--record", type=Path, metavar="REPORT", help="record the run with this report in FOLDER")
        parser.add_argument("--site-profile", type=Path, metavar="FILE", help="profile to read it by")
        parser.add_argument("--update", action="store_true", help="accept what is read now as expected")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give one folder, such as tests/sites/kesion-6.5", print_help=False)
        fixture = Fixture(Path(args[0]))
        try:
            if opts.record is not None:
                fixture.record(opts.record, opts.site_profile)
            self.exitcode = int(self._check(fixture, accepts=opts.update or opts.record is not None))
        except FixtureError as error:
            self._refuse(str(error), error.exit_status)
        except WrongUse as error:
            self._refuse(str(error), Exit.WRONG_USE)
        except ArchiveError as error:
            self._refuse(str(error), error.exit_status)

    def _check(self, fixture: Fixture, *, accepts: bool) -> Exit:
        read, expected = fixture.replay(), fixture.expected()
        for line in differences(expected, read) if expected else ():
            print(line)
        is_same = read == expected
        if accepts and not is_same:
            fixture.expect(read)
        result = "as expected" if is_same else "now expected" if accepts else "not as expected; --update accepts it"
        print(f"{fixture.folder}: {len(read)} lines, {result}")
        return Exit.COMPLETE if is_same or accepts else Exit.DAMAGED

    def _refuse(self, message: str, status: int) -> None:
        print(f"scrapy fixture: {message}", file=sys.stderr)
        self.exitcode = int(status)
