"""`sign`: signatures of commits by OpenSSH."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.prove.signatures import sign
from pipelines.archive.read.reader import Archive
from pipelines.shown import counted
from pipelines.verbs.output import print_message

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the command."""
    signing = verb(
        "sign", run, "Sign the commits not signed yet, by ssh-keygen -Y sign.", "output/gszx --key ~/.ssh/id_ed25519"
    )
    signing.add_argument("--key", metavar="FILE", type=Path, required=True, help="an OpenSSH private key")


def run(arguments: argparse.Namespace) -> int:
    """Sign them."""
    if not arguments.key.is_file():
        raise NotUnderstood(f"--key {arguments.key}: no such file")
    signed = sign(Archive(arguments.archive), arguments.key)
    print_message(f"{arguments.archive}: {counted(signed, 'commits')} signed")
    return 0
