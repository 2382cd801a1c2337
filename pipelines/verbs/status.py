"""`status`: what an archive holds, how its last run ended, and what runs without a commit have saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import Layout
from pipelines.archive.errors import NotAnArchive
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import cut_tail
from pipelines.archive.write.salvage import Waiting, waiting_runs
from pipelines.canonical import json_value
from pipelines.verbs.output import harmless, print_message

if TYPE_CHECKING:
    import argparse

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    status = verb("status", run, "Show what the archive holds, and how the last run ended.")
    status.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    waiting = waiting_runs(Layout(Path(arguments.archive)))
    try:
        archive = Archive(arguments.archive)
    except NotAnArchive:
        if not waiting:
            raise
        return _status_of_staging(waiting, as_json=arguments.json)
    if lost := cut_tail(archive.layout, archive.last):
        print_message(f"PROBLEM: {lost}")
    facts = _facts(archive, waiting)
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _print(facts)
        print(*map(_waiting, waiting), sep="\n", end="\n" if waiting else "")
    return 0


def _facts(archive: Archive, waiting: tuple[Waiting, ...]) -> dict[str, Any]:
    last, totals = archive.last, archive.totals()
    ran = totals.last_run or {"run": last.run, "kind": last.kind}
    present, gone, succeeded = archive.speeches()
    return {
        "site": archive.facts.site,
        "name": archive.facts_now().name,
        "last_run": {"run": ran["run"], "kind": ran["kind"]} | _verdict(archive, ran["run"]),
        "speeches": {"present": present, "gone": gone, "succeeded": succeeded},
        "retired": totals.retired,
        "accepted": [one.document() for one in totals.accepted.values()],
        "versions": totals.versions,
        "last_commit": {"n": last.n, "recorded_at": last.recorded_at, "head": archive.head},
        "staging": json_value(waiting),
    }


def _print(facts: dict[str, Any]) -> None:
    ran, speeches, commit = facts["last_run"], facts["speeches"], facts["last_commit"]
    print(f"site      {facts['site']}  {facts['name']}")
    if retired := facts["retired"]:
        print(harmless(f"retired   by commit {retired['commit']}: {retired['reason']}"))
    for one in facts["accepted"]:
        print(harmless(f"accepted  until {one['until']}, by commit {one['commit']}: {one['url']} ({one['reason']})"))
    print(f"last run  {ran['run']}  {ran['verdict'] or 'no verdict'}, exit status {ran['exit_status']}")
    print(f"          {', '.join(f'{key} {count}' for key, count in (ran['counts'] or {}).items()) or 'no counts'}")
    others = f", {speeches['succeeded']} under other ids" if speeches["succeeded"] else ""
    print(
        f"speeches  {speeches['present']} present, {speeches['gone']} gone{others}; {facts['versions']} version lines"
    )
    print(f"commit    {commit['n']} of {commit['recorded_at']}\nhead      {commit['head']}")


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
