"""`verify`: prove that nothing was lost or altered, in one archive or in each of a root."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.disk.layout import ARCHIVE_JSON
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.prove.anchors.timestamps import check_trusted
from pipelines.archive.prove.verify import Report, verify, verify_quick
from pipelines.canonical import json_value
from pipelines.exits import Exit
from pipelines.verbs.output import print_message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    check = verb("verify", run, "Prove that nothing was lost or altered; exit status 5 when it was.")
    head = "a head noted earlier: no commit up to it was removed, altered or replaced"
    check.add_argument("--head", metavar="SHA256", help=head)
    heads = "a HEADS_FILE: every head of a site in it must be in its archive; ARCHIVE may be a folder of archives"
    check.add_argument("--heads", metavar="FILE", type=Path, help=heads)
    check.add_argument(
        "--quick",
        action="store_true",
        help="the daily check: chain, all sizes, bytes of the newest files; it reads no line",
    )
    check.add_argument("--signers", metavar="FILE", type=Path, help="allowed_signers of ssh-keygen: check signatures")
    stamps = "root certificates (PEM) of the authority of time: check the time-stamps that `anchor` got"
    check.add_argument("--tsa-ca", metavar="FILE", type=Path, help=stamps)
    check.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Prove one archive or several, and print what was found; the worst exit status."""
    if arguments.head is not None and not re.fullmatch("[0-9a-f]{64}", arguments.head):
        raise NotUnderstood(f"--head {arguments.head}: must be the 64 hexadecimal digits a run prints as its head")
    for option in ("signers", "heads"):
        file = getattr(arguments, option)
        if file is not None and not file.is_file():
            raise NotUnderstood(f"--{option} {file}: no such file")
    if arguments.tsa_ca is not None:
        check_trusted(arguments.tsa_ca)
    heads = HeadsFile(arguments.heads) if arguments.heads else None
    check = verify_quick if arguments.quick else partial(verify, two_processes=True)
    prove = partial(check, head=arguments.head, signers=arguments.signers, heads=heads, trusted=arguments.tsa_ca)
    root = Path(arguments.archive)
    if heads is None or _is_archive(root):
        report = prove(root)
        _print(report, is_quick=arguments.quick, as_json=arguments.json)
        return report.exit_status
    return _several(root, heads, prove, arguments)


def _is_archive(folder: Path) -> bool:
    return (folder / ARCHIVE_JSON).exists() or (folder / "commits").is_dir()


def _several(root: Path, heads: HeadsFile, prove: Callable[[Path], Report], arguments: argparse.Namespace) -> int:
    """Every archive below `root`, and every site of which a head was noted; the worst exit status."""
    archives = sorted(folder for folder in root.iterdir() if _is_archive(folder)) if root.is_dir() else []
    worst, told = Exit.COMPLETE, {}
    for folder in archives:
        try:
            report = prove(folder)
        except ArchiveError as error:
            report = Report(problems=[str(error)])
        worst, told[folder.name] = max(worst, report.exit_status), report
    for site in sorted(heads.sites() - told.keys()):
        last = heads.last(site)
        at = f", the last of them at {last.at}" if last else ""
        lost = f"{root / site}: no archive here, but {heads.file} has heads of it{at}; restore it from a copy"
        worst, told[site] = Exit.DAMAGED, Report(problems=[lost])
    if arguments.json:
        print(json.dumps({site: _value(report) for site, report in told.items()}, ensure_ascii=False, indent=1))
        return worst
    for site, report in told.items():
        print(f"{site}: ", end="", flush=True)
        _print(report, is_quick=arguments.quick, as_json=False)
    return worst


def _value(report: Report) -> dict[str, Any]:
    return dict(json_value(report)) | {"exit_status": report.exit_status}


def _print(report: Report, *, is_quick: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_value(report), ensure_ascii=False, indent=1))
        return
    for note in report.notes:
        print_message(f"note: {note}")
    for problem in report.problems:
        print_message(f"PROBLEM: {problem}")
    if report.problems:
        shown = ", ".join(report.affected[:20]) + (" …" if len(report.affected) > 20 else "")
        print_message(f"affected: {shown or 'cannot be told'}; unaffected: {report.unaffected or 'unknown'}")
    counted = f"{report.commits} commits, {report.files} files, {report.bytes} bytes"
    lines = "" if is_quick else f", {report.versions} version lines, {report.observations} observations"
    print(f"{'damaged' if report.problems else 'whole'}: {counted}{lines}")
    print(f"head {report.head}")
