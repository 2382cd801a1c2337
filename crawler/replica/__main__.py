"""`python -m crawler.replica --flavour 6.5 --speeches 300 --seed 7`: one JSON line when ready, then serves."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

from crawler.replica.cms import Cms
from crawler.replica.kesion.forms import NAMES
from crawler.replica.kesion.made import DEFAULT_ALIAS, kesion
from crawler.replica.kesion.templates import FLAVOURS
from crawler.replica.server import Bench
from crawler.replica.site import Site

RAW_DATES = 0


def date_form(text: str) -> int:
    return RAW_DATES if text == "raw" else int(text)


MakeCms = Callable[[Site, int | None, str | None], Cms]
"""A replica of another CMS: from its site, rows of a list page and robots.txt."""


def parse_arguments(others: Mapping[str, MakeCms], module: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description="a look-alike of a CMS on this machine")
    parser.add_argument("--flavour", choices=sorted({*FLAVOURS, *others}), default="6.5")
    parser.add_argument("--speeches", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--alias", default=DEFAULT_ALIAS, help="the wrong host the site believes in")
    parser.add_argument(
        "--date-form", type=date_form, help="1 to 17 (+20, +40: in brackets) or raw; default: by flavour"
    )
    parser.add_argument(
        "--per-page", type=int, help="rows of a list page; default 20, X2: such that there are ten pages"
    )
    parser.add_argument("--urls", choices=NAMES, default="dynamic", help="how the site writes its addresses")
    parser.add_argument("--robots", type=Path, metavar="FILE", help="served as /robots.txt; default: 404")
    parser.add_argument("--careless", type=int, default=0, help="1: an edit of a night damages a text")
    parser.add_argument("--leave-with-parent", action="store_true", help="end when standard input closes")
    return parser.parse_args()


def make_bench(options: argparse.Namespace, others: Mapping[str, MakeCms]) -> Bench:
    robots = options.robots.read_text(encoding="utf-8") if options.robots else None
    if options.flavour in others:
        made = others[options.flavour](Site(options.speeches, options.seed), options.per_page, robots)
        return Bench((options.host, options.port), made)
    # Files of two models would share their names.
    site = Site(options.speeches, options.seed, twins=options.urls != "static")
    site.is_careless = bool(options.careless)
    made = kesion(
        site,
        options.flavour,
        urls=options.urls,
        alias=options.alias,
        date_form=options.date_form,
        per_page=options.per_page,
        robots=robots,
    )
    return Bench((options.host, options.port), made)


def leave_when_input_closes(bench: Bench) -> None:
    sys.stdin.read()
    bench.shutdown()


def main(others: Mapping[str, MakeCms], module: str) -> None:
    """Serve a flavour of KesionCMS, or one of the others; `module` is what was started."""
    options = parse_arguments(others, module)
    with make_bench(options, others) as bench:
        host, port = bench.server_address[:2]
        if options.leave_with_parent:
            Thread(target=leave_when_input_closes, args=(bench,), daemon=True).start()
        print(json.dumps({"url": f"http://{host!s}:{port}/", "pid": os.getpid()}), flush=True)
        try:
            bench.serve_forever(poll_interval=0.05)
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main({}, "crawler.replica")
