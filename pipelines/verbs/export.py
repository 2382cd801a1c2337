"""`export`: the speeches, versions and observations of archives as tables, or a package of a commit of one."""

from __future__ import annotations

import argparse
import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import Archives, OnePerSite
from pipelines.archive.read.moments import end_of
from pipelines.archive.read.reader import Archive
from pipelines.exits import severity, worst
from pipelines.export.publishing import new_package
from pipelines.export.snapshot import snapshot
from pipelines.reasons import ProblemChoice
from pipelines.reasons.problem_choice import left_out
from pipelines.shown import counted
from pipelines.tables.cards.dataset_words import left_out_of
from pipelines.tables.cards.folder_cards import write_cards
from pipelines.tables.choosing.choice import Choice, chosen_tables
from pipelines.tables.choosing.where import OPERATORS, RowCondition
from pipelines.tables.forms.form import FORMS
from pipelines.tables.forms.jsonl_form import jsonl_lines
from pipelines.tables.manifest import is_export, write_manifest
from pipelines.tables.options import Options
from pipelines.tables.selection import Selection, SiteUnreadable
from pipelines.tables.table import TABLES
from pipelines.tables.view_periods import EVERY, told_falls
from pipelines.verbs.output import print_message, write_lines
from pipelines.verbs.over import each
from pipelines.verbs.places_asked import asked_since, names_file
from pipelines.verbs.problems_asked import add_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelines.export.snapshot import Snapshot
    from pipelines.verbs import AddVerb

_PACKAGES = {
    "bagit": "bagit:write_bag",
    "datapackage": "datapackage:write_datapackage",
    "dc": "dublin_core:write_dublin_core",
    "mets": "mets:write_mets",
    "wacz": "wacz:write_wacz",
}
"""The module of `pipelines.export` that writes each package, and its function: imported when it is asked for."""
_WITH_CAPTURES = frozenset({"bagit", "wacz"})
_MOMENT = "a day (2026-01-31, its end in UTC) or a moment (2026-01-31T02:00:00Z, or with an offset)"
_OF_TABLES = (
    *("tables", "fields", "flat", "as_of", "known_at", "since", "where", "problems", "every"),
    *("partition", "compress", "raw_formulas", "replace"),
)
_OF_PACKAGES = ("commit",)


def _needed(arguments: argparse.Namespace) -> str:
    """What is needed of an archive in a store."""
    return "whole" if arguments.to in _PACKAGES else "lines"


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Export archives as tables, all sites in each, or a package of a commit of one archive."
    export = verb("export", run, about, "output --to parquet --out tables", many=True)
    export.set_defaults(reads=_needed)
    export.add_argument("--to", choices=[*FORMS, *_PACKAGES], default="jsonl", help="form (default: jsonl)")
    export.add_argument(
        "--out",
        metavar="PATH",
        type=Path,
        help="where to write it; must not exist, but see --replace. Without it, jsonl prints one table (speeches)",
    )
    tables = export.add_argument_group("tables")
    tables.add_argument("--replace", action="store_true", default=None, help="replace an export that is at PATH")
    tables.add_argument("--tables", metavar="NAMES", type=_names, help=f"of {', '.join(TABLES)} (default: all)")
    tables.add_argument("--fields", metavar="NAMES", type=_names, help="only these columns")
    flat = "without captures, raw, attachments, evidence; problems as their codes"
    tables.add_argument("--flat", action="store_true", default=None, help=flat)
    tables.add_argument("--as-of", metavar="T", help=f"the speeches on the site at {_MOMENT}")
    tables.add_argument("--known-at", metavar="K", help="as the archive knew it at K (default: now); same form as T")
    since = "what came after commit:4, or a day or moment; FILE.json has the commit of each site ({site: commit})"
    tables.add_argument("--since", metavar="PLACE", help=since)
    where = f"rows with such a value, as speaker=何庆海; OP is one of {' '.join(OPERATORS)}; may be repeated"
    tables.add_argument("--where", metavar="KEY OP VALUE", action="append", help=where)
    tables.add_argument("--every", choices=EVERY, help="period of table views (default: month)")
    tables.add_argument("--partition", choices=["site", "year"], help="parquet: a file for each site, or each year")
    tables.add_argument("--compress", choices=["gz", "zst"], help="csv, jsonl: compress each file")
    add_problems(tables, "problems that flat rows and table problems have (without it: notice)", is_asked=False)
    raw = "csv: leave texts that a spreadsheet would compute (=1+1) as they are"
    tables.add_argument("--raw-formulas", action="store_true", default=None, help=raw)
    packages = export.add_argument_group("packages (bagit, datapackage, dc, mets, wacz)")
    packages.add_argument("--commit", metavar="N", type=int, help="as of commit N (default: the last)")


