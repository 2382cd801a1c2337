"""The commands of `scrapy` in this project (`COMMANDS_MODULE`)."""

import argparse
import gc

from scrapy.commands import ScrapyHelpFormatter

from pipelines.display.terminal import HelpFormatter
from pipelines.verbs.output import print_in_any_locale

# Scrapy imports this package before it runs any command; it has no other hook for these.
print_in_any_locale()
# Python's 700, 10, 10 take 6 % of a crawl, and of a start: imports leave no cycles, a page read hardly any.
gc.set_threshold(5_000, 20, 20)


class CommandHelp(HelpFormatter, ScrapyHelpFormatter):
    """Help as Scrapy's, with lists and examples on lines of their own."""


def end_at_once() -> None:
    """Take what is left out of the garbage collector, which looks at all of it as the process ends: 0.2 s of a crawl.

    To be called when files are closed and nothing more is to be done.
    """
    gc.freeze()


def show_example(parser: argparse.ArgumentParser, example: str) -> None:
    """Let the help of a command show it with these arguments."""
    parser.formatter_class = CommandHelp
    parser.epilog = f"example:\n  speech-archive {example}"
