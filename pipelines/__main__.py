"""`python -m pipelines VERB ARCHIVE …`: read and verify an archive. Data on stdout, messages on stderr."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.archive.prove.signatures import sign
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import cut_tail
from pipelines.archive.write.rebuild import rebuild
from pipelines.archive.write.redact import redact
from pipelines.archive.write.salvage import Waiting, waiting_runs
from pipelines.canonical import json_value
from pipelines.verbs import audit_text, diff, export, feeds, log, pack, show, verifying
from pipelines.verbs.acts import reconcile, rekey, repair, retire
from pipelines.verbs.acts.decisions import added_reason, reason_of
from pipelines.verbs.output import harmless, print_in_any_locale, print_message
from pipelines.verbs.present import now
from pipelines.verbs.proofs import anchor

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

    def verb(name: str, run: Run, about: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        added.add_argument("archive", metavar="ARCHIVE", help="the folder of one site, for example output/gszx")
        added.set_defaults(verb=run)
        return added

    as_json = "one JSON document instead of text"
    verb("status", _status, "Show what the archive holds, and how the last run ended.").add_argument(
        "--json", action="store_true", help=as_json
    )
    for module in (verifying, log, show, diff, feeds, export, pack, reconcile, rekey, retire):
        module.add(verb)
    audit_text.add(verbs)
    repair.add(verbs)
    anchor.add(verbs)
    signing = verb("sign", _sign, "Sign the commits not signed yet, by ssh-keygen -Y sign.")
    signing.add_argument("--key", metavar="FILE", type=Path, required=True, help="an OpenSSH private key")
    removal = verb("redact", _redact, "Remove the text of a speech for good; recorded in a commit of its own.")
    removal.add_argument("id", metavar="ID", help="for example gszx:4864, or 4864")
    added_reason(removal, needed=True)
    removal.add_argument("--order", metavar="REF", help="the order's reference; kept in the commit")
    verb("rebuild", _rebuild, "Rebuild the latest, index and state files from the committed files.")
    return parser


def _status(arguments: argparse.Namespace) -> int:
    waiting = waiting_runs(Layout(Path(arguments.archive)))
    try:
        archive = Archive(arguments.archive)
    except NotAnArchive:
        if not waiting:
            raise
        return _status_of_staging(waiting, as_json=arguments.json)
    last, totals = archive.last, archive.totals()
    if lost := cut_tail(archive.layout, last):
        print_message(f"PROBLEM: {lost}")
    run = totals.last_run or {"run": last.run, "kind": last.kind}
    present, gone, succeeded = archive.speeches()
    facts: dict[str, Any] = {
        "site": archive.facts.site,
        "name": archive.facts.name,
        "last_run": {"run": run["run"], "kind": run["kind"]} | _verdict(archive, run["run"]),
        "speeches": {"present": present, "gone": gone, "succeeded": succeeded},
        "retired": totals.retired,
        "versions": totals.versions,
        "last_commit": {"n": last.n, "recorded_at": last.recorded_at, "head": archive.head},
        "staging": json_value(waiting),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return 0
    run, commit = facts["last_run"], facts["last_commit"]
    print(f"site      {facts['site']}  {facts['name']}")
    if totals.retired:
        print(harmless(f"retired   by commit {totals.retired['commit']}: {totals.retired['reason']}"))
    print(f"last run  {run['run']}  {run['verdict'] or 'no verdict'}, exit status {run['exit_status']}")
    print(f"          {', '.join(f'{key} {count}' for key, count in (run['counts'] or {}).items()) or 'no counts'}")
    others = f", {succeeded} under other ids" if succeeded else ""
    print(f"speeches  {present} present, {gone} gone{others}; {facts['versions']} version lines")
    print(f"commit    {commit['n']} of {commit['recorded_at']}\nhead      {commit['head']}")
    print(*map(_waiting, waiting), sep="\n", end="\n" if waiting else "")
    return 0


def _status_of_staging(waiting: tuple[Waiting, ...], *, as_json: bool) -> int:
    """Of a folder where no run has committed anything yet."""
    first = waiting[0]
    if as_json:
        nothing: dict[str, Any] = {"last_run": None, "speeches": None, "versions": 0, "last_commit": None}
        facts = {"site": first.site, "name": first.name} | nothing | {"staging": json_value(waiting)}
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return 0
    print(f"site      {harmless(first.site)}  {harmless(first.name)}\ncommit    none yet")
    print(*map(_waiting, waiting), sep="\n")
    return 0


def _waiting(run: Waiting) -> str:
    fate = "under way" if run.is_under_way else "it died; the next crawl of the site commits that (salvage)"
    saved = f"{run.observations} observations and {run.capture_bytes} bytes of captures saved"
    return harmless(f"staging   {run.run}, begun {run.opened_at}: {saved}; {fate}")


def _verdict(archive: Archive, run: str) -> dict[str, Any]:
    report = archive.report(run)
    return {key: report.get(key) for key in ("verdict", "exit_status", "counts")}


def _sign(arguments: argparse.Namespace) -> int:
    if not arguments.key.is_file():
        raise NotUnderstood(f"--key {arguments.key}: no such file")
    signed = sign(Archive(arguments.archive), arguments.key)
    print_message(f"{arguments.archive}: {signed} commits signed")
    return 0


def _redact(arguments: argparse.Namespace) -> int:
    done = redact(
        arguments.archive,
        Archive(arguments.archive).full_id(arguments.id).partition(":")[2],
        reason=reason_of(arguments),
        order=arguments.order,
        when=now(),
    )
    print(f"commit {done.commit}: text removed from {done.lines} lines\nhead {done.head}")
    for name in done.not_redacted:
        print_message(f"{name}: may still hold it and was not redacted")
    return 0


def _rebuild(arguments: argparse.Namespace) -> int:
    archive = rebuild(arguments.archive)
    print_message(f"{archive.layout.root}: latest, index and state rebuilt from {len(archive.commits())} commits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