def _names(given: str) -> tuple[str, ...]:
    names = tuple(filter(None, given.split(",")))
    if not names:
        raise argparse.ArgumentTypeError("give names with commas between them")
    return names


def run(arguments: argparse.Namespace) -> int:
    """Write the tables or the package, or print lines."""
    if arguments.to in _PACKAGES:
        return _package(arguments)
    _refuse(arguments, _OF_PACKAGES)
    folders = Archives(*arguments.archives).folders
    if arguments.out is None:
        return _print(arguments, folders)
    return _export(arguments, folders)


def _refuse(arguments: argparse.Namespace, names: Sequence[str]) -> None:
    for name in names:
        if getattr(arguments, name) is not None:
            raise NotUnderstood(f"export --to {arguments.to}: has no {_option(name)}; see export --help")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _print(arguments: argparse.Namespace, folders: Sequence[Path]) -> int:
    tables = arguments.tables or ("speeches",)
    if arguments.to != "jsonl" or len(tables) > 1:
        raise NotUnderstood(f"export --to {arguments.to}: needs --out; see export --help")
    for name in ("compress", "replace"):
        if getattr(arguments, name) is not None:
            raise NotUnderstood(f"export {_option(name)}: needs --out; see export --help")
    options = _options(arguments)
    choice = _choice(arguments, folders)
    chosen_tables(tables, choice, options.fields)
    every, count = Selection(folders, choice), 0
    sites = OnePerSite()

    def one(archive: Archive) -> int:
        nonlocal count
        folder = archive.layout.root
        sites.add(archive.facts.site, folder)
        selection = Selection([folder], choice)
        count += write_lines(jsonl_lines(selection, tables[0], options))
        every.add_notes(selection)
        return 0

    status = each(arguments.archives, one)
    if not count and arguments.as_of:
        print_message(f"note: no speech is known to have been on the site at {arguments.as_of}")
    _tell_notes(every)
    return status


def _options(arguments: argparse.Namespace) -> Options:
    form = FORMS[arguments.to]
    _refuse(arguments, [name for name in Options.__slots__ if name not in form.takes])
    given = {name: getattr(arguments, name) for name in Options.__slots__}
    return Options(**{name: value for name, value in given.items() if value is not None})


def _choice(arguments: argparse.Namespace, folders: Sequence[Path]) -> Choice:
    if arguments.known_at is not None and arguments.as_of is None:
        raise NotUnderstood("export --known-at: needs --as-of")
    if arguments.as_of is not None and arguments.since is not None:
        raise NotUnderstood("export --as-of: is of one moment, so --since cannot be with it")
    since = None
    if arguments.since is not None:
        since = asked_since(arguments.since, is_many=len(folders) > 1, by_seq=False)
    for moment in filter(None, (arguments.as_of, arguments.known_at)):
        end_of(moment)  # here, so that it is refused once, and not of each archive
    return Choice(
        as_of=arguments.as_of,
        known_at=arguments.known_at,
        since=since,
        where=tuple(map(RowCondition.of, arguments.where or ())),
        every=arguments.every or "month",
        problems=arguments.problems or ProblemChoice.of(None),
    )


