"""`anchor`: have the heads of all archives time-stamped."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from pipelines.archive.prove.anchors.anchor_files import ANCHORS, name_of
from pipelines.archive.prove.anchors.timestamps import check_trusted
from pipelines.exits import Exit
from pipelines.proof.anchoring import anchor
from pipelines.verbs.output import print_message
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb, with the folder of archives in place of one archive."""
    about = (
        "Have the heads of all archives in a folder time-stamped by an authority (RFC 3161), under one Merkle root."
    )
    anchoring = verb("anchor", run, about, "output --tsa https://tsa.example.org --tsa-ca ca.pem", bare=True)
    anchoring.add_argument("root", metavar="ROOT", type=Path, help="the folder that holds the archives, as output")
    asked = anchoring.add_mutually_exclusive_group(required=True)
    asked.add_argument("--tsa", metavar="URL", help="the authority, asked over HTTP")
    by_command = "reads the request (DER) and writes the authority's reply, instead of HTTP"
    asked.add_argument("--tsa-command", metavar="COMMAND", help=by_command)
    trusted = "the authority's root certificate (PEM), by which the reply is checked"
    anchoring.add_argument("--tsa-ca", metavar="FILE", type=Path, required=True, help=trusted)


def run(arguments: argparse.Namespace) -> int:
    """Make the anchor; 5 when the head of an archive could not be time-stamped."""
    from pipelines.proof.authority import reply_by_command, reply_by_http  # noqa: PLC0415 - urllib takes a while

    check_trusted(arguments.tsa_ca)
    command, url = arguments.tsa_command, arguments.tsa
    ask = partial(reply_by_command, command) if command is not None else partial(reply_by_http, url)
    done = anchor(arguments.root, _moment(arguments.root), arguments.tsa_ca, ask)
    for problem in done.problems:
        print_message(f"PROBLEM: {problem}")
    count = "1 head" if len(done.heads) == 1 else f"{len(done.heads)} heads"
    print(f"{count} time-stamped at {done.stamped:%Y-%m-%dT%H:%M:%SZ}: {done.folder}")
    print(f"root {done.root}")
    return Exit.DAMAGED if done.problems else Exit.COMPLETE


def _moment(root: Path) -> str:
    """The present moment; the next second when an anchor, which is named by its second, was made in this one."""
    while (root / ANCHORS / name_of(at := now().recorded_at)).exists():
        sleep(0.1)
    return at
