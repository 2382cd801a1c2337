"""A site's test: the captures of one small run and the lines expected from them."""

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
from crawler.replay.recorded import REPEATED, REPORT, RecordedRun, stored_report
from crawler.run.arguments import WrongUse
from pipelines.archive.disk.files import json_document
from pipelines.archive.disk.layout import Layout
from pipelines.archive.read.reader import Archive
from pipelines.exits import ARCHIVED
from pipelines.keys import names_of
from pipelines.record import Observation, Version
from pipelines.untrusted import opened, whole

EXPECTED = "expected.jsonl"
PROFILE = "profile.toml"
_OCCASION = frozenset((*names_of(Version, "place"), *names_of(Observation, "place"), "parser"))
"""Keys that differ between two readings of the same bytes although the content is the same."""
_ROOT = Path(__file__).resolve().parents[2]

Line = dict[str, Any]


class FixtureError(Exception):
    """A fixture that cannot be replayed; holds the message of the crawl."""

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
        """Replace the content of the folder by the captures and the report of a run, without expected lines."""
        recorded = RecordedRun.find(str(report), report.parent)
        shutil.rmtree(self.folder / "warc", ignore_errors=True)
        (self.folder / EXPECTED).unlink(missing_ok=True)
        for name in Replay(recorded).needed_files():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            with opened(Layout(recorded.home).stored(name)) as kept, (self.folder / name).open("wb") as copy:
                shutil.copyfileobj(kept, copy)
        (self.folder / REPEATED).unlink(missing_ok=True)
        if recorded.repeated:
            repeated = {"repeated": [answer.document() for answer in recorded.repeated]}
            (self.folder / REPEATED).write_bytes(json_document(repeated))
        (self.folder / REPORT).write_bytes(whole(stored_report(report)))
        if profile is not None:
            shutil.copyfile(profile, self.folder / PROFILE)

    def replay(self) -> list[Line]:
        """The lines that the current parser reads from the captures.

        Raises:
            WrongUse: there is no fixture in the folder.
            FixtureError: the replay failed; gaps that the run reported are not failures.
        """
        report, profile = (self.folder.resolve() / name for name in (REPORT, PROFILE))
        if not report.is_file():
            raise WrongUse(f"{self.folder}: no fixture (no {REPORT}); --record REPORT makes one from a run")
        site = RecordedRun.find(str(report), self.folder).report["site"]
        with tempfile.TemporaryDirectory() as root:
            arguments = ["-a", f"site={site}", "-a", f"replay={report}", "-s", f"ARCHIVE_ROOT={root}"]
            arguments += ["-a", f"profile={profile}"] if profile.exists() else []
            command = [sys.executable, "-m", "crawler", "crawl", "speeches", *arguments]
            done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=_ROOT)  # noqa: S603 - ours
            if done.returncode not in ARCHIVED:
                raise FixtureError(f"{self.folder}: {done.stderr or done.stdout}".strip(), done.returncode)
            archive = Archive(Path(root) / site)
            lines = [*archive.versions(), *archive.observations()]
        return [{key: value for key, value in line.items() if key not in _OCCASION} for line in lines]

    def expected(self) -> list[Line]:
        """The accepted lines; empty before any were accepted."""
        try:
            text = (self.folder / EXPECTED).read_text("utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.split("\n") if line]

    def expect(self, lines: list[Line]) -> None:
        """Accept lines as expected."""
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (self.folder / EXPECTED).write_text(text, "utf-8")


def differences(expected: list[Line], read: list[Line]) -> Iterator[str]:
    """A unified diff from expected to read lines, one key or paragraph per line."""
    old, new = ([text for line in lines for text in _spelled_out(line)] for lines in (expected, read))
    return difflib.unified_diff(old, new, EXPECTED, "read now", lineterm="", n=1)


def _spelled_out(line: Line) -> Iterator[str]:
    prefix = f"{line['id']} {line['schema']}"
    for key, value in line.items():
        texts = value.split("\n") if isinstance(value, str) else [json.dumps(value, ensure_ascii=False)]
        yield from (f"{prefix} {key}: {text}" for text in texts)
