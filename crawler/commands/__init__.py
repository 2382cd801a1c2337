"""The commands of `scrapy` in this project (`COMMANDS_MODULE`)."""

import argparse

from scrapy.commands import ScrapyHelpFormatter

from pipelines.display.terminal import HelpFormatter
from pipelines.verbs.output import print_in_any_locale
from pipelines.verbs.processes import collect_seldom

# Scrapy imports this package before it runs any command; it has no other hook for these.
print_in_any_locale()
collect_seldom()


class CommandHelp(HelpFormatter, ScrapyHelpFormatter):
    """Help as Scrapy's, with lists and examples on lines of their own."""

    def format_part_strings(self, part_strings: list[str]) -> list[str]:
        # Scrapy takes each line that ends with a colon for a heading, also one of an option's help.
        is_option = bool(part_strings) and part_strings[0].startswith(" ")
        return part_strings if is_option else super().format_part_strings(part_strings)


def show_example(parser: argparse.ArgumentParser, example: str) -> None:
    """Let the help of a command show it with these arguments."""
    parser.formatter_class = CommandHelp
    parser.epilog = f"example:\n  speech-archive {example}"
