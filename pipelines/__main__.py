"""`python -m pipelines VERB ARCHIVE …`: read and verify an archive. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import ArchiveError, Damaged
from pipelines.display.terminal import HelpFormatter
from pipelines.exits import Exit, worst
from pipelines.verbs.output import print_in_any_locale, print_message
from pipelines.verbs.processes import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from pipelines.verbs import Run

VERBS = {
    "status": "status",
    "report": "fleet.reporting",
    "verify": "verifying",
    "log": "texts.log",
    "show": "texts.show",
    "diff": "texts.diff",
    "cite": "texts.cite",
    "search": "searching",
    "changes": "feeds",
    "views": "feeds",
    "files": "feeds",
    "export": "export",
    "catalogue": "fleet.cataloguing",
    "site": "window.building_site",
    "browse": "window.browsing",
    "sync": "stores.syncing",
    "pack": "pack",
    "accept-gap": "acts.accept_gap",
    "describe": "acts.describe",
    "reconcile": "acts.reconcile",
    "redact": "acts.redact",
    "rekey": "acts.rekey",
    "retire": "acts.retire",
    "repair": "acts.repair",
    "prove": "proofs.prove",
    "anchor": "proofs.anchor",
    "sign": "proofs.signing",
    "rebuild": "acts.rebuilding",
    "audit-text": "audit_text",
}
"""Every command, in the order of the help, and the module of `pipelines.verbs` that adds it to the command line."""

_EITHER = "ARCHIVE|ROOT"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class VerbParser(argparse.ArgumentParser):
    """Of one command: takes options and other arguments in any order, and shows its own usage with an error."""

    _is_parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Leave no argument to the parser above, which would show the usage of all commands."""
        if self._is_parsing:
            return super().parse_known_args(args, namespace)
        self._is_parsing = True
        # Options may not come after a "--", which is not kept between the two passes of an intermixed parse.
        parse = super().parse_known_args if "--" in args else self.parse_known_intermixed_args
        known, unknown = parse(args, namespace)
        self._is_parsing = False
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def main(argv: Sequence[str] | None = None, beside: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status. `beside`: commands of the caller that the help lists, too."""
    print_in_any_locale()
    collect_seldom()
    given = sys.argv[1:] if argv is None else list(argv)
    arguments = _parser(beside or {}, given[0] if given else None).parse_args(given)
    try:
        failed = _take_local_copies(arguments)
        status: int = arguments.verb(arguments)
        status = worst((status, *failed)) if failed else status
        sys.stdout.flush()
    except ArchiveError as error:
        print_message(f"{error}{_told_of_partial_copies(arguments, error)}")
        return error.exit_status
    except BrokenPipeError:
        _drop_output()  # its reader (head, less) closed the pipe
        return 0
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _drop_output()
        what = error.filename or "the output of this command, or a file that it needs"
        print_message(f"{what}: cannot be written: {error.strerror}; free some space, then run it again")
        return Exit.INTERRUPTED
    return status


def _take_local_copies(arguments: argparse.Namespace) -> list[Exit]:
    """Where an argument is an address of object storage, let a copy be read; the statuses of sites without one."""
    given = vars(arguments)
    if given["verb"].__module__.endswith(".syncing") or not any("s3:/" in str(value) for value in given.values()):
        return []
    from pipelines.verbs.stores.local_copies import take_local_copies  # noqa: PLC0415 - most commands need none

    return take_local_copies(arguments)


def _told_of_partial_copies(arguments: argparse.Namespace, error: ArchiveError) -> str:
    """Why a file may be missing without being lost, as the end of a message."""
    if not isinstance(error, Damaged):
        return ""
    from pipelines.verbs.stores.partial_told import partial_told  # noqa: PLC0415 - few commands end so

    return partial_told(arguments, str(error))


def _drop_output() -> None:
    """Let the interpreter not try again, as it ends, to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(beside: Mapping[str, str], asked: str | None) -> argparse.ArgumentParser:
    does = "Make, read and verify archives" if beside else "Read and verify an archive"
    parser = argparse.ArgumentParser(
        prog="speech-archive",
        description=f"{does} of leader speeches.",
        epilog="Commands that only read take s3://BUCKET/PREFIX, or one site below it, in place of a folder.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB", parser_class=VerbParser)
    for name, about in beside.items():
        verbs.add_parser(name, help=about)

    def verb(
        name: str, run: Run, about: str, example: str, *, many: bool = False, bare: bool = False, root: bool = False
    ) -> argparse.ArgumentParser:
        shown = f"example:\n  {parser.prog} {name} {example}"
        added = verbs.add_parser(name, help=about, description=about, epilog=shown, formatter_class=HelpFormatter)
        one = "the folder of one site, for example output/gszx"
        also = f"{one}, or one that holds such folders"
        if many:
            added.add_argument("archives", metavar=_EITHER, nargs="+", help=f"{also}; several may be given")
        elif not bare:
            added.add_argument("archive", metavar=_EITHER if root else "ARCHIVE", help=also if root else one)
        added.set_defaults(verb=run, reads=None)
        return added

    for module in _modules(asked):
        module.add(verb)
    return parser


def _modules(asked: str | None) -> Iterator[ModuleType]:
    """The module of the command that is asked for: to import the others takes longer than most commands."""
    modules = [VERBS[asked]] if asked in VERBS else dict.fromkeys(VERBS.values())
    return (import_module(f"pipelines.verbs.{module}") for module in modules)


if __name__ == "__main__":
    sys.exit(main())
