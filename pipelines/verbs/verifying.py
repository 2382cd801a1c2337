"""`verify`: prove that nothing was lost or altered, in one archive or in each of a root."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.disk.heads_file import HeadsFile
from pipelines.archive.disk.layout import archives_in, is_archive
from pipelines.archive.errors import ArchiveError, NotUnderstood
from pipelines.archive.prove.anchors.timestamps import check_trusted
from pipelines.archive.prove.verify import Report, verify, verify_quick
from pipelines.archive.read.archives import Archives
from pipelines.canonical import json_value
from pipelines.exits import Exit, worst
from pipelines.shown import counted
from pipelines.verbs.output import print_message
from pipelines.verbs.present import now
from pipelines.verbs.processes import processors
from pipelines.verbs.proofs.rotation import (
    PROOFS_FILE,
    Proved,
    add_proof,
    age,
    check_appendable,
    newest,
    read_proofs,
    rotated,
    sampled,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    check = verb(
        "verify",
        run,
        "Prove that nothing was lost or altered; exit status 5 when it was.",
        "output --heads /mnt/other/heads.txt",
        many=True,
    )
    check.set_defaults(reads="whole")
    head = "a head noted earlier: no commit up to it was removed, altered or replaced"
    check.add_argument("-H", "--head", metavar="SHA256", help=head)
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
    rotate = "of a folder of archives: prove a share, so that each is proved once in DAYS days if this runs daily"
    shares = check.add_mutually_exclusive_group()
    shares.add_argument("--rotate", metavar="DAYS", type=int, help=rotate)
    sample = "of a folder of archives: prove this share of them in percent, others each day"
    shares.add_argument("--sample", metavar="PERCENT", type=float, help=sample)
    jobs = "of a folder of archives: how many to check at the same time (default: one a processor)"
    check.add_argument("--jobs", metavar="N", type=int, default=processors(), help=jobs)
    proofs = f"where it is noted when each archive was proved whole (default: {PROOFS_FILE} beside them)"
    check.add_argument("--proofs", metavar="FILE", type=Path, help=proofs)
    check.add_argument("--json", action="store_true", help="one JSON document instead of text")


def run(arguments: argparse.Namespace) -> int:
    """Prove one archive or several, and print what was found; the worst exit status."""
    _check_options(arguments)
    heads = HeadsFile(arguments.heads) if arguments.heads else None
    for number in heads.unread() if heads else ():
        print_message(f"note: {arguments.heads}, line {number}: notes no head")
    check = verify_quick if arguments.quick else partial(verify, two_processes=True)
    prove = partial(check, head=arguments.head, signers=arguments.signers, heads=heads, trusted=arguments.tsa_ca)
    alone = prove if arguments.quick else partial(prove, two_processes=False)
    if len(arguments.archives) > 1:
        return _named(arguments.archives, alone, arguments)
    root = Path(arguments.archives[0])
    if is_archive(root) or not (folders := archives_in(root)):
        if arguments.rotate or arguments.sample:
            raise NotUnderstood(f"{root}: no folder of archives; --rotate and --sample choose among several")
        if heads is None or is_archive(root):
            report = prove(root)
            _print(report, is_quick=arguments.quick, as_json=arguments.json)
            return report.exit_status
        folders = []
    if arguments.head is not None:
        raise NotUnderstood(f"{root}: --head is of one archive; give its folder, or the heads of all by --heads")
    return _several(root, folders, heads, alone, arguments)


def _named(paths: Sequence[str], prove: Callable[[Path], Report], arguments: argparse.Namespace) -> int:
    """Every archive of several paths; the worst exit status. When each was proved is noted beside one root only."""
    if arguments.rotate or arguments.sample or arguments.proofs or arguments.head:
        raise NotUnderstood("--rotate, --sample and --proofs are of one folder of archives, --head of one archive")
    folders = Archives(*paths).folders
    if twice := [name for name, count in Counter(folder.name for folder in folders).items() if count > 1]:
        raise NotUnderstood(f"{twice[0]}: two archives of this name; verify one at a time")
    reports = dict(_checked(folders, prove, arguments.jobs))
    _print_several(reports, {}, arguments)
    return worst(report.exit_status for report in reports.values())


def _check_options(arguments: argparse.Namespace) -> None:
    if arguments.head is not None and not re.fullmatch("[0-9a-f]{64}", arguments.head):
        raise NotUnderstood(f"--head {arguments.head}: must be the 64 hexadecimal digits a run prints as its head")
    for option in ("signers", "heads"):
        file = getattr(arguments, option)
        if file is not None and not file.is_file():
            raise NotUnderstood(f"--{option} {file}: no such file")
    if arguments.tsa_ca is not None:
        check_trusted(arguments.tsa_ca)
    _check_shares(arguments)


def _check_shares(arguments: argparse.Namespace) -> None:
    if arguments.rotate is not None and arguments.rotate < 1:
        raise NotUnderstood(f"--rotate {arguments.rotate}: must be a number of days, 1 or more")
    if arguments.sample is not None and not 0 < arguments.sample <= 100:
        raise NotUnderstood(f"--sample {arguments.sample:g}: must be a percentage, above 0 and up to 100")
    if arguments.jobs < 1:
        raise NotUnderstood(f"--jobs {arguments.jobs}: must be 1 or more")
    if arguments.quick and (arguments.rotate or arguments.sample):
        raise NotUnderstood("--quick proves no archive whole, which --rotate and --sample note; leave it out")


def _several(
    root: Path,
    folders: list[Path],
    heads: HeadsFile | None,
    prove: Callable[[Path], Report],
    arguments: argparse.Namespace,
) -> int:
    """Every archive of a root, or a share, and every site of which a head was noted; the worst exit status.

    What was proved is noted when a share was asked for, or where it was noted before: a root may be read-only.
    """
    at, file = now().recorded_at, arguments.proofs or root / PROOFS_FILE
    noted, names = read_proofs(file, at), [folder.name for folder in folders]
    proofs = noted.proved
    for note in noted.notes:
        print_message(f"note: {note}")
    chosen = _chosen(names, proofs, arguments, at)
    is_noted = (
        bool(arguments.rotate or arguments.sample or arguments.proofs or proofs or noted.notes)
        and not arguments.quick
    )
    if is_noted:
        check_appendable(file)
    reports: dict[str, Report] = {}
    for site, report in _checked([folder for folder in folders if folder.name in chosen], prove, arguments.jobs):
        reports[site] = report
        if is_noted:
            proofs.append(_noted(file, site, report))
    reports |= {site: Report(problems=[lost]) for site, lost in _lost(root, names, heads)}
    ages = {site: age(site, newest(proofs), at) for site in names}
    _print_several(reports, ages, arguments)
    return max((report.exit_status for report in reports.values()), default=Exit.COMPLETE)


def _noted(file: Path, site: str, report: Report) -> Proved:
    is_whole = report.exit_status is Exit.COMPLETE
    proof = Proved(at=now().recorded_at, site=site, commit=report.commits, head=report.head, is_whole=is_whole)
    add_proof(file, proof)
    return proof


def _chosen(names: list[str], proofs: list[Proved], arguments: argparse.Namespace, at: str) -> frozenset[str]:
    if arguments.rotate is not None:
        return frozenset(rotated(names, proofs, arguments.rotate, at))
    return frozenset(names if arguments.sample is None else sampled(names, arguments.sample, at))


def _checked(folders: Sequence[Path], prove: Callable[[Path], Report], jobs: int) -> Iterator[tuple[str, Report]]:
    """Each archive's report as soon as it is there, so that what was proved is noted whatever comes."""
    if jobs == 1 or len(folders) < 2:
        yield from ((folder.name, _proved(prove, folder)) for folder in folders)
        return
    with ProcessPoolExecutor(min(jobs, len(folders)), mp_context=get_context("spawn")) as workers:
        waiting = {workers.submit(_proved, prove, folder): folder.name for folder in folders}
        yield from ((waiting[done], done.result()) for done in as_completed(waiting))


