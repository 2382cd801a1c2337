"""`catalogue`: brings the catalogue of a fleet in PostgreSQL up to its archives, or compares it with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb

_EXTRA = "the catalogue needs more packages: pip install 'CHECKOUT-OR-WHEEL[cluster]'"


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Bring the catalogue of archives in PostgreSQL up to their last commits."
    catalogue = verb("catalogue", _run, about, "output --database @/etc/speech-archive/database", many=True)
    catalogue.set_defaults(reads="lines")
    catalogue.add_argument(
        "--database",
        metavar="DSN|@FILE",
        help="connection string, or the file that holds it, as no password belongs on a command line "
        "(default: SPEECH_ARCHIVE_DATABASE)",
    )
    how = catalogue.add_mutually_exclusive_group()
    how.add_argument("--rebuild", action="store_true", help="replace all rows of these archives")
    check = "alter nothing, tell how the rows differ from those of a rebuild; 5 when they do"
    how.add_argument("--check", action="store_true", help=check)
    forget = "remove sites that have no archive here any more"
    how.add_argument("--forget", metavar="SITE", nargs="+", default=[], help=forget)


def _run(arguments: argparse.Namespace) -> int:
    try:
        from pipelines.verbs.fleet.catalogue_work import catalogue  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{_EXTRA} ({error})") from error
    return catalogue(arguments)
