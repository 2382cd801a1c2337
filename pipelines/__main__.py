"""`python -m pipelines VERB ARCHIVE …`: read and verify an archive. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.prove.signatures import sign
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.rebuild import rebuild
from pipelines.verbs import audit_text, export, feeds, pack, searching, status, verifying
from pipelines.verbs.acts import accept_gap, describe, reconcile, redact, rekey, repair, retire
from pipelines.verbs.fleet import monthly
from pipelines.verbs.output import print_in_any_locale, print_message
from pipelines.verbs.proofs import anchor, prove
from pipelines.verbs.texts import cite, diff, log, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.verbs import Run


def main(argv: Sequence[str] | None = None, beside: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status. `beside`: commands of the caller that the help lists, too."""
    print_in_any_locale()
    arguments = _parser(beside or {}).parse_args(argv)
    try:
        status: int = arguments.verb(arguments)
        sys.stdout.flush()
    except ArchiveError as error:
        print_message(str(error))
        return error.exit_status
    except BrokenPipeError:
        # The reader of our output (head, less) closed the pipe; the interpreter must not try to flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser(beside: Mapping[str, str]) -> argparse.ArgumentParser:
    does = "Make, read and verify archives" if beside else "Read and verify an archive"
    parser = argparse.ArgumentParser(prog="speech-archive", description=f"{does} of leader speeches.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, about in beside.items():
        verbs.add_parser(name, help=about)

    def verb(name: str, run: Run, about: str, *, many: bool = False) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        one = "the folder of one site, for example output/gszx"
        if many:
            also = f"{one}, or one that holds such folders; several may be given"
            added.add_argument("archives", metavar="ARCHIVE|ROOT", nargs="+", help=also)
        else:
            added.add_argument("archive", metavar="ARCHIVE", help=one)
        added.set_defaults(verb=run)
        return added

    for module in (
        status,
        monthly,
        verifying,
        log,
        show,
        diff,
        cite,
        feeds,
        export,
        pack,
        accept_gap,
        describe,
        reconcile,
        redact,
        rekey,
        retire,
        prove,
    ):
        module.add(verb)
    audit_text.add(verbs)
    repair.add(verbs)
    searching.add(verbs)
    anchor.add(verbs)
    signing = verb("sign", _sign, "Sign the commits not signed yet, by ssh-keygen -Y sign.")
    signing.add_argument("--key", metavar="FILE", type=Path, required=True, help="an OpenSSH private key")
    verb("rebuild", _rebuild, "Rebuild the latest, index, state and places files from the committed files.")
    return parser


def _sign(arguments: argparse.Namespace) -> int:
    if not arguments.key.is_file():
        raise NotUnderstood(f"--key {arguments.key}: no such file")
    signed = sign(Archive(arguments.archive), arguments.key)
    print_message(f"{arguments.archive}: {signed} commits signed")
    return 0


def _rebuild(arguments: argparse.Namespace) -> int:
    archive = rebuild(arguments.archive)
    print_message(
        f"{archive.layout.root}: latest, index, state and places rebuilt from {len(archive.commits())} commits"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
