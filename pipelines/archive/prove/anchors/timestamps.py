"""Time-stamps of RFC 3161, requested and checked with `openssl ts`."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.archive.errors import ArchiveError, NotStamped, NotUnderstood

LONGEST_REPLY = 1 << 20
"""Bytes of a reply: with the certificates of its authority a reply has about 6 kB."""

_TIME = re.compile(r"^Time stamp: (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def request(sha256: str) -> bytes:
    """A request to time-stamp a SHA-256, with the certificates of the authority, so that its root alone checks it."""
    return _openssl_ts(["-query", "-digest", sha256, "-sha256", "-cert"], "makes no request").stdout


def moment(reply: bytes) -> datetime:
    """The moment a reply states, in UTC, unchecked; `NotStamped` when it grants no time-stamp."""
    with TemporaryDirectory() as folder:
        file, token = Path(folder, "reply.tsr"), Path(folder, "token")
        file.write_bytes(reply)
        refusal = "finds no time-stamp in the reply"
        _openssl_ts(["-reply", "-in", str(file), "-token_out", "-out", str(token)], refusal)
        # Of the token alone: the words of a reply around it are not signed, and might hold another moment.
        read = _openssl_ts(["-reply", "-in", str(token), "-token_in", "-text"], refusal)
    told = read.stdout.decode(errors="replace")
    found = _TIME.search(told)
    if found is None:
        raise NotStamped(f"openssl {refusal}: {' '.join(told.split())[:300]}")
    month, day, hour, minute, second, year = found.groups()
    return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)


def checked(reply: bytes, sha256: str, trusted: Path, query: bytes | None = None) -> datetime:
    """The moment at which an authority saw a SHA-256.

    The certificates are checked as of that moment: those of an authority expire long before an archive does.

    Args:
        reply: the time-stamp.
        sha256: what it must stamp.
        trusted: a file of root certificates (PEM).
        query: the request, if it is at hand; the reply must be to this one.

    Raises:
        NotStamped: the reply is none, of something else, or not by a trusted authority.
        ArchiveError: openssl is not installed.
    """
    at = moment(reply)
    with TemporaryDirectory() as folder:
        file, asked = Path(folder, "reply.tsr"), Path(folder, "request.tsq")
        file.write_bytes(reply)
        asked.write_bytes(query or b"")
        what = ["-queryfile", str(asked)] if query else ["-digest", sha256]
        when = ["-attime", str(int(at.timestamp()))]
        _openssl_ts(["-verify", *what, "-in", str(file), "-CAfile", str(trusted), *when], "does not accept it")
    return at


def check_trusted(file: Path) -> None:
    """See that a file has certificates to trust; `NotUnderstood` when it has none."""
    if not file.is_file():
        raise NotUnderstood(f"--tsa-ca {file}: no such file; it needs the authority's root certificate (PEM)")
    done = _openssl(["x509", "-in", str(file), "-noout"])
    if done.returncode:
        raise NotUnderstood(f"--tsa-ca {file}: no certificate (PEM) of an authority: {_output(done)}")


def _openssl_ts(arguments: list[str], refusal: str) -> subprocess.CompletedProcess[bytes]:
    """Run `openssl ts`; it reads files only, and none is a path that a foreign archive chose."""
    done = _openssl(["ts", *arguments])
    if done.returncode:
        raise NotStamped(f"openssl {refusal}: {_output(done)}")
    return done


def _openssl(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    command = ["openssl", *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise ArchiveError("openssl: not installed; time-stamps need OpenSSL 1.1.1 or newer") from error


def _output(done: subprocess.CompletedProcess[bytes]) -> str:
    said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
    return said[:600] or f"exit status {done.returncode}"
