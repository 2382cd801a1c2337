"""`sync`: copy archives to a store and from it, and prove what is there."""

from __future__ import annotations

from dataclasses import fields
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.layout import NAME, archives_in, is_archive, roots_told
from pipelines.archive.errors import ArchiveError, NotAnArchive, NotUnderstood
from pipelines.exits import Exit, worst
from pipelines.fleet.attempts import folders_of
from pipelines.shown import counted
from pipelines.store.at_once import each
from pipelines.store.copying import (
    WHOLE,
    WITHOUT_CAPTURES,
    Checked,
    Diverged,
    Pulled,
    Pushed,
    check,
    pull,
    push,
    set_aside,
)
from pipelines.store.stores import store_of
from pipelines.values import frozen
from pipelines.verbs.output import print_message, write_objects

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pipelines.store.stores import Store
    from pipelines.verbs import AddVerb

Result = Pulled | Pushed | Checked
_BATCH = 32
"""Sites after which what became of them is told: of thousands a person sees that it goes on."""
_ONLY = {"captures": "pull", "aside": "pull", "drop_captures": "push", "quick": "check"}
"""Options of one action, by their name."""


def add(verb: AddVerb) -> None:
    """Add the verb."""
    about = "Copy archives to a store (a folder, or object storage) and from it, or prove what it holds."
    sync = verb("sync", run, about, "push output s3://archive/speeches", bare=True)
    sync.add_argument("action", choices=["push", "pull", "check"], help="from here, to here, or compare")
    here = "the folder of one site, for example output/gszx, or one that holds such folders"
    sync.add_argument("archive", metavar="ARCHIVE|ROOT", help=f"{here}; pull makes it")
    there = "where archives lie: s3://BUCKET/PREFIX, or a folder; each site in a folder of its name below it"
    sync.add_argument("store", metavar="STORE", help=there)
    sync.add_argument("--sites", metavar="GLOB", help="only sites of such a name; ROOT holds their folders")
    sync.add_argument(
        "--captures", action="store_true", help="pull: with the raw bytes (WARC); without, a crawl can go on"
    )
    aside = "pull: where the store has another history, move the archive here to ROOT/aside and take the store's"
    sync.add_argument("--aside", action="store_true", help=aside)
    restore = "push, pull: compare all files with their commits, too, and copy again what is missing or altered there"
    sync.add_argument("--restore", action="store_true", help=restore)
    drop = "push: afterwards, remove captures here that the store has"
    sync.add_argument("--drop-captures", action="store_true", help=drop)
    alone = "push, pull: no other machine pushes these sites now: replace what a push that died has left in the store"
    sync.add_argument("--alone", action="store_true", help=alone)
    sync.add_argument("--quick", action="store_true", help="check: that all is there with its size; else all is read")
    sync.add_argument("--json", action="store_true", help="a JSON line for each site instead of text")


@frozen(kw_only=True)
class Copied:
    """What became of one site: a result, or the error that ended it."""

    site: str
    result: Result | None = None
    error: ArchiveError | None = None
    aside: Path | None = None

    @property
    def exit_status(self) -> Exit:
        """Of this site alone."""
        if self.error is not None:
            return self.error.exit_status
        return self.result.exit_status if isinstance(self.result, Checked | Pushed) else Exit.COMPLETE


def run(arguments: argparse.Namespace) -> int:
    """Copy or check each site; the worst exit status."""
    for option, action in _ONLY.items():
        if getattr(arguments, option) and arguments.action != action:
            raise NotUnderstood(f"--{option.replace('_', '-')}: is of `sync {action}`")
    for option in ("alone", "restore"):
        if getattr(arguments, option) and arguments.action == "check":
            raise NotUnderstood(f"--{option}: is of `sync push` and `sync pull`")
    store = store_of(arguments.store)
    there = store.folders()
    if "commits" in there:
        above = store.address.rstrip("/").rpartition("/")[0] or "."
        raise NotUnderstood(
            f"{store.address}: is one archive; give the folder that holds those of all sites: {above}"
        )
    folders = _folders(arguments, store.address, there)
    act = partial(_copied, {"push": _push, "pull": _pull, "check": _check}[arguments.action], arguments, store)
    statuses: list[int] = []
    noted: set[str] = set()
    for start in range(0, len(folders), _BATCH):
        for copied in each(act, folders[start : start + _BATCH]):
            _tell(copied, arguments.action, noted, as_json=arguments.json)
            statuses.append(copied.exit_status)
    return worst(statuses)


def _folders(arguments: argparse.Namespace, store: str, there: list[str]) -> list[Path]:
    """The folder here of each site that is asked for, of a store that has these."""
    here, glob = Path(arguments.archive), arguments.sites
    is_root = bool(archives_in(here)) if not is_archive(here) else False
    if not is_archive(here) and not is_root and arguments.action != "push":
        is_root = glob is not None or here.absolute().name not in there
        if not is_root and len(there) > 1:
            _tell_taken_for_one(here, store)
    if not is_root:
        if glob is not None:
            raise NotUnderstood(f"{here}: is one archive; --sites chooses among several")
        return [_of_one(here, arguments.action)]
    local = {folder.name for folder in folders_of(here) if is_archive(folder)}
    remote = set() if arguments.action == "push" else set(there)
    names = sorted(filter(NAME.fullmatch, local if arguments.action == "push" else remote | local))
    chosen = [here / name for name in names if glob is None or fnmatchcase(name, glob)]
    if not chosen:
        where = here if arguments.action == "push" else store
        raise NotAnArchive(f"{where}: no archive{f' of a name like {glob}' if glob else ''} there")
    return chosen


