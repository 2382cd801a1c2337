"""`pack`: the files of closed years in few containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive.pack.packing import pack, year_to_pack
from pipelines.archive.read.reader import Archive
from pipelines.shown import counted
from pipelines.verbs.acts.decisions import added_clock
from pipelines.verbs.output import print_message
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.archive.pack.packing import PackedYear
    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    packing = verb(
        "pack",
        run,
        "Pack the files of years that are over into a few containers; logged in commits.",
        "output/gszx --year 2025",
    )
    packing.add_argument("--year", metavar="YYYY", help="this year only (default: every year that is over)")
    added_clock(packing)


def run(arguments: argparse.Namespace) -> int:
    """Pack one year, or all that are over."""
    layout = Archive(arguments.archive).layout
    if arguments.year is not None:
        print(_packed(pack(arguments.archive, arguments.year, now(accepts_clock=arguments.accept_clock))))
        return 0
    when, count = now(accepts_clock=arguments.accept_clock), 0
    while (year := year_to_pack(layout, when.recorded_at)) is not None:
        print(_packed(pack(arguments.archive, year, when)))
        count += 1
    if not count:
        print_message(f"note: {arguments.archive}: nothing to pack: every year that is over is packed")
    return 0


def _packed(done: PackedYear) -> str:
    files, containers = counted(done.files, "files"), counted(done.containers, "containers")
    return f"commit {done.commit}: {files} of {done.year} in {containers}\nhead {done.head}"
