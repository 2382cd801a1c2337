"""`rebuild`: the derived files again, from what the commits name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.write.rebuild import rebuild
from pipelines.shown import counted
from pipelines.verbs.output import print_message

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the command."""
    verb("rebuild", run, "Rebuild the latest, index, state and places files from the committed files.", "output/gszx")


def run(arguments: argparse.Namespace) -> int:
    """Rebuild them."""
    archive = rebuild(arguments.archive)
    made = "latest, index, state and places rebuilt"
    print_message(f"{archive.layout.root}: {made} from {counted(len(archive.commits()), 'commits')}")
    return 0
