"""`speech-archive COMMAND …`, or `python -m crawler`: every command of this project, from any folder.

The commands for archives are those of `python -m pipelines`; the others are Scrapy's and ours, which also run as
`scrapy COMMAND` in the project's folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from pipelines.__main__ import main as archive_verb

_COMMANDS = ("crawl", "crawlall", "fleet", "probe", "sites", "read", "fixture", "demo")
_OF_SCRAPY = ("shell", "fetch", "view", "parse", "runspider")
_REPLAY = "replay"
_SPIDER = "speeches"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Scrapy's commands end the program themselves."""
    given = list(sys.argv[1:] if argv is None else argv)
    name = given[0] if given else "--help"
    if name in {*_COMMANDS, *_OF_SCRAPY, _REPLAY}:
        # Independent of the working folder and of the environment of another project.
        os.environ["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
        import_module("scrapy.cmdline").execute(["scrapy", *_as_scrapy(name, given[1:])])
    # The commands for archives do without Scrapy, which is slow to load.
    beside = _listed() if name.startswith("-") else dict.fromkeys((*_COMMANDS, _REPLAY, *_OF_SCRAPY), "")
    return archive_verb(given or ["--help"], beside)


def _as_scrapy(name: str, words: list[str]) -> list[str]:
    """The arguments for Scrapy's command line. `crawl SITE` is short for `crawl speeches -a site=SITE`."""
    if name not in {"crawl", _REPLAY} or _SPIDER in words:
        return [name, *words]
    named = _leading(words)
    site, rest = [f"site={one}" for one in named[:1]], words[len(named) :]
    run = [f"replay={one}" for one in named[1:2] or ["latest"]] if name == _REPLAY else named[1:]
    return ["crawl", _SPIDER, *(word for one in (*site, *run) for word in ("-a", one)), *rest]


def _leading(words: list[str]) -> list[str]:
    """The arguments before the first option."""
    options = [number for number, word in enumerate(words) if word.startswith("-")]
    return words[: options[0]] if options else words


def _listed() -> dict[str, str]:
    """Help texts of the commands other than those for archives."""
    about = {name: import_module(f"crawler.commands.{name}").Command().short_desc() for name in _COMMANDS}
    about[_REPLAY] = "Read a site's stored captures again with the current parser (SITE), or replay a run (SITE RUN)"
    scrapys = {name: import_module(f"scrapy.commands.{name}").Command().short_desc() for name in _OF_SCRAPY}
    return about | scrapys


if __name__ == "__main__":
    sys.exit(main())
