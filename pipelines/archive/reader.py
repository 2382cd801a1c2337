"""The data team's door: read an archive with nothing but the standard library, in constant memory."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.archive.commits import Commit, check_version, read_commits
from pipelines.archive.errors import Damaged, NotAnArchive
from pipelines.archive.files import INFLATE_ERRORS
from pipelines.archive.inflate import BLOCK, ahead, blocks, inflated, lines_of
from pipelines.archive.layout import ARCHIVE_JSON, FORMAT, FORMAT_VERSION, LATEST_LINES, Layout
from pipelines.record import SiteFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

Line = dict[str, Any]


class Archive:
    """One site's archive as its commits stood when this was made; keys it does not know are kept."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open for reading; `NotAnArchive` when no commit is there, `Damaged` when the chain is broken."""
        self.layout = Layout(Path(path))
        about = read_about(self.layout)
        self._commits = tuple(read_commits(self.layout))
        if not self._commits:
            raise NotAnArchive(f"{path}: no archive here (no commit). Give the folder of one site, as output/gszx")
        if about is None:
            raise Damaged(f"{self.layout.path(ARCHIVE_JSON)}: missing; restore it from a copy")
        self.facts = about

    @property
    def head(self) -> str:
        """SHA-256 of the last commit: kept elsewhere, it proves that nothing was cut or rewritten."""
        return self._commits[-1].sha256

    def commits(self) -> tuple[Commit, ...]:
        """All commits in order."""
        return self._commits

    def versions(self) -> Iterator[Line]:
        """Every `speech/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "versions") for commit in self._commits)

    def observations(self) -> Iterator[Line]:
        """Every `observation/1` line, by rising seq."""
        return itertools.chain.from_iterable(self.lines_of(commit, "observations") for commit in self._commits)

    def history(self) -> Iterator[Line]:
        """Every line of both streams, by rising seq."""
        for commit in self._commits:
            yield from self.lines_of(commit, "versions")
            yield from self.lines_of(commit, "observations")

    def lines_of(self, commit: Commit, folder: str) -> Iterator[Line]:
        """The lines one commit brought to `versions` or `observations`."""
        named = commit.stream(folder)
        if named is None:
            return
        file = self.layout.path(named.path)
        for number, line in enumerate(raw_lines(file), 1):
            yield parsed(line, file, number)

    def latest(self) -> Iterator[Line]:
        """Every `latest/1` line: the present speeches, in natural order of their ids."""
        file = self.layout.path(LATEST_LINES)
        for number, line in enumerate(raw_lines(file), 1):
            yield parsed(line, file, number)

    def line(self, seq: int) -> Line:
        """The one line with this `seq`; `LookupError` when there is none."""
        for commit in self._commits:
            if commit.first_seq is None or commit.last_seq is None or not commit.first_seq <= seq <= commit.last_seq:
                continue
            lines = itertools.chain(self.lines_of(commit, "versions"), self.lines_of(commit, "observations"))
            found = next(itertools.islice(lines, seq - commit.first_seq, None), None)
            if found is None or found.get("seq") != seq:
                raise Damaged(f"{self.layout.commit(commit.n)}: its files hold no line with seq {seq}; run verify")
            return found
        raise LookupError(f"no line with seq {seq}")


def read_about(layout: Layout) -> SiteFacts | None:
    """What archive.json says, or null when there is none; a later format is refused here."""
    file = layout.path(ARCHIVE_JSON)
    try:
        value = json.loads(file.read_bytes())
        family, version = value["format"], int(value["format_version"])
        facts = SiteFacts.from_json(value) if family == FORMAT and version <= FORMAT_VERSION else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: unreadable ({error}); restore it from a copy") from error
    if family != FORMAT:
        raise NotAnArchive(f"{file}: format {family!r}, not {FORMAT}. Give the folder of one site, as output/gszx")
    check_version(version, file)
    return facts


def raw_lines(file: Path) -> Iterator[bytes]:
    """Lines with their line feed; only LF ends a line. A torn file is an error, never a shorter list."""
    try:
        with file.open("rb") as stream:
            plain = inflated(blocks(stream)) if file.suffix == ".gz" else blocks(stream)
            if file.suffix == ".gz" and os.fstat(stream.fileno()).st_size > BLOCK:
                plain = ahead(plain)
            for line in lines_of(plain):
                if not line.endswith(b"\n"):
                    raise Damaged(f"{file}: the last line is torn; restore the file from a copy")
                yield line
    except (OSError, *INFLATE_ERRORS) as error:
        raise Damaged(f"{file}: cannot be read ({error}); restore it from a copy") from error


def parsed(line: bytes, file: Path, number: int) -> Line:
    """One line as an object."""
    try:
        value = json.loads(line.decode())
    except ValueError as error:
        raise Damaged(f"{file}, line {number}: not JSON ({error}); restore the file from a copy") from error
    if not isinstance(value, dict):
        raise Damaged(f"{file}, line {number}: not a JSON object; restore the file from a copy")
    return value
