"""Signatures of commits, made and checked with `ssh-keygen -Y`."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import replace_synced
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import ArchiveError, writing
from pipelines.untrusted import whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.disk.layout import Layout
    from pipelines.archive.read.reader import Archive

NAMESPACE = "speech-archive"


def signature(commit_file: Path) -> Path:
    """The file beside a commit that holds its signature."""
    return commit_file.with_name(f"{commit_file.name}.sig")


def sign(archive: Archive, key: Path) -> int:
    """Sign every commit that is not signed yet with an OpenSSH private key (or the public half of one in the agent).

    Returns:
        How many were signed. `ArchiveError` when ssh-keygen refuses.
    """
    layout, signed = archive.layout, 0
    with writing(layout.root):
        layout.staging.mkdir(exist_ok=True)
        lock = SiteLock(layout.lock, "sign")
        try:
            for commit in archive.commits():
                file = layout.commit(commit.n)
                if not signature(file).exists():
                    made = _ssh_keygen(["sign", "-f", str(key), "-n", NAMESPACE], whole(file))
                    if made.returncode:
                        raise ArchiveError(f"{key}: ssh-keygen does not sign with it: {_output(made)}")
                    replace_synced(signature(file), made.stdout, layout.staging)
                    signed += 1
        finally:
            lock.release()
    return signed


def check_signatures(
    layout: Layout, commits: Iterable[Commit], signers: Path, problems: list[str], notes: list[str]
) -> None:
    """Check every signature against an `allowed_signers` file; a commit without one is a note."""
    if not signers.is_file():
        raise ArchiveError(f"{signers}: no such file; --signers needs an allowed_signers file (man ssh-keygen)")
    unsigned = []
    for commit in commits:
        file = layout.commit(commit.n)
        if not signature(file).exists():
            unsigned.append(str(commit.n))
            continue
        by = ["-f", str(signers), "-s", str(signature(file))]
        found = _ssh_keygen(["find-principals", *by], b"")
        who = found.stdout.decode(errors="replace").split("\n")[0].split(",")[0].strip()
        if found.returncode or not who:
            problems.append(f"{signature(file)}: not by a key that {signers} names ({_output(found)})")
            continue
        checked = _ssh_keygen(["verify", *by, "-I", who, "-n", NAMESPACE], whole(file))
        if checked.returncode:
            problems.append(f"{signature(file)}: is not a signature of {file.name} ({_output(checked)})")
    if unsigned:
        notes.append(f"commits {', '.join(unsigned)}: not signed; `sign` signs them")


def _ssh_keygen(arguments: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", *arguments]
    try:
        return subprocess.run(command, input=data, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise ArchiveError("ssh-keygen: not installed; signatures need OpenSSH 8.2 or newer") from error


def _output(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stderr or done.stdout).decode(errors="replace").strip() or f"exit status {done.returncode}"
