"""Where everything of one site's archive lies. Paths that go into commits are relative, with `/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "speech-archive"
FORMAT_VERSION = 1

ARCHIVE_JSON = "archive.json"
LATEST_LINES = "latest.jsonl"
LATEST_JSON = "latest.json"
INDEX_LINES = "index.jsonl"
INDEX_JSON = "index.json"
DERIVED_FILES = frozenset({LATEST_LINES, LATEST_JSON, INDEX_LINES, INDEX_JSON})

NAME = re.compile(r"[a-z0-9-]+")
NATIVE_ID = re.compile(r"[A-Za-z0-9._-]+")
COMMIT_FILE = re.compile(r"\d{8,}\.json")
_RUNS = re.compile(r"\d+|\D+")
_NAMED_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def checked_name(name: str, what: str) -> str:
    """A site name or run id that is safe as a file name anywhere, or a `ValueError`."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r}: allowed are a-z, 0-9 and -")
    return name


def is_named_path(path: str) -> bool:
    """True for a relative path that stays inside the archive and is none of its working or derived files."""
    ours = path in DERIVED_FILES or path.startswith(("staging/", "commits/"))
    return bool(_NAMED_PATH.fullmatch(path)) and not ours


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one site's folder."""

    root: Path

    @property
    def commits(self) -> Path:
        """The folder of the commit points."""
        return self.root / "commits"

    @property
    def staging(self) -> Path:
        """The folder of runs in progress."""
        return self.root / "staging"

    @property
    def lock(self) -> Path:
        """The file whose flock holds the site; the dot keeps it apart from every run id."""
        return self.staging / "run.lock"

    def path(self, relative: str) -> Path:
        """A file by the name a commit gives it."""
        return self.root / relative

    def commit(self, n: int) -> Path:
        """The commit point `n`."""
        return self.commits / f"{n:08d}.json"

    def sidecar(self, n: int) -> Path:
        """The hash of commit `n` in the form `sha256sum -c` reads."""
        return self.commits / f"{n:08d}.json.sha256"


def versions_file(recorded_at: str, n: int) -> str:
    """Name of the version lines of commit `n`."""
    return f"versions/{recorded_at[:4]}/{n:08d}.jsonl.gz"


def observations_file(recorded_at: str, n: int) -> str:
    """Name of the observation lines of commit `n`."""
    return f"observations/{recorded_at[:4]}/{n:08d}.jsonl.gz"


def run_file(run: str) -> str:
    """Name of a run's report."""
    return f"runs/{run}.json"


def warc_file(site: str, run: str, opened_at: str, part: int) -> str:
    """Name of a run's WARC file number `part`, from 0."""
    return f"warc/{opened_at[:4]}/{site}-{run}-{part:05d}.warc.gz"


def natural_key(native_id: str) -> str:
    """Order of native ids as people count: `9` before `10`, model by model (`4864`, then `101-4864`)."""
    # One short string: an archive sorts hundreds of thousands of them.
    if native_id.isdecimal():
        return f"\x01\0{_run_key(native_id)}\0{native_id}"
    parts = native_id.split("-")
    return "\0".join((chr(len(parts)), *("".join(map(_run_key, _RUNS.findall(part))) for part in parts), native_id))


def _run_key(run: str) -> str:
    """Digits before text; the longer number is the greater."""
    if not run.isdecimal():
        return f"1{run}\0"
    digits = run.lstrip("0")
    return f"0{chr(len(digits))}{digits}"
