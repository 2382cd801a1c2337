"""A site's test: the captures of one small run and the lines they are read as."""

from __future__ import annotations

import difflib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.replay.answers import Replay
from crawler.replay.recorded import REPEATED, REPORT, RecordedRun
from crawler.run.arguments import WrongUse
from pipelines.archive.disk.files import json_document
from pipelines.archive.read.reader import Archive
from pipelines.exits import Exit
from pipelines.keys import names_of
from pipelines.record import Observation, Version

EXPECTED = "expected.jsonl"
PROFILE = "profile.toml"
_OCCASION = frozenset((*names_of(Version, "place"), *names_of(Observation, "place"), "parser"))
"""What differs between two readings of the same bytes though all is read alike."""
_ROOT = Path(__file__).resolve().parents[2]
_READ = frozenset({Exit.COMPLETE, Exit.GAPS})

Line = dict[str, Any]


class FixtureError(Exception):
    """A fixture that cannot be replayed; what the crawl said."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclass(frozen=True, slots=True)
class Fixture:
    """A folder of `run.json` (the run report), WARC files, `expected.jsonl`, and `profile.toml` if it needs one.

    `expected.jsonl` holds the lines of the run, versions first, without `seq`, `commit`, `recorded_at` and `parser`.
    """

    folder: Path

    def record(self, report: Path, profile: Path | None) -> None:
        """Copy the captures and the report of a run here, in place of what was; nothing is expected yet."""
        recorded = RecordedRun.find(str(report), report.parent)
        shutil.rmtree(self.folder / "warc", ignore_errors=True)
        (self.folder / EXPECTED).unlink(missing_ok=True)
        for name in Replay(recorded).needed_files():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(recorded.home / name, self.folder / name)
        (self.folder / REPEATED).unlink(missing_ok=True)
        if recorded.repeated:
            told = {"repeated": [answer.document() for answer in recorded.repeated]}
            (self.folder / REPEATED).write_bytes(json_document(told))
        shutil.copyfile(report, self.folder / REPORT)
        if profile is not None:
            shutil.copyfile(profile, self.folder / PROFILE)

    def replay(self) -> list[Line]:
        """The lines the captures are read as today.

        Raises:
            WrongUse: there is no fixture in the folder.
            FixtureError: the replay failed; a gap the run told of is none.
        """
        report, profile = (self.folder.resolve() / name for name in (REPORT, PROFILE))
        if not report.is_file():
            raise WrongUse(f"{self.folder}: no {REPORT} here, so no fixture; --record REPORT makes one of a run")
        site = RecordedRun.find(str(report), self.folder).report["site"]
        with tempfile.TemporaryDirectory() as root:
            arguments = ["-a", f"site={site}", "-a", f"replay={report}", "-s", f"ARCHIVE_ROOT={root}"]
            arguments += ["-a", f"profile={profile}"] if profile.exists() else []
            command = [sys.executable, "-m", "crawler", "crawl", "speeches", *arguments]
            done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=_ROOT)  # noqa: S603 - ours
            if done.returncode not in _READ:
                raise FixtureError(f"{self.folder}: {done.stderr or done.stdout}".strip(), done.returncode)
            archive = Archive(Path(root) / site)
            lines = [*archive.versions(), *archive.observations()]
        return [{key: value for key, value in line.items() if key not in _OCCASION} for line in lines]

    def expected(self) -> list[Line]:
        """The lines as they were accepted; none before that."""
        try:
            text = (self.folder / EXPECTED).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.split("\n") if line]

    def expect(self, lines: list[Line]) -> None:
        """Accept lines as what the captures say."""
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (self.folder / EXPECTED).write_text(text, "utf-8")


def differences(expected: list[Line], read: list[Line]) -> Iterator[str]:
    """A unified diff from what is expected to what is read, a key or a paragraph a line."""
    old, new = ([text for line in lines for text in _spelled_out(line)] for lines in (expected, read))
    return difflib.unified_diff(old, new, EXPECTED, "read now", lineterm="", n=1)


def _spelled_out(line: Line) -> Iterator[str]:
    head = f"{line['id']} {line['schema']}"
    for key, value in line.items():
        texts = value.split("\n") if isinstance(value, str) else [json.dumps(value, ensure_ascii=False)]
        yield from (f"{head} {key}: {text}" for text in texts)