def _proved(prove: Callable[[Path], Report], folder: Path) -> Report:
    try:
        return prove(folder)
    except ArchiveError as error:
        return Report(problems=[str(error)])


def _lost(root: Path, names: list[str], heads: HeadsFile | None) -> Iterator[tuple[str, str]]:
    for site in sorted(heads.sites() - set(names)) if heads else ():
        last = heads.last(site) if heads else None
        at = f", the last of them at {last.at}" if last else ""
        place = heads.file if heads else ""
        yield site, f"{root / site}: no archive here, but {place} has heads of it{at}; restore it from a copy"


def _print_several(reports: dict[str, Report], ages: dict[str, str], arguments: argparse.Namespace) -> None:
    if arguments.json:
        told = {site: _value(report) for site, report in sorted(reports.items())}
        skipped = {site: {"exit_status": None, "proof": said} for site, said in ages.items() if site not in reports}
        print(json.dumps(told | skipped, ensure_ascii=False, indent=1))
        return
    for site, report in sorted(reports.items()):
        print(f"{site}: ", end="", flush=True)
        _print(report, is_quick=arguments.quick, as_json=False)
    for site, said in ages.items():
        if site not in reports:
            print(f"{site}: not checked now; {said}")


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
    held = [counted(report.commits, "commits"), counted(report.files, "files"), counted(report.bytes, "bytes")]
    if not is_quick:
        held += [counted(report.versions, "version lines"), counted(report.observations, "observations")]
    print(f"{'damaged' if report.problems else 'whole'}: {', '.join(held)}")
    print(f"head {report.head}")
