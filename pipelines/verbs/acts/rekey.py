"""`rekey`: show which id each speech has since the site got a new CMS, and record it with `--write`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.archive import Archive
from pipelines.archive.errors import NotUnderstood
from pipelines.archive.write.kinds.pairing import (
    Runs,
    Wanted,
    checked_ids,
    checked_pairs,
    match,
    new_namespace,
    rekey,
)
from pipelines.canonical import json_value
from pipelines.shown import harmless
from pipelines.verbs.acts.decisions import added_clock, added_reason, reason_of
from pipelines.verbs.output import write_document
from pipelines.verbs.present import now

if TYPE_CHECKING:
    import argparse

    from pipelines.archive.read.state import States
    from pipelines.archive.write.kinds.pairing import Matching
    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    rekeying = verb(
        "rekey", run, "Show which id each speech has since the site's ids changed; --write records it.", "output/gszx"
    )
    matching = "content: the same content, else text, else title and date; identical: the same content only"
    rekeying.add_argument("--match", choices=["content", "identical"], default="content", help=matching)
    pair = "a pair that you give, as 4864=n-17; several times"
    rekeying.add_argument("--pair", metavar="OLD=NEW", action="append", default=[], help=pair)
    leave = "an id that gets no pair; several times"
    rekeying.add_argument("--leave", metavar="ID", action="append", default=[], help=leave)
    rekeying.add_argument("--write", action="store_true", help="record the pairs in a commit (needs --reason)")
    added_reason(rekeying, needed=False)
    added_clock(rekeying)
    rekeying.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Show, or record; without `--write` nothing is written."""
    archive = Archive(arguments.archive)
    named, left = checked_pairs(arguments.pair, archive), checked_ids(arguments.leave, archive)
    wanted = Wanted(is_identical=arguments.match == "identical", named=named, left=left)
    if arguments.write:
        made = rekey(
            archive.layout.root, now(accepts_clock=arguments.accept_clock), reason=reason_of(arguments), wanted=wanted
        )
        told = made.details or {}
        print(f"commit {made.n}: {len(told['pairs'])} speeches have another id\nhead {made.sha256}")
        return 0
    if arguments.reason is not None:
        raise NotUnderstood("--reason: nothing is written without --write")
    states = archive.known().states
    found, namespace = match(states, Runs(archive), wanted), new_namespace(archive)
    if arguments.json:
        write_document(json_value(found) | {"namespace": namespace})
    else:
        print(harmless(_for_people(found, states, namespace)))
    return 0


def _for_people(found: Matching, states: States, namespace: str | None) -> str:
    def title(one: str) -> str:
        return states[one.partition(":")[2]].title

    rows = [f"{pair.old} → {pair.new}  ({pair.by})  {title(pair.new)}" for pair in found.pairs]
    rows += [
        f"ambiguous: {', '.join(group.old)} → {', '.join(group.new)}  ({group.by})  {title(group.old[0])}"
        for group in found.ambiguous
    ]
    rows += [f"unmatched: {one}  {title(one)}" for one in found.unmatched]
    redacted = [state.id for state in states.values() if state.is_redacted and state.succeeded_by is None]
    rows += [f"redacted, cannot be compared: {one}; look for it under a new id" for one in redacted]
    rows += [f"id_namespace: {namespace}"] if namespace else []
    counts = f"{len(found.pairs)} pairs, {len(found.ambiguous)} ambiguous, {len(found.unmatched)} unmatched"
    rows.append(f"{counts}; nothing was written")
    return "\n".join(rows)
