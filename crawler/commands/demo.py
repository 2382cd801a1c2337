"""`scrapy demo`: crawls a replica, changes it, crawls it again, tells what has happened, and builds a window."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands import show_example
from crawler.replica.process import Replica
from crawler.run.home import VARIABLE
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit

_SITE = "gszx"
_EXAMPLES = 3


class Command(ScrapyCommand):
    """The command `scrapy demo`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def short_desc(self) -> str:
        return "Crawl a replica of a KesionCMS site twice and show the archive, which replaces the last demo's"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        show_example(parser, "demo --speeches 20")
        parser.add_argument("--speeches", type=int, default=100, help="speeches on the replica (default: 100)")
        parser.add_argument("--flavour", choices=("6.5", "7.0", "X2"), default="6.5", help="KesionCMS version")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("demo takes no arguments", print_help=False)
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline before run()
        root = Path(self.settings["ARCHIVE_ROOT"]) / "demo"
        shutil.rmtree(root, ignore_errors=True)
        with Replica(flavour=opts.flavour, speeches=opts.speeches, careless=1) as replica:
            self.exitcode = demo(replica, root, opts.flavour)


def demo(replica: Replica, root: Path, flavour: str) -> int:
    """Run the demo against a started replica; returns the exit status of the first step that failed, else 0."""
    _say(f"A replica of a KesionCMS {flavour} site runs at {replica.url} (its own process, its own texts).")
    _say("1. The first crawl archives everything")
    if status := _crawl(replica.url, root):
        return status
    before = _latest(root)
    replica.step()
    _say(
        "2. The site moves: new, edited, retitled and deleted speeches; views grow. The second crawl tells them apart"
    )
    if status := _crawl(replica.url, root, "-a", "mode=full", "-s", "GONE_AFTER_DAYS=0"):
        return status
    _say("3. What the archive says has happened")
    _show_events(root)
    _show_views(before, _latest(root))
    counted = replica.log()["increments"]["total"]
    print(f"   view counters raised by reading them: {counted}")
    _say("4. Proof: every file, line, hash and link of the chain is checked")
    folder = root / _SITE
    status = _run("-m", "pipelines", "verify", str(folder))
    _say(f"The archive lies in {folder}")
    shown = shlex.join([sys.executable, "-m", "pipelines", "show", str(folder), next(iter(_latest(root)))])
    print(f"   one speech as people read it:   {shown}")
    print(f"   every speech as programs do:    {folder / 'latest.jsonl'}")
    return status or _look(root)


def _look(root: Path) -> int:
    """Build the window, and say where it is to be opened."""
    window = root.resolve() / "window"
    _say("5. Look at it: pages that a browser opens from disk, without network")
    if find_spec("jinja2") is None:
        print("   they need more packages: pip install 'CHECKOUT-OR-WHEEL[window]'")
        return Exit.COMPLETE
    if status := _run("-m", "pipelines", "site", "--quiet", str(root), "--out", str(window)):
        return status
    zh, en = ((window / language / "index.html").as_uri() for language in ("zh", "en"))
    print(f"   中文 {zh}   English {en}")
    return Exit.COMPLETE


def _say(words: str) -> None:
    print(f"\n{words}", flush=True)


def _crawl(url: str, root: Path, *more: str) -> int:
    arguments = [
        "-a",
        f"site={_SITE}",
        "-a",
        f"start_url={url}",
        "-s",
        f"ARCHIVE_ROOT={root}",
        "-s",
        "DOWNLOAD_DELAY=0",
    ]
    shown = " ".join(["scrapy crawl speeches", *arguments[:4], *more])
    print(f"   $ {shown} …", flush=True)
    return _run("-m", "crawler", "crawl", "speeches", *arguments, *more)


def _run(*arguments: str) -> int:
    # No deployment's: a demo in its folder must neither note heads nor tell anybody.
    alone = {**os.environ, VARIABLE: ""}
    return subprocess.run([sys.executable, *arguments], check=False, env=alone).returncode  # noqa: S603 - ours


def _latest(root: Path) -> dict[str, dict[str, Any]]:
    with (root / _SITE / "latest.jsonl").open(encoding="utf-8") as lines:
        return {line["id"]: line for line in map(json.loads, lines)}


def _show_events(root: Path) -> None:
    archive = Archive(root / _SITE)
    newest = archive.commits()[-1].n
    for event in ("created", "changed", "gone", "restored"):
        titles = [v["title"] for v in archive.versions() if v["commit"] == newest and v["event"] == event]
        examples = "".join(f"\n      {title}" for title in titles[:_EXAMPLES])
        print(f"   {event}: {len(titles)}{examples}")


def _show_views(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    both = [(before[i]["view_count"], after[i]["view_count"]) for i in before if i in after]
    grown = [new - old for old, new in both if old is not None and new is not None and new > old]
    most = max(grown, default=0)
    print(f"   views: {len(grown)} of {len(both)} speeches grew, by {sum(grown)} in all, {most} at most")
