"""Archives broken in one named way each, and what verify must say.

They are made by the real writer and then broken, rather than kept as files: a kept copy would have to be made by hand
anew with every additive key, and nobody can review a binary. The breaking is deterministic and shown here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.archive.disk.layout import INDEX_JSON, LATEST_JSON, PLACES_JSON, PLACES_LINES, STATE_JSON, STATE_LINES


def commit_file(root: Path, n: int) -> Path:
    return root / f"commits/{n:08d}.json"


def versions_of(root: Path, n: int) -> Path:
    return root / f"versions/2026/{n:08d}.jsonl.gz"


def reseal(root: Path, first: int, edit: Callable[[dict[str, Any]], None]) -> None:
    """Edit commit `first` and make its hash and all commits after it fit again, as a forger would.

    The files that say what the last commit was are removed.
    """
    for name in (STATE_LINES, STATE_JSON, PLACES_LINES, PLACES_JSON, INDEX_JSON, LATEST_JSON):
        (root / name).unlink(missing_ok=True)
    prev: str | None = None
    n = first
    while commit_file(root, n).exists():
        value = json.loads(commit_file(root, n).read_bytes())
        if n == first:
            edit(value)
        else:
            value["prev"] = prev
        data = (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
        commit_file(root, n).write_bytes(data)
        prev = hashlib.sha256(data).hexdigest()
        commit_file(root, n).with_name(f"{n:08d}.json.sha256").write_text(f"{prev}  {n:08d}.json\n")
        n += 1


def rename_file(value: dict[str, Any], root: Path, path: str) -> None:
    """Make a commit's entry of `path` that of the file as it lies there now."""
    data = (root / path).read_bytes()
    entry = next(entry for entry in value["files"] if entry["path"] == path)
    entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if path.endswith(".gz"):
        plain = gzip.decompress(data)
        entry |= {"lines": plain.count(b"\n"), "sha256_uncompressed": hashlib.sha256(plain).hexdigest()}


def torn_line(root: Path) -> None:
    file = versions_of(root, 2)
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes())[:-9], mtime=0))
    path = file.relative_to(root).as_posix()
    reseal(root, 2, lambda value: rename_file(value, root, path))


def torn_member(root: Path) -> None:
    file = versions_of(root, 2)
    file.write_bytes(file.read_bytes()[:-20])


def missing_file(root: Path) -> None:
    versions_of(root, 2).unlink()


def extra_file(root: Path) -> None:
    (root / "versions/2026/00000099.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))


def edited_commit(root: Path) -> None:
    file = commit_file(root, 2)
    file.write_bytes(file.read_bytes().replace(b'"crawl"', b'"CRAWL"'))


def swapped_commits(root: Path) -> None:
    two, three = commit_file(root, 2).read_bytes(), commit_file(root, 3).read_bytes()
    commit_file(root, 2).write_bytes(three)
    commit_file(root, 3).write_bytes(two)


def wrong_count(root: Path) -> None:
    reseal(root, 2, lambda value: value["counts"].update(changed=7))


def wrong_lines(root: Path) -> None:
    def one_more(value: dict[str, Any]) -> None:
        next(entry for entry in value["files"] if entry["path"].startswith("versions/"))["lines"] += 1

    reseal(root, 2, one_more)


def clock_back(root: Path) -> None:
    reseal(root, 4, lambda value: value.update(recorded_at="2026-01-02T00:00:00Z"))


def newer_format(root: Path) -> None:
    reseal(root, 5, lambda value: value.update(format="speech-archive/3"))


def edited_schema(root: Path) -> None:
    file = root / "schemas/speech-1.schema.json"
    file.write_bytes(file.read_bytes().replace(b'"body"', b'"bode"'))


def edited_about(root: Path) -> None:
    file = root / "archive.json"
    file.write_bytes(file.read_bytes().replace(b"kesion-1", b"kesion-2"))


BROKEN: dict[Callable[[Path], None], tuple[str, str]] = {
    torn_line: ("versions/2026/00000002.jsonl.gz", "not JSON"),
    torn_member: ("versions/2026/00000002.jsonl.gz", "damaged in lines 1–1 (seq 7–7)"),
    missing_file: ("versions/2026/00000002.jsonl.gz", "No such file or directory; its lines are lines 1–1 (seq 7–7)"),
    edited_commit: ("commits/00000002.json", "altered: does not match 00000002.json.sha256 and commit 3"),
    swapped_commits: ("commits/00000002.json", "altered"),
    wrong_count: ("commits/00000002.json", "counts {'changed': 7} are not those of its lines"),
    wrong_lines: ("versions/2026/00000002.jsonl.gz", "lines is 1, the commit says 2"),
    clock_back: ("commits/00000004.json", "the clock ran back"),
    edited_schema: ("schemas/speech-1.schema.json", "sha256 is"),
    edited_about: ("archive.json", "sha256 is"),
}
