"""Signatures of commits, made and checked with `ssh-keygen -Y`."""

from __future__ import annotations

import subprocess
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from pipelines.archive.disk.files import replace_synced
from pipelines.archive.disk.layout import Layout
from pipelines.archive.disk.lock import SiteLock
from pipelines.archive.errors import ArchiveError, writing
from pipelines.untrusted import is_there, whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.archive.disk.commits import Commit
    from pipelines.archive.read.reader import Archive
    from pipelines.stored.packed import Stored

NAMESPACE = "speech-archive"


def signature_name(n: int) -> str:
    """The path in the archive of the file beside commit `n` that holds its signature."""
    return f"{Layout.commit_name(n)}.sig"


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
                file = layout.stored(layout.commit_name(commit.n))
                if not is_there(layout.stored(signature_name(commit.n))):
                    made = _ssh_keygen(["sign", "-f", str(key), "-n", NAMESPACE], whole(file))
                    if made.returncode:
                        raise ArchiveError(f"{key}: ssh-keygen does not sign with it: {_output(made)}")
                    replace_synced(layout.path(signature_name(commit.n)), made.stdout, layout.staging)
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
        signature = layout.stored(signature_name(commit.n))
        if not is_there(signature):
            unsigned.append(str(commit.n))
        elif problem := _problem(layout.stored(layout.commit_name(commit.n)), signature, signers):
            problems.append(f"{signature}: {problem}")
    if unsigned:
        notes.append(f"commits {', '.join(unsigned)}: not signed; `sign` signs them")


def _problem(file: Stored, signature: Stored, signers: Path) -> str | None:
    """Why a signature does not vouch for a commit file; null when it does."""
    with NamedTemporaryFile() as beside:  # ssh-keygen reads files only, and this one may lie in a container
        beside.write(whole(signature))
        beside.flush()
        by = ["-f", str(signers), "-s", beside.name]
        found = _ssh_keygen(["find-principals", *by], b"")
        who = found.stdout.decode(errors="replace").split("\n")[0].split(",")[0].strip()
        if found.returncode or not who:
            return f"not by a key that {signers} names ({_output(found)})"
        checked = _ssh_keygen(["verify", *by, "-I", who, "-n", NAMESPACE], whole(file))
    return f"is not a signature of {file.name} ({_output(checked)})" if checked.returncode else None


def _ssh_keygen(arguments: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", *arguments]
    try:
        return subprocess.run(command, input=data, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise ArchiveError("ssh-keygen: not installed; signatures need OpenSSH 8.2 or newer") from error


def _output(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stderr or done.stdout).decode(errors="replace").strip() or f"exit status {done.returncode}"
