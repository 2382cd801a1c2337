"""`scrapy read FILE…`: reads saved pages as a crawl would, one line each, in the order of the files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import show_example
from crawler.pages import FAMILIES, family
from crawler.replay.reading import PageReader
from crawler.replay.saved import saved_pages
from pipelines.exits import Exit
from pipelines.normalise import Normaliser
from pipelines.shown import harmless
from pipelines.verbs.output import write_objects

_DEFAULT = "generic" if "generic" in FAMILIES else "kesion"
_TIMEZONE = ZoneInfo("Asia/Shanghai")


class Command(ScrapyCommand):
    """The command `scrapy read`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "FILE…"

    def short_desc(self) -> str:
        return "Read saved pages (HTML, or .warc.gz) as a crawl would"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "read page.html --jsonl")
        parser.add_argument("--jsonl", action="store_true", help="one JSON object per page instead of text")
        parser.add_argument(
            "--family",
            choices=sorted(FAMILIES),
            default=_DEFAULT,
            help=f"CMS family of the pages (default: {_DEFAULT})",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("name the files to read: scrapy read FILE… [--jsonl] [--family NAME]", print_help=False)
        lines = _Counted(_lines(args, opts.family))
        try:
            if opts.jsonl:
                write_objects(lines)
            else:
                sys.stdout.writelines(map(_for_people, lines))
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of our output closed the pipe; the interpreter must not try to flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        self.exitcode = int(Exit.GAPS if lines.unread else Exit.COMPLETE)


class _Counted:
    """Lines for output, with a count of those of pages without a speech."""

    def __init__(self, lines: Iterator[dict[str, Any]]) -> None:
        self.lines, self.unread = lines, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self.lines:
            self.unread += line["body"] is None
            yield line


def _lines(files: list[str], name: str) -> Iterator[dict[str, Any]]:
    pages = family(name, None, (), ())
    reader = PageReader(pages, Normaliser(pages.reader, "", _TIMEZONE), datetime.now(UTC))
    for file in files:
        yield from map(reader.line, saved_pages(file, lambda url: pages.native_id(url) is not None))


def _for_people(line: dict[str, Any]) -> str:
    shown = {
        "file": line["file"],
        "published": line["published_at"] or line["published_on"],
        "views": line["view_count"],
        "author": line["author"],
        "source": line["source"],
        "confidence": line["confidence"],
        "problems": "; ".join(f"{p['field']}: {p['code']} ({p['detail']})" for p in line["problems"]),
    }
    rows = [f"{name:<11}{value}" for name, value in shown.items() if value not in {None, ""}]
    return harmless("\n".join([line["title"] or "no speech", *rows, "", line["body"] or "", ""]) + "\n")
