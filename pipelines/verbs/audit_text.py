"""`audit-text`: the damage radar on any JSON Lines, plain or gzip, from a file or stdin, in constant memory."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from io import BufferedReader
from typing import TYPE_CHECKING

from pipelines.archive.errors import NotUnderstood
from pipelines.damage.audit import Audit, Finding, NoSuchKey
from pipelines.inflate import blocks, lines_of
from pipelines.verbs.output import write_objects
from pipelines.verbs.problems_asked import add_problems

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import BinaryIO

    from pipelines.verbs import AddVerb

_GZIP = b"\x1f\x8b"
_FOUND, _UNREADABLE = 5, 3


def add(verb: AddVerb) -> None:
    """Add the command, the only one that reads no archive."""
    about = "Find damaged texts in any JSON Lines: one JSON object per finding, a summary last; exit status 5 if any."
    audit = verb("audit-text", run, about, "texts.jsonl.gz --key body", bare=True)
    audit.add_argument("file", metavar="FILE", help="JSON Lines, also gzip; - for stdin")
    audit.add_argument("--key", default="body", help="key of the text in each line (default: body)")
    audit.add_argument(
        "--every", action="store_true", help="report every place, not only the first of each code in a text"
    )
    add_problems(audit, "findings to report")


def run(arguments: argparse.Namespace) -> int:
    """Print findings, then the summary. Returns 5 if texts are damaged, else 3 if lines were unreadable, else 0."""
    audit = Audit(arguments.key, every=arguments.every, asked=arguments.problems)
    try:
        with _opened(arguments.file) as stream:
            write_objects(map(asdict, _findings(audit, stream)))
    except NoSuchKey as error:
        raise NotUnderstood(f"{arguments.file}: {error.args[0]}; name one with --key") from None
    write_objects([audit.summary()])
    if audit.damaged:
        return _FOUND
    return _UNREADABLE if audit.unreadable else 0


def _findings(audit: Audit, stream: BinaryIO) -> Iterator[Finding]:
    lines = _Lines(stream)
    yield from audit.findings(lines)
    if lines.broken is not None:
        audit.lines += 1
        yield audit.bad_line(f"the file breaks off here: {lines.broken}")


class _Lines:
    """Lines of a stream up to where it breaks off; `broken` says why."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.broken: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from lines_of(blocks(self.stream))
        except (OSError, EOFError, zlib.error) as error:
            self.broken = error


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """The stream, decompressed if its first bytes are those of gzip."""
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(open(name if name != "-" else sys.stdin.fileno(), "rb", closefd=name != "-"))
            is_packed = raw.peek(2)[:2] == _GZIP
        except OSError as error:
            raise NotUnderstood(f"{name}: {error.strerror}; give a file of JSON Lines, or - for stdin") from None
        yield BufferedReader(stack.enter_context(gzip.GzipFile(fileobj=raw))) if is_packed else raw
