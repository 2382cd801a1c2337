"""`describe`: print what an archive says of itself, or record it anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.description import NAMES, Description
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.reader import Archive
from pipelines.archive.write.kinds.describing import describe
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.output import write_document
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb

_ABOUT = {
    "name": "name of the site",
    "committee": "whose speeches these are, in full",
    "rights": "who may do what with the texts",
    "contact": "whom to ask about the archive",
    "custody": "the institution that keeps the archive; packages name it as their sender",
}


def add(verb: AddVerb) -> None:
    """Add the verb."""
    describing = verb(
        "describe",
        run,
        "Print what the archive says of itself, or record it anew in a commit.",
        'output/gszx --rights "CC BY 4.0" --reason "agreed in a letter of May 3"',
    )
    for name in NAMES:
        describing.add_argument(f"--{name}", metavar="TEXT", help=_ABOUT[name])
    added_reason(describing, needed=False)
    added_clock(describing)


def run(arguments: argparse.Namespace) -> int:
    """Print the facts as JSON when none is given, else make the commit."""
    given = {name: value for name in NAMES if (value := getattr(arguments, name)) is not None}
    if not given:
        write_document(dict(Archive(arguments.archive).description()))
        return 0
    wrong = next((name for name, value in given.items() if not value.strip() or not value.isprintable()), None)
    if wrong:
        raise NotUnderstood(f"--{wrong}: must be one line of printable characters")
    made = describe(
        Path(arguments.archive),
        now(accepts_clock=arguments.accept_clock),
        Description(**given),
        reason=reason_of(arguments),
    )
    print(f"commit {made.n}: {', '.join(given)} recorded\nhead {made.sha256}")
    return 0
