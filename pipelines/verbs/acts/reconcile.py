"""`reconcile`: what two copies that parted have alone, and the decision which of them goes on."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from pipelines.archive import Archive
from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.parting import Parting
from pipelines.archive.write.kinds.reconciliation import accept_ours, lost_commits
from pipelines.shown import harmless
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.output import write_document
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.archive.read.parting import Alone
    from pipelines.verbs import AddVerb

_MOST = 20


def add(verb: AddVerb) -> None:
    """Add the verb."""
    told = "What another copy has alone, or which commits are lost; --accept records which copy goes on."
    reconcile = verb("reconcile", run, told, "output/gszx --with /mnt/backup/gszx")
    reconcile.add_argument("--with", dest="other", metavar="OTHER", type=Path, help="the other copy of the archive")
    reconcile.add_argument("--heads", metavar="FILE", type=Path, help="a HEADS_FILE that tells of lost commits")
    accept = "ours: ARCHIVE goes on, and a commit names the commits that it gives up; theirs: how to go on with OTHER"
    reconcile.add_argument("--accept", choices=["ours", "theirs"], help=accept)
    added_reason(reconcile, needed=False)
    added_clock(reconcile)
    reconcile.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Show, or record; without `--accept ours` nothing is written."""
    archive = Archive(arguments.archive)
    other = Archive(arguments.other) if arguments.other else None
    if arguments.heads is not None and not arguments.heads.is_file():
        raise NotUnderstood(f"--heads {arguments.heads}: no such file")
    heads = HeadsFile(arguments.heads) if arguments.heads else None
    if arguments.accept == "ours":
        made = accept_ours(
            archive.layout.root,
            now(accepts_clock=arguments.accept_clock),
            reason=reason_of(arguments),
            other=other,
            heads=heads,
        )
        print(f"commit {made.n}: this archive goes on; the commits not in it are recorded as given up")
        print(f"head {made.sha256}")
        return 0
    if arguments.accept == "theirs":
        if other is None:
            raise NotUnderstood("--accept theirs: name the other copy by --with OTHER")
        print(_how_to_keep(archive.layout.root, other.layout.root))
        return 0
    lost = lost_commits(archive, other, heads)
    parting = Parting.of(archive, other) if other else None
    if arguments.json:
        write_document({"lost": lost} | (parting.document() if parting else {}))
        return 0
    if parting is not None:
        print(_for_people(parting))
    elif lost:
        print("\n".join(f"commit {one['n']} {one['head'] or '(head unknown)'} is not in this chain" for one in lost))
    else:
        print("no commit is known that is not in this chain")
    return 0


def _how_to_keep(ours: Path, theirs: Path) -> str:
    """Commands, since moving an archive away is for a person to do."""
    here, there, kept = (quote(str(path)) for path in (ours, theirs, ours.with_name(f"{ours.name}.given-up")))
    return (
        f"nothing was written. To go on with {there}, in this order:\n"
        f"  mv {here} {kept}\n  cp -a {there} {here}\n"
        f"  python -m pipelines reconcile {here} --with {kept} --accept ours --reason TEXT\n"
        "the last of them records what only the given-up copy has; redactions among it must be made again"
    )


def _for_people(parting: Parting) -> str:
    if not parting.ours.commits and not parting.theirs.commits:
        return f"the same {parting.common} commits in both"
    until = f"identical up to commit {parting.common}" if parting.common else "no commit in common"
    return "\n".join([until, *_side("ours", parting.ours), *_side("theirs", parting.theirs)])


def _side(name: str, alone: Alone) -> list[str]:
    if not alone.commits:
        return [f"{name}: nothing alone"]
    first, last = alone.commits[0], alone.commits[-1]
    told = [
        f"{name} alone: commits {first.n}–{last.n} of {first.recorded_at} – {last.recorded_at}, "
        f"{alone.versions} version lines of {len(alone.events)} speeches, {alone.observations} observations"
    ]
    told += [f"  commit {commit.n}  {commit.kind}  {commit.run}" for commit in alone.commits[:_MOST]]
    events = [
        f"  {one}  {', '.join(f'{event} {count}' for event, count in counts.items())}"
        for one, counts in sorted(alone.events.items())
    ]
    told += events[:_MOST] + ([f"  … and {len(events) - _MOST} more; --json has all"] if len(events) > _MOST else [])
    for commit in alone.commits:
        if commit.redaction:
            why = commit.redaction.reason
            told.append(f"  commit {commit.n} redacts {commit.redaction.id} ({why}): to be made again if given up")
    return [harmless(line) for line in told]
