"""`status`: what an archive holds, how its last attempts ended, and what runs without a commit have saved.

Of a root of archives: how each site is. Of several paths: the same for each archive that they hold.
"""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import NAME, Layout, archives_in
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.archive.read.reader import Archive
from pipelines.archive.read.tails import cut_tail
from pipelines.archive.write.waiting import Waiting, waiting_runs
from pipelines.canonical import json_value
from pipelines.display.terminal import print_facts
from pipelines.exits import Exit, worst
from pipelines.fleet.attempts import Journal, is_root
from pipelines.shown import counted, one_line
from pipelines.verbs.output import print_message
from pipelines.verbs.problems_asked import add_problems

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pipelines.fleet.attempts import Attempt
    from pipelines.verbs import AddVerb

_MOST_ATTEMPTS = 5
_COLUMNS = (
    "The columns of a folder of archives: last success, and days since then; nights with failed attempts since; rows "
    "listed in the last good run (and how many more than some 30 days ago); new speeches of the last 30 days, of how "
    "many 30 days bring; the share of present speeches with a date; gaps that nobody accepted; when it is next due."
)


def add(verb: AddVerb) -> None:
    """Add the verb."""
    about = "Show what an archive holds and how its last run ended, or how each site of a root is."
    status = verb("status", run, about, "archives --stale 3d", many=True)
    status.set_defaults(reads=_needed)
    status.add_argument(
        "--json", action="store_true", help="one JSON document instead of text; a line for each of several"
    )
    add_problems(status, "count instead the problems of present speeches", is_asked=False)
    _add_of_root(status)


def _needed(arguments: argparse.Namespace) -> str:
    """What is needed of an archive in a store."""
    return "tip" if arguments.problems is None else "lines"


def _add_of_root(status: argparse.ArgumentParser) -> None:
    """The options that only a root has."""
    status.epilog = f"{_COLUMNS}\n\n{status.epilog}"
    status.add_argument(
        "--broken",
        action="store_true",
        help="of a folder of archives: only sites that are broken or stale; nothing when none is",
    )
    status.add_argument(
        "--stale",
        metavar="AGE",
        help="of a folder of archives: stale is whose last success is older: 3d, 36h, 2w "
        "(default: two periods of its schedule and a day; without a schedule 35 days)",
    )
    status.add_argument(
        "--badge", metavar="FILE", help="of a folder of archives: write an SVG badge, replaced atomically"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    if arguments.problems is not None:
        from pipelines.verbs.status_of_problems import status_of_problems  # noqa: PLC0415 - its tables take a while

        return status_of_problems(arguments.archives, arguments.problems, as_json=arguments.json)
    first, *others = map(Path, arguments.archives)
    if is_root(first) and not others:
        from pipelines.verbs.fleet.roots import status_of_root  # noqa: PLC0415 - one archive needs none of it

        return status_of_root(first, arguments)
    if arguments.broken or arguments.stale or arguments.badge:
        raise NotUnderstood(f"{first}: --broken, --stale and --badge are of one folder of archives")
    if not others:
        return _status_of(first, as_json=arguments.json, indent=1)
    statuses: list[int] = []
    for folder in chain.from_iterable(archives_in(one) if is_root(one) else [one] for one in (first, *others)):
        if statuses and not arguments.json:
            print()
        try:
            statuses.append(_status_of(folder, as_json=arguments.json, indent=None))
        except ArchiveError as error:
            print_message(f"PROBLEM: {error}")
            statuses.append(error.exit_status)
    return worst(statuses)


def _status_of(folder: Path, *, as_json: bool, indent: int | None) -> int:
    attempts, waiting = _attempts(folder), waiting_runs(Layout(folder))
    try:
        archive = Archive(folder)
    except NotAnArchive:
        if not (waiting or attempts):
            raise
        nothing = _facts_of_none(folder.name, waiting) | {"attempts": json_value(attempts)}
        if as_json:
            print(json.dumps(nothing, ensure_ascii=False, indent=indent))
        else:
            site = ("site", f"{nothing['site']}  {nothing['name'] or ''}")
            print_facts([site, ("commit", "none yet"), *map(_attempt, attempts), *map(_waiting, waiting)])
        return Exit.COMPLETE
    if lost := cut_tail(archive.layout, archive.last):
        print_message(f"PROBLEM: {lost}")
    facts = _facts(archive, waiting) | {"attempts": json_value(attempts)}
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=indent))
    else:
        print_facts([*_rows(facts), *map(_attempt, attempts), *map(_waiting, waiting)])
    return Exit.COMPLETE


def _attempts(folder: Path) -> list[Attempt]:
    """The last attempts at its site, oldest first; the journal lies beside the archive."""
    folder = folder.absolute()
    try:
        return Journal(folder.parent, folder.name).attempts(_MOST_ATTEMPTS) if NAME.fullmatch(folder.name) else []
    except OSError as error:
        print_message(f"note: the journal of its attempts cannot be read: {error}")
        return []


def _attempt(attempt: Attempt) -> tuple[str, str]:
    at, ended = attempt.began.at, attempt.ended
    if ended is None:
        return "attempt", f"{at}  {'under way' if attempt.is_under_way else 'died: it has no end'}"
    return "attempt", f"{at}  {ended.verdict}, exit status {ended.exit_status}: {ended.message}"


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


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    ran, speeches, commit = facts["last_run"], facts["speeches"], facts["last_commit"]
    yield "site", f"{facts['site']}  {one_line(facts['name'])}"
    if retired := facts["retired"]:
        yield "retired", f"by commit {retired['commit']}: {retired['reason']}"
    for one in facts["accepted"]:
        yield "accepted", f"until {one['until']}, by commit {one['commit']}: {one['url']} ({one['reason']})"
    counts = ", ".join(f"{key} {count}" for key, count in (ran["counts"] or {}).items()) or "no counts"
    yield "last run", f"{ran['run']}  {ran['verdict'] or 'no verdict'}, exit status {ran['exit_status']}"
    yield "", counts
    others = f", {speeches['succeeded']} under other ids" if speeches["succeeded"] else ""
    versions = counted(facts["versions"], "version lines")
    yield "speeches", f"{speeches['present']} present, {speeches['gone']} gone{others}; {versions}"
    yield "commit", f"{commit['n']} of {commit['recorded_at']}"
    yield "head", commit["head"]


def _facts_of_none(site: str, waiting: tuple[Waiting, ...]) -> dict[str, Any]:
    """Of a folder, or of none, where no run has committed anything yet."""
    site, name = (waiting[0].site, waiting[0].name) if waiting else (site, None)
    nothing = {"last_run": None, "speeches": None, "versions": 0, "last_commit": None}
    return {"site": site, "name": name} | nothing | {"staging": json_value(waiting)}


def _waiting(run: Waiting) -> tuple[str, str]:
    fate = "under way" if run.is_under_way else "it died; the next crawl of the site commits that (salvage)"
    saved = f"{counted(run.observations, 'observations')} and {run.capture_bytes} bytes of captures saved"
    return "staging", f"{run.run}, begun {run.opened_at}: {saved}; {fate}"


def _verdict(archive: Archive, run: str) -> dict[str, Any]:
    report = archive.report(run)
    return {key: report.get(key) for key in ("verdict", "exit_status", "counts")}