def _export(arguments: argparse.Namespace, folders: Sequence[Path]) -> int:
    form, options = FORMS[arguments.to], _options(arguments)
    choice = _choice(arguments, folders)
    tables = chosen_tables(arguments.tables, choice, options.fields)
    replaces = is_export if arguments.replace else None
    unreadable: dict[str, str] = {}
    statuses: list[int] = []
    with new_package(arguments.out, *folders, replaces=replaces) as package:
        while True:
            package.mkdir()
            selection = Selection(folders, choice, package.parent)
            try:
                form.write(selection, tables, package, options)
                written = {name: form.written(selection.table(name), options) for name in tables}
                write_cards(selection, written, package, arguments.to, unreadable)
                break
            except SiteUnreadable as error:
                # The rows of a damaged archive are in no table, so the others are written again without them.
                found = [error, *selection.others_unreadable(tables, error.folder)]
                for one in found:
                    print_message(f"PROBLEM: {one}")
                    statuses.append(one.why.exit_status)
                    unreadable[one.folder.name] = type(one.why).__name__
                folders = _readable(folders, found, arguments.out)
                shutil.rmtree(package)
        write_manifest(selection, written, package, _asked(arguments), unreadable)
    print_message(_told(arguments.out, arguments.to, selection, tables, unreadable))
    _tell_tables(arguments, tables)
    _tell_notes(selection)
    return worst(statuses)


def _readable(folders: Sequence[Path], found: Sequence[SiteUnreadable], out: Path) -> list[Path]:
    """The other archives; where there is none, the gravest error is raised."""
    left = [folder for folder in folders if folder not in {one.folder for one in found}]
    if not left:
        gravest = min((one.why for one in found), key=lambda why: severity(why.exit_status))
        raise type(gravest)(f"{out}: not written, since none of the archives can be read")
    return left


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options as they were given, for the manifest; which commit cursors name it says of each site."""
    given = {name: getattr(arguments, name) for name in ("to", *_OF_TABLES) if name != "replace"}
    if given["since"] and names_file(given["since"]):
        given["since"] = "cursors"
    if given["problems"]:
        given["problems"] = given["problems"].words
    return {name: value for name, value in given.items() if value}


def _tell_tables(arguments: argparse.Namespace, tables: Sequence[str]) -> None:
    left = [name for name in TABLES if name not in tables]
    if left and arguments.tables is None:
        print_message(f"note: not written, since they have no such columns or moment: {', '.join(left)}")


def _tell_notes(selection: Selection) -> None:
    for table, codes in selection.left_out.items():
        if said := left_out(codes):
            print_message(f"note: {table}: problems {said}")
    if selection.fell:
        print_message(f"note: {told_falls(selection.fell)}")


def _told(out: Path, form: str, selection: Selection, tables: Sequence[str], unreadable: Mapping[str, str]) -> str:
    rows = (counted(sum(one.rows[name] for one in selection.taken.values()), name) for name in tables)
    taken, left = len(selection.taken), len(unreadable)
    sites = f"{f'{taken} of ' if left else ''}{counted(taken + left, 'sites')}"
    said = left_out_of(unreadable)
    return f"{out}: {form} of {sites}: {', '.join(rows)}{f'. {said}' if said else ''}"


def _package(arguments: argparse.Namespace) -> int:
    if arguments.out is None:
        raise NotUnderstood(f"export --to {arguments.to}: needs --out; see export --help")
    _refuse(arguments, _OF_TABLES)
    folders = Archives(*arguments.archives).folders
    if len(folders) > 1:
        raise NotUnderstood(f"export --to {arguments.to}: is of one archive; {len(folders)} were given")
    _write_package(Archive(folders[0]), arguments.to, arguments.out, arguments.commit)
    return 0


def _write_package(archive: Archive, form: str, out: Path, n: int | None) -> None:
    with new_package(out, archive.layout.root) as package:
        chosen = snapshot(archive, n)
        module, _, name = _PACKAGES[form].partition(":")
        write: Callable[[Snapshot, Path], None] = getattr(import_module(f"pipelines.export.{module}"), name)
        write(chosen, package)
    searched = {c.redaction.id for c in chosen.commits if c.redaction and c.redaction.captures is not None}
    for commit in chosen.commits:
        if commit.redaction and commit.redaction.id not in searched and form in _WITH_CAPTURES:
            removal = f"commit {commit.n} removed the text of {commit.redaction.id} by order"
            print_message(f"note: {removal}; raw captures and run reports in this package may still hold it")
    print_message(f"{out}: {form} of commit {chosen.last.n}, head {chosen.last.sha256}")
