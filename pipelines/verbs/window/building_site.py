"""`site`: builds the window, static pages of one archive or of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.archive.read.archives import Archives
from pipelines.exits import worst
from pipelines.shown import counted
from pipelines.verbs.output import print_message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pipelines.verbs import AddVerb
    from pipelines.window.building.build import Built

_EXTRA = "the window needs more packages: pip install 'CHECKOUT-OR-WHEEL[window]'"


def add(verb: AddVerb) -> None:
    """Add the command."""
    about = "Build a window: static pages of one archive or of all of a folder, which open from disk without network."
    site = verb("site", run, about, "output --out window --keyword 协商", many=True)
    site.set_defaults(reads="whole")
    site.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="the window's own folder; made if missing"
    )
    site.add_argument(
        "--since",
        metavar="COMMIT",
        type=int,
        help="make speeches with lines after this commit again, too (default: what came after the last build)",
    )
    site.add_argument("--quiet", action="store_true", help="tell problems only")
    add_choices(site)


def add_choices(command: argparse.ArgumentParser) -> None:
    """Add the options that say which pages a window has."""
    command.add_argument(
        "--language", metavar="zh,en", default="zh,en", help="languages of the pages (default: both)"
    )
    command.add_argument("--no-renderings", action="store_true", help="without copies of the archived HTML")
    command.add_argument("--keyword", metavar="WORD", nargs="+", default=[], help="words to make a feed of each")
    command.add_argument(
        "--served-at", metavar="URL", help="where the folder will be served, for whole addresses in the feeds"
    )


def run(arguments: argparse.Namespace) -> int:
    """Build it; 5 when an archive of several cannot be read: its pages stay as they were."""
    paths = [Path(path) for path in arguments.archives]
    archives = len(Archives(*paths))  # before the window's folder is made: what is refused leaves none
    built = build_window(arguments, paths, arguments.out, arguments.since)
    status = tell_problems(built, archives)
    if not arguments.quiet:
        tell_done(built, arguments.out)
        print((arguments.out / "index.html").resolve().as_uri())
    return status


def build_window(arguments: argparse.Namespace, paths: Sequence[Path], out: Path, since: int | None = None) -> Built:
    """Build it with the choices of the command line; `NotUnderstood` when a package is missing."""
    try:
        from pipelines.window.building.build import build  # noqa: PLC0415 - needs the extra
        from pipelines.window.building.window_options import options_of  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{_EXTRA} ({error})") from error
    options = options_of(
        arguments.language,
        has_renderings=not arguments.no_renderings,
        keywords=tuple(arguments.keyword),
        served_at=arguments.served_at,
    )
    return build(paths, out, options, since)


def tell_problems(built: Built, archives: int) -> int:
    """Tell which archives could not be read, and return the exit status; raise the error of a lone one."""
    if built.errors and archives == 1:
        raise built.errors[0]
    for problem in built.errors:
        print_message(f"PROBLEM: {problem}")
    return worst(problem.exit_status for problem in built.errors)


def tell_done(built: Built, out: Path) -> None:
    """Tell what a build did."""
    if built.gone:
        print_message(f"{out}: no archive of {', '.join(sorted(built.gone))} was given: its pages were removed")
    done = f"{counted(built.written, 'files')} written, {built.removed} removed"
    print_message(f"{out}: {counted(built.speeches, 'speeches')} made again; {done}")
