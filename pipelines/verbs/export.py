"""`export`: the speeches on the site at a moment as JSON Lines, or a package of a commit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive import Archive
from pipelines.archive.errors import NotUnderstood
from pipelines.export.bagit import write_bag
from pipelines.export.datapackage import write_datapackage
from pipelines.export.dublin_core import write_dublin_core
from pipelines.export.mets import write_mets
from pipelines.export.publishing import new_package
from pipelines.export.snapshot import snapshot
from pipelines.export.wacz import write_wacz
from pipelines.verbs.output import print_message, write_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pipelines.export.snapshot import Snapshot
    from pipelines.verbs import AddVerb

_PACKAGES: dict[str, Callable[[Snapshot, Path], None]] = {
    "bagit": write_bag,
    "datapackage": write_datapackage,
    "dc": write_dublin_core,
    "mets": write_mets,
    "wacz": write_wacz,
}
_WITH_CAPTURES = frozenset({"bagit", "wacz"})
_MOMENT = "a day (2026-01-31, its end in UTC) or a moment (2026-01-31T02:00:00Z, or with an offset)"


def add(verb: AddVerb) -> None:
    """Add the command."""
    export = verb("export", run, "Export the speeches on the site at a moment, or a package of a commit.")
    export.add_argument("--to", choices=["jsonl", *_PACKAGES], default="jsonl", help="format (default: jsonl)")
    export.add_argument("--as-of", metavar="T", help=f"jsonl, required: {_MOMENT}")
    export.add_argument(
        "--known-at", metavar="K", help="jsonl: as the archive knew it at K (default: now); same form as T"
    )
    export.add_argument(
        "--out", metavar="PATH", type=Path, help="packages, required: where to write it; must not exist"
    )
    export.add_argument("--commit", metavar="N", type=int, help="packages: as of commit N (default: the last)")


def run(arguments: argparse.Namespace) -> int:
    """Print the lines of a moment, or write the package."""
    is_lines = arguments.to == "jsonl"
    needed = "as_of" if is_lines else "out"
    if getattr(arguments, needed) is None:
        raise NotUnderstood(f"export --to {arguments.to}: needs {_option(needed)}; see export --help")
    for name in ("out", "commit") if is_lines else ("as_of", "known_at"):
        if getattr(arguments, name) is not None:
            raise NotUnderstood(f"export --to {arguments.to}: has no {_option(name)}; see export --help")
    archive = Archive(arguments.archive)
    if is_lines:
        if not write_lines(archive.raw_as_of(arguments.as_of, arguments.known_at)):
            print_message(f"note: no speech is known to have been on the site at {arguments.as_of}")
    else:
        _write_package(archive, arguments.to, arguments.out, arguments.commit)
    return 0


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _write_package(archive: Archive, form: str, out: Path, n: int | None) -> None:
    with new_package(out, archive.layout.root) as package:
        chosen = snapshot(archive, n)
        _PACKAGES[form](chosen, package)
    searched = {c.redaction.id for c in chosen.commits if c.redaction and c.redaction.captures is not None}
    for commit in chosen.commits:
        if commit.redaction and commit.redaction.id not in searched and form in _WITH_CAPTURES:
            removal = f"commit {commit.n} removed the text of {commit.redaction.id} by order"
            print_message(f"note: {removal}; raw captures and run reports in this package may still hold it")
    print_message(f"{out}: {form} of commit {chosen.last.n}, head {chosen.last.sha256}")