def _tell_taken_for_one(here: Path, store: str) -> None:
    """Nothing that lies here says whether the folder is of one site, or of those that the store has."""
    site = here.absolute().name
    all_sites = f"`--sites '*'` copies all sites of {store} into it"
    print_message(f"note: {here}: taken for the archive of {site}, as it is named; {all_sites}")


def _of_one(folder: Path, action: str) -> Path:
    if action == "push" and not is_archive(folder):
        raise NotAnArchive(f"{folder}: no archive here{roots_told(folder)}")
    return folder


def _copied(
    act: Callable[[argparse.Namespace, Store, str, Path], Copied],
    arguments: argparse.Namespace,
    store: Store,
    folder: Path,
) -> Copied:
    site = folder.absolute().name
    try:
        return act(arguments, store, site, folder)
    except ArchiveError as error:
        return Copied(site=site, error=error)


def _push(arguments: argparse.Namespace, store: Store, site: str, folder: Path) -> Copied:
    alone, drops, restores = arguments.alone, arguments.drop_captures, arguments.restore
    pushed = push(store, site, folder, is_alone=alone, drops_captures=drops, restores=restores)
    return Copied(site=site, result=pushed)


def _pull(arguments: argparse.Namespace, store: Store, site: str, folder: Path) -> Copied:
    what = WHOLE if arguments.captures else WITHOUT_CAPTURES
    bring = partial(pull, store, site, folder, what, is_alone=arguments.alone, restores=arguments.restore)
    try:
        return Copied(site=site, result=bring())
    except Diverged:
        if not arguments.aside:
            raise
        aside = set_aside(folder)
        return Copied(site=site, result=bring(), aside=aside)


def _check(arguments: argparse.Namespace, store: Store, site: str, folder: Path) -> Copied:
    return Copied(site=site, result=check(store, site, folder, quick=arguments.quick))


def _tell(copied: Copied, action: str, noted: set[str], *, as_json: bool) -> None:
    """Tell what became of a site; what a push notes of the store is told once, and `noted`."""
    if as_json:
        write_objects([_document(copied, action)])
        return
    if copied.error is not None:
        print_message(f"{copied.site}: PROBLEM: {copied.error}")
        return
    if copied.aside is not None:
        print_message(f"{copied.site}: its history was not the store's: what was here is in {copied.aside}")
    match copied.result:
        case Pushed() as done:
            for note in [note for note in done.notes if note not in noted]:
                print_message(f"note: {note}")
                noted.add(note)
            for problem in done.problems:
                print_message(f"PROBLEM: {problem}")
            print(f"{copied.site}: {_pushed(done)}\nhead {done.head}")
        case Pulled() as done:
            print(f"{copied.site}: {_pulled(done)}")
        case Checked() as done:
            _tell_checked(done)


def _pushed(done: Pushed) -> str:
    if done.is_behind:
        restored = f"restored {_amount(done)}; " if done.commits or done.files else ""
        return f"{restored}the store is ahead of commit {done.commit}, `sync pull` brings what is there"
    dropped = f"; {counted(done.dropped, 'bytes')} of captures left this machine" if done.dropped else ""
    if not done.commits and not done.files:
        return f"nothing to push, the store has commit {done.commit}{dropped}"
    return f"pushed {_amount(done)}, up to commit {done.commit}{dropped}"


def _pulled(done: Pulled) -> str:
    if done.commit is None:
        return "no commit there, and none here"
    first = f"pushed {counted(done.pushed, 'commits')} that were only here; " if done.pushed else ""
    partly = ", without captures" if done.is_partial else ""
    did = f"pulled {_amount(done)}" if done.commits or done.files else "nothing to pull"
    return f"{first}{did}, at commit {done.commit}{partly}\nhead {done.head}"


def _tell_checked(done: Checked) -> None:
    for note in done.notes:
        print_message(f"note: {note}")
    for name in done.foreign:
        print_message(f"note: {name}: no commit names it; no copy takes it")
    for problem in done.problems:
        print_message(f"PROBLEM: {problem}")
    if done.head is not None:
        print(f"{done.site}: {'damaged' if done.problems else 'whole'}: {_amount(done)}\nhead {done.head}")


def _amount(done: Result) -> str:
    held = (counted(done.commits, "commits"), counted(done.files, "files"), counted(done.bytes, "bytes"))
    return ", ".join(held)


def _document(copied: Copied, action: str) -> dict[str, Any]:
    """For programs; `error` is null where there is a result."""
    facts = {one.name: getattr(copied.result, one.name) for one in fields(copied.result)} if copied.result else {}
    told = {"site": copied.site, "action": action, "exit_status": copied.exit_status}
    aside = {"aside": str(copied.aside)} if copied.aside else {}
    return told | {"error": str(copied.error) if copied.error else None} | facts | aside
