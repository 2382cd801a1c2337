"""`prove`: everything that speaks for one text, as a page with the files that it names."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import write_synced
from pipelines.archive.prove.anchors.timestamps import check_trusted
from pipelines.archive.read.reader import Archive
from pipelines.export.publishing import copy_proved, new_package
from pipelines.proof.commands import CERTIFICATE, LINE_FILE, named
from pipelines.proof.evidence import evidence
from pipelines.proof.proof_page import page
from pipelines.untrusted import whole
from pipelines.verbs.output import print_message
from pipelines.verbs.texts import reference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pipelines.proof.evidence import TextProof
    from pipelines.verbs import AddVerb


def add(verb: AddVerb) -> None:
    """Add the verb."""
    proving = verb(
        "prove",
        run,
        "Write a page that proves one text, with the records and hashes it rests on.",
        "output/gszx 4864@2 --out proof-of-4864",
    )
    proving.set_defaults(reads="whole")
    proving.add_argument("id", metavar="ID[@VERSION[.READING]]", help="for example gszx:4864, 4864@2 or 4864@2.1")
    proving.add_argument("--out", metavar="DIR", type=Path, required=True, help="where to write it; must not exist")
    trusted = "root certificates (PEM) of the authority of time: check its time-stamps, and put FILE beside the page"
    proving.add_argument("--tsa-ca", metavar="FILE", type=Path, help=trusted)


def run(arguments: argparse.Namespace) -> int:
    """Write the proof."""
    trusted = arguments.tsa_ca
    if trusted is not None:
        check_trusted(trusted)
    archive = Archive(arguments.archive)
    line = reference.find(archive, reference.parse(archive, arguments.id))
    proof = evidence(archive, line, trusted)
    with new_package(arguments.out, archive.layout.root) as folder:
        _write(folder, proof)
        if trusted is not None:
            shutil.copyfile(trusted, folder / CERTIFICATE)
    for note in _notes(proof, trusted):
        print_message(f"note: {note}")
    print(f"{arguments.out}: {line['id']}@{line['version']}.{line['reading']} of commit {proof.commit.n}")
    return 0


def _write(folder: Path, proof: TextProof) -> None:
    layout = proof.archive.layout
    files = {"index.html": page(proof).encode(), LINE_FILE: proof.text.raw}
    for capture in named(proof.given):
        files |= {name: stored.data for name, stored in capture.records()}
        files |= {capture.entity_file: capture.given.entity} if capture.given.entity is not None else {}
    for commit in proof.commits:
        files[layout.commit_name(commit.n)] = whole(layout.stored(layout.commit_name(commit.n)))
    for stamp in proof.stamps:
        files |= {stamp.anchor.file: stamp.anchor.document(), stamp.anchor.reply_file: stamp.reply}
    for name, data in files.items():
        _made(folder / name)
        write_synced(folder / name, data)
    for path, (file, _) in proof.files().items():
        with _made(folder / path).open("wb") as into:
            copy_proved(layout.stored(path), file, into)


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _notes(proof: TextProof, trusted: Path | None) -> Iterator[str]:
    for commit in proof.redactions:
        yield f"commit {commit.n} removed the text by order; what can still be proved is given"
    if not proof.stamps:
        yield "no time-stamp covers it; `anchor` gets one"
    elif trusted is None:
        yield f"its time-stamps were not checked; with --tsa-ca FILE they are. To check them later, add {CERTIFICATE}"
    if not proof.given and not proof.redactions:
        yield "no raw bytes of it were kept"
