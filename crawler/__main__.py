"""`speech-archive COMMAND …`, or `python -m crawler`: every command of this project, from any folder.

The commands for archives are those of `python -m pipelines`; the others are Scrapy's and ours, which also run as
`scrapy COMMAND` in the project's folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from crawler.run.home import FLEET_FILE, VARIABLE
from pipelines.__main__ import main as archive_verb
from pipelines.exits import Exit

_COMMANDS = ("crawl", "crawlall", "worker", "fleet", "probe", "sites", "read", "fixture", "demo")
_OF_SCRAPY = ("shell", "fetch", "view", "parse", "runspider")
_REPLAY = "replay"
_SPIDER = "speeches"
_COMMITTING = ("redact", "pack", "repair", "reconcile", "describe", "rekey", "retire", "accept-gap")
"""Commands for archives that make a commit."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. Scrapy's commands end the program themselves."""
    given = list(sys.argv[1:] if argv is None else argv)
    name = given[0] if given else "--help"
    if name in {*_COMMANDS, *_OF_SCRAPY, _REPLAY}:
        # Independent of the working folder and of the environment of another project.
        os.environ["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
        words, settings = _as_scrapy(name, given[1:]), import_module("scrapy.utils.project").get_project_settings()
        # Scrapy would load the modules of all our commands, which takes as long as the one meant.
        if words[0] in _COMMANDS:
            settings.set("COMMANDS_MODULE", f"crawler.commands.{words[0]}")
        import_module("scrapy.cmdline").execute(["scrapy", *words], settings)
    if name in _COMMITTING and (os.environ.get(VARIABLE) or Path(FLEET_FILE).is_file()):
        try:
            _note_heads_of_deployment(given[1:])
        except ValueError as error:
            print(f"speech-archive {name}: {error}", file=sys.stderr)
            return int(Exit.WRONG_USE)
    # The commands for archives do without Scrapy, which is slow to load.
    beside = _listed() if name.startswith("-") else dict.fromkeys((*_COMMANDS, _REPLAY, *_OF_SCRAPY), "")
    return archive_verb(given or ["--help"], beside)


def _note_heads_of_deployment(words: Sequence[str]) -> None:
    """Let a command that commits to an archive of a deployment note the head where its crawls do.

    Raises:
        DeploymentError: the deployment's file is wrong.
    """
    find = import_module("crawler.run.fleet.deployment").find_deployment
    if "HEADS_FILE" in os.environ or (deployment := find()) is None or deployment.heads_file is None:
        return
    root = deployment.archive_root.resolve()
    if any(Path(word).resolve().is_relative_to(root) for word in words if not word.startswith("-")):
        os.environ["HEADS_FILE"] = str(deployment.heads_file)


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
