"""The commands of `python -m pipelines` that read history. Each module adds its own to the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

Run = Callable[[argparse.Namespace], int]
Reads = str | Callable[[argparse.Namespace], str]
"""What a command that only reads needs of an archive in a store: `tip`, `lines` or `whole`; or by its arguments.

Set as the default `reads` of its parser; without it the command writes, and an address of a store is refused.
"""


class AddVerb(Protocol):
    """Adds a command and its first argument: `archive`, with `many` one or more `archives`, with `bare` none."""

    def __call__(
        self,
        name: str,
        run: Run,
        about: str,
        example: str,
        *,
        many: bool = False,
        bare: bool = False,
        root: bool = False,
    ) -> argparse.ArgumentParser:
        """Give the parser of the command. `archives` takes all positional arguments, others stay null.

        `example`: arguments with which the help shows it. With `root`, `archive` may also be a folder of archives.
        """
